import { and, eq, gt, isNull, sql } from "drizzle-orm";
import { z } from "zod";
import { only, type Database, type RealmScope } from "../database.ts";
import { isRealmName, newId, type RealmName } from "../ids.ts";
import { hashSecret, matchesHash, newDigits, newSecret } from "../secrets.ts";
import { signInFlows } from "./schema.ts";

const device = z.object({ device: z.record(z.string(), z.unknown()), deviceId: z.string().optional() });

/** Whom a message was, or would have been, sent to; null for a name that nobody has. */
const recipient = z.union([
  z.object({ kind: z.literal("user"), userId: z.string() }),
  z.object({ kind: z.literal("registration"), username: z.string() }),
  z.object({ kind: z.literal("newcomer"), subject: z.string() }),
]);

/** What a first step found; the second step signs this person in. */
export type Recipient = z.output<typeof recipient>;

/** What each kind of flow remembers between its steps. */
const states = {
  /** A code to type. `name`: the login name it was asked for, which has to be repeated with the code. */
  code: z.object({ provider: z.string(), name: z.string(), recipient: recipient.nullable() }),
  /** A link to open. */
  link: z.object({ provider: z.string(), name: z.string(), recipient: recipient.nullable() }),
  /** Three links of which one is right. `tokens`: hashes of the links' secrets, in the order of `numbers`. */
  numbers: z.object({
    provider: z.string(),
    name: z.string(),
    recipient: recipient.nullable(),
    numbers: z.array(z.number()).length(3),
    tokens: z.array(z.string()).length(3),
    right: z.number().min(0).max(2),
    approved: z.boolean(),
  }),
  /** A browser that was sent to an identity provider and will come back. `linkTo`: the user who asked for one more identity. */
  redirect: z.object({
    provider: z.string(),
    appId: z.string(),
    redirect: z.string(),
    answer: z.enum(["ticket", "tokens"]),
    appState: z.string(),
    nonce: z.string(),
    codeVerifier: z.string(),
    linkTo: z.string().nullable(),
    ...device.shape,
  }),
  /** Right credentials of a user who still owes a code of the authenticator app; `enrol`: who has to set one up first. */
  challenge: z.object({ userId: z.string(), provider: z.string(), enrol: z.boolean(), ...device.shape }),
  /** A finished sign-in that another client of the same person takes over, such as an SDK. */
  ticket: z.object({ userId: z.string(), provider: z.string() }),
} as const;

export type FlowKind = keyof typeof states;
export type FlowState<Kind extends FlowKind> = z.output<(typeof states)[Kind]>;

/** A flow as its owner carries it. */
export interface OpenedFlow {
  readonly id: string;
  readonly secret: string;
}

export interface FlowRequest<Kind extends FlowKind> {
  readonly kind: Kind;
  readonly state: FlowState<Kind>;
  /** `link`: 256 random bits. `digits`: six digits for a person to type, good for five tries. */
  readonly secret: "link" | "digits";
  readonly lifeSeconds: number;
}

const tries = { link: 20, digits: 5 } as const;

/** Sign-ins of one realm that take more than one step: hashed secrets, an end, a number of tries and a single use. */
export class SignInFlows {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async open<Kind extends FlowKind>({ kind, state, secret: form, lifeSeconds }: FlowRequest<Kind>): Promise<OpenedFlow> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const id = newId(now);
    const secret = form === "link" ? newSecret() : newDigits();
    const secretHash = await hashSecret(id, secret);
    const row = { id, realm, kind, secretHash, state, triesLeft: tries[form], expiresAt: now + lifeSeconds * 1000, createdAt: now };
    await database.insert(signInFlows).values(row);
    return { id, secret };
  }

  /** Uses a flow up. Undefined when it is unknown, of another kind, wrong, used or expired; a wrong secret costs one of its tries. */
  async redeem<Kind extends FlowKind>(kind: Kind, id: string, secret: string): Promise<FlowState<Kind> | undefined> {
    const state = await this.check(kind, id, secret);
    return state !== undefined && (await this.close(id)) ? state : undefined;
  }

  /** The same without using it up. The try is paid before the comparison, so that guesses sent at once cannot share one. */
  async check<Kind extends FlowKind>(kind: Kind, id: string, secret: string): Promise<FlowState<Kind> | undefined> {
    const { database } = this.#scope;
    const paid = await database
      .update(signInFlows)
      .set({ triesLeft: sql`${signInFlows.triesLeft} - 1` })
      .where(and(this.#live(id), eq(signInFlows.kind, kind), gt(signInFlows.triesLeft, 0)))
      .returning();
    const flow = only(paid);
    if (flow === undefined || !(await matchesHash(id, secret, flow.secretHash))) return undefined;
    await database
      .update(signInFlows)
      .set({ triesLeft: sql`${signInFlows.triesLeft} + 1` })
      .where(this.#live(id));
    return parseState(kind, flow.state);
  }

  /** What a flow remembers, without its secret: for steps whose proof stands in the state itself. */
  async read<Kind extends FlowKind>(kind: Kind, id: string): Promise<FlowState<Kind> | undefined> {
    const rows = await this.#scope.database
      .select()
      .from(signInFlows)
      .where(and(this.#live(id), eq(signInFlows.kind, kind)));
    const flow = only(rows);
    return flow === undefined ? undefined : parseState(kind, flow.state);
  }

  /** Replaces what a flow remembers, unless it was used meanwhile. */
  async remember<Kind extends FlowKind>(kind: Kind, id: string, state: FlowState<Kind>): Promise<void> {
    await this.#scope.database
      .update(signInFlows)
      .set({ state })
      .where(and(this.#live(id), eq(signInFlows.kind, kind)));
  }

  /** Uses a flow up. False when it was already, or has expired: of two who try at once one succeeds. */
  async close(id: string): Promise<boolean> {
    const { database, clock } = this.#scope;
    const closed = await database.update(signInFlows).set({ usedAt: clock() }).where(this.#live(id)).returning({ id: signInFlows.id });
    return closed.length > 0;
  }

  #live(id: string) {
    const { realm, clock } = this.#scope;
    return and(eq(signInFlows.realm, realm), eq(signInFlows.id, id), isNull(signInFlows.usedAt), gt(signInFlows.expiresAt, clock()));
  }
}

const parsers: { readonly [Kind in FlowKind]: (stored: unknown) => FlowState<Kind> } = {
  code: (stored) => states.code.parse(stored),
  link: (stored) => states.link.parse(stored),
  numbers: (stored) => states.numbers.parse(stored),
  redirect: (stored) => states.redirect.parse(stored),
  challenge: (stored) => states.challenge.parse(stored),
  ticket: (stored) => states.ticket.parse(stored),
};

const parseState = <Kind extends FlowKind>(kind: Kind, stored: unknown): FlowState<Kind> => parsers[kind](stored);

/** The realm in which a flow was opened: identity providers send browsers back to one address for all realms. */
export const findRealmOfFlow = async (database: Database, id: string): Promise<RealmName | undefined> => {
  const rows = await database.select({ realm: signInFlows.realm }).from(signInFlows).where(eq(signInFlows.id, id));
  const realm = only(rows)?.realm;
  return realm !== undefined && isRealmName(realm) ? realm : undefined;
};
