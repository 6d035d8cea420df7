import { and, eq, gt, isNull, sql } from "drizzle-orm";
import { only, type RealmScope } from "../database.ts";
import { newId } from "../ids.ts";
import { oneTimeCodes, type CodePurpose } from "../schema.ts";
import { hashSecret, matchesHash, newDigits, newSecret } from "../secrets.ts";

/** A code as it is sent to its owner. */
export interface IssuedCode {
  readonly id: string;
  /** The secret part. */
  readonly token: string;
}

export interface CodeRequest {
  readonly purpose: CodePurpose;
  readonly subject: string;
  /** `link`: 256 bits, for a URL. `digits`: six digits, for a person to type. */
  readonly form: "link" | "digits";
  readonly lifeSeconds: number;
}

const tries = { link: 20, digits: 5 } as const;

/** One-time codes and links of one realm: hashed, for one purpose, with an end, a number of tries and a single use. */
export class OneTimeCodes {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Makes a code. Earlier codes of the same purpose and subject stop working. */
  async issue({ purpose, subject, form, lifeSeconds }: CodeRequest): Promise<IssuedCode> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const id = newId(now);
    const token = form === "link" ? newSecret() : newDigits();
    const codeHash = await hashSecret(id, token);
    const row = { id, realm, purpose, subject, codeHash, triesLeft: tries[form], expiresAt: now + lifeSeconds * 1000, createdAt: now };
    const earlier = and(eq(oneTimeCodes.realm, realm), eq(oneTimeCodes.purpose, purpose), eq(oneTimeCodes.subject, subject));
    await database.batch([database.delete(oneTimeCodes).where(earlier), database.insert(oneTimeCodes).values(row)]);
    return { id, token };
  }

  /** Uses a code up and returns whom it is for; undefined when it is unknown, wrong, used, expired or for another purpose. */
  async redeem(purpose: CodePurpose, id: string, token: string): Promise<string | undefined> {
    const { database, realm, clock } = this.#scope;
    const good = and(
      eq(oneTimeCodes.realm, realm),
      eq(oneTimeCodes.id, id),
      eq(oneTimeCodes.purpose, purpose),
      isNull(oneTimeCodes.usedAt),
      gt(oneTimeCodes.expiresAt, clock()),
    );
    // The try is paid before the comparison, so that parallel guesses cannot share one.
    const paid = await database
      .update(oneTimeCodes)
      .set({ triesLeft: sql`${oneTimeCodes.triesLeft} - 1` })
      .where(and(good, gt(oneTimeCodes.triesLeft, 0)))
      .returning();
    const code = only(paid);
    if (code === undefined || !(await matchesHash(id, token, code.codeHash))) return undefined;
    const used = await database.update(oneTimeCodes).set({ usedAt: clock() }).where(good).returning({ subject: oneTimeCodes.subject });
    return only(used)?.subject;
  }

  /** The same for a code whose id the owner was not told: the newest of this purpose and subject. */
  async redeemFor(purpose: CodePurpose, subject: string, token: string): Promise<boolean> {
    const { database, realm } = this.#scope;
    const newest = await database
      .select({ id: oneTimeCodes.id })
      .from(oneTimeCodes)
      .where(and(eq(oneTimeCodes.realm, realm), eq(oneTimeCodes.purpose, purpose), eq(oneTimeCodes.subject, subject)));
    const id = only(newest)?.id;
    return id !== undefined && (await this.redeem(purpose, id, token)) !== undefined;
  }
}
