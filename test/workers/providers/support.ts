import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { openAccounts, type Accounts, type RealmAccounts } from "../../../src/accounts/accounts.ts";
import { createOutgoing } from "../../../src/accounts/outbox/outgoing.ts";
import { createRegistry, signInProviders } from "../../../src/accounts/providers/registry.ts";
import type { OutboxMessage } from "../../../src/accounts/repositories/journal.ts";
import type { NewRealm } from "../../../src/accounts/repositories/realms.ts";
import { createTokens } from "../../../src/accounts/tokens.ts";
import { createAppServices, type AppServicesHono, type AppServicesPorts } from "../../../src/worker/app-services/index.ts";
import { createSignIn } from "../../../src/worker/sign-in/index.ts";
import { newSigningKeys, realmNamed, startTime } from "../accounts/support.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly json: Json;
  readonly text: string;
}

/** Every way to sign in over the real D1 of workerd, with a clock that tests set. */
export interface SignInWorld {
  readonly accounts: Accounts;
  readonly faults: unknown[];
  /** Milliseconds since 1970. */
  now(): number;
  pass(milliseconds: number): void;
  realm(realm: Omit<NewRealm, "name"> & { readonly name: string }): Promise<RealmAccounts>;
  call(path: string, call?: { method?: string; body?: unknown; token?: string; headers?: Record<string, string> }): Promise<Answer>;
  signIn(realm: string, provider: string, credentials: Json): Promise<Answer>;
  start(realm: string, provider: string, credentials: Json): Promise<Answer>;
  /** The newest message that waits in a realm. */
  lastMessage(realm: RealmAccounts): Promise<OutboxMessage>;
}

/** A member of an answer that must be a string. */
export const textOf = (json: Json, key: string): string => {
  const value = json[key];
  if (typeof value !== "string") throw new Error(`${key} is not a string in ${JSON.stringify(json)}`);
  return value;
};

export const createSignInWorld = async (): Promise<SignInWorld> => {
  let now = startTime;
  const faults: unknown[] = [];
  const accounts = openAccounts(env.DB, { clock: () => now });
  const ports: AppServicesPorts = {
    accounts,
    tokens: await createTokens(await newSigningKeys("first")),
    providers: createRegistry(signInProviders),
    functions: undefined,
    outgoing: createOutgoing({ permittedHosts: [] }),
    publicOrigin: undefined,
  };
  const options = { open: async () => ports, fault: (error: unknown) => faults.push(error) };
  const router = new Hono<AppServicesHono>();
  router.route("/api/v1", createSignIn(options));
  router.route("/api/client/v2.0", createAppServices(options));
  const call: SignInWorld["call"] = async (path, { method = "POST", body, token, headers = {} } = {}) => {
    const context = createExecutionContext();
    const request = new Request(`https://sync.test${path}`, {
      method,
      headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await router.request(request, undefined, env, context);
    const text = await response.text();
    await waitOnExecutionContext(context);
    const isJson = response.headers.get("Content-Type") === "application/json";
    const json: unknown = isJson ? JSON.parse(text) : {};
    return { status: response.status, json: Object(json), text };
  };
  return {
    accounts,
    faults,
    now: () => now,
    pass: (milliseconds) => {
      now += milliseconds;
    },
    realm: async ({ name, ...rest }) => {
      const created = await accounts.realms.create({ ...rest, name: realmNamed(name) });
      if (created === undefined) throw new Error(`realm ${name} is taken`);
      return accounts.inRealm(created.name);
    },
    call,
    signIn: (realm, provider, credentials) => call(`/api/v1/realms/${realm}/sign-in/${provider}`, { body: { credentials } }),
    start: (realm, provider, credentials) => call(`/api/v1/realms/${realm}/sign-in/${provider}/start`, { body: { credentials } }),
    lastMessage: async ({ outbox }) => {
      const message = (await outbox.pending(200)).at(-1);
      if (message === undefined) throw new Error("no message waits");
      return message;
    },
  };
};
