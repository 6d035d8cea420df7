import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair } from "jose";
import { openAccounts, type Accounts, type RealmAccounts } from "../../../src/accounts/accounts.ts";
import type { AccessChange } from "../../../src/accounts/database.ts";
import { parseRealmName, type RealmName } from "../../../src/accounts/ids.ts";
import type { FunctionPort } from "../../../src/accounts/providers/provider.ts";
import { createOutgoing } from "../../../src/accounts/outbox/outgoing.ts";
import { createRegistry, signInProviders } from "../../../src/accounts/providers/registry.ts";
import type { NewRealm } from "../../../src/accounts/repositories/realms.ts";
import { createTokens, parseSigningKeys, type SigningKeys, type Tokens } from "../../../src/accounts/tokens.ts";
import { createAppServices, type AppServicesRouter } from "../../../src/worker/app-services/index.ts";

/** A realm name that must be well-formed. */
export const realmNamed = (text: string): RealmName => {
  const name = parseRealmName(text);
  if (name === undefined) throw new Error(`${text} is no realm name`);
  return name;
};

/** Fresh key pairs under these key ids. */
export const newSigningKeys = async (...kids: readonly string[]): Promise<SigningKeys> => {
  const keys = await Promise.all(
    kids.map(async (kid) => ({ ...(await exportJWK((await generateKeyPair("ES256", { extractable: true })).privateKey)), kid })),
  );
  const parsed = parseSigningKeys(JSON.stringify({ keys }));
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.keys;
};

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as it stands in place of `body`. */
  readonly text?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the body; undefined when it is empty. */
  readonly json: unknown;
}

/** Tokens and ids that a sign-in answered. */
export interface SignedInAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user_id: string;
  readonly device_id: string;
}

/** The client interface over the real D1 of workerd, with a clock that tests set and functions that they bring. */
export interface World {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly changes: AccessChange[];
  readonly faults: unknown[];
  readonly router: AppServicesRouter;
  /** Moves the clock on. */
  pass(milliseconds: number): void;
  now(): number;
  realm(realm: Omit<NewRealm, "name"> & { readonly name: string }): Promise<RealmAccounts>;
  call(path: string, call?: Call): Promise<Answer>;
  /** Signs in and demands success. */
  signIn(realm: string, provider: string, credentials?: Record<string, unknown>): Promise<SignedInAnswer>;
}

/** Nothing but servers that the tests themselves start may be asked. */
const outgoing = createOutgoing({ permittedHosts: [] });

export const startTime = Date.UTC(2026, 10, 22);

export const createWorld = async (functions?: FunctionPort): Promise<World> => {
  let now = startTime;
  const changes: AccessChange[] = [];
  const faults: unknown[] = [];
  const accounts = openAccounts(env.DB, { clock: () => now, accessChanged: (change) => changes.push(change) });
  const tokens = await createTokens(await newSigningKeys("first"));
  const router = createAppServices({
    open: async () => ({ accounts, tokens, providers: createRegistry(signInProviders), functions, outgoing, publicOrigin: undefined }),
    fault: (error) => faults.push(error),
  });
  const call: World["call"] = async (path, { method = "GET", body, text, token, headers = {} } = {}) => {
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const authorization: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const request = new Request(`https://sync.test${path}`, {
      method,
      headers: { ...authorization, ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const response = await router.request(request, undefined, env);
    const received = await response.text();
    const contentType = response.headers.get("Content-Type");
    return {
      status: response.status,
      contentType,
      headers: response.headers,
      text: received,
      json: received === "" ? undefined : JSON.parse(received),
    };
  };
  return {
    accounts,
    tokens,
    changes,
    faults,
    router,
    pass: (milliseconds) => {
      now += milliseconds;
    },
    now: () => now,
    realm: async ({ name, ...rest }) => {
      const created = await accounts.realms.create({ ...rest, name: realmNamed(name) });
      if (created === undefined) throw new Error(`realm ${name} is taken`);
      return accounts.inRealm(created.name);
    },
    call,
    signIn: async (realm, provider, credentials = {}) => {
      const answer = await call(`/app/${realm}/auth/providers/${provider}/login`, { method: "POST", body: { provider, ...credentials } });
      if (answer.status !== 200) throw new Error(`sign-in failed: ${answer.status} ${answer.text}`);
      return readSignedIn(answer.json);
    },
  };
};

/** Reads an answer to a sign-in; all four must be strings. */
export const readSignedIn = (json: unknown): SignedInAnswer => {
  const text = (key: string): string => {
    const value: unknown = typeof json === "object" && json !== null ? Reflect.get(json, key) : undefined;
    if (typeof value !== "string") throw new Error(`${key} is not a string`);
    return value;
  };
  return {
    access_token: text("access_token"),
    refresh_token: text("refresh_token"),
    user_id: text("user_id"),
    device_id: text("device_id"),
  };
};

export const everyProvider = { "anon-user": {}, "local-userpass": { config: { autoConfirm: true } }, "api-key": {} } as const;

export const register = (world: World, realm: string, email: string, password: string): Promise<Answer> =>
  world.call(`/app/${realm}/auth/providers/local-userpass/register`, { method: "POST", body: { email, password } });

export const login = (
  world: World,
  realm: string,
  username: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  world.call(`/app/${realm}/auth/providers/local-userpass/login`, { method: "POST", body: { username, password }, headers });
