import { env, exports } from "cloudflare:workers";
import { openAccounts, type RealmAccounts } from "../../../src/accounts/accounts.ts";
import { newId, parseRealmName, type RealmName } from "../../../src/accounts/ids.ts";
import type { AdminScope } from "../../../src/accounts/schema.ts";
import type { RealmSettingsInput } from "../../../src/accounts/settings.ts";
import { tokensOf } from "../../../src/worker/tokens.ts";

export interface Call {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  /** Sent as it stands in place of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the body; undefined when it is none. */
  readonly json: unknown;
}

export const adminToken = env.ADMIN_TOKEN;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Calls the whole Worker. With the admin token unless another token, or undefined for none, is named. */
export const call = async (path: string, { method = "GET", body, text, headers = {}, ...rest }: Call = {}): Promise<Answer> => {
  const token = "token" in rest ? rest.token : adminToken;
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await exports.default.fetch(`http://reeve.test${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(sent === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, text: answer, json: parse(answer) };
};

/** A call that must succeed; gives the JSON of its answer. */
export const ask = async <Shape = Record<string, unknown>>(path: string, options: Call = {}): Promise<Shape> => {
  const { status, text, json } = await call(path, options);
  if (status >= 300) throw new Error(`${options.method ?? "GET"} ${path} was answered ${status}: ${text}`);
  return json as Shape;
};

export const nameOf = (text: string): RealmName => {
  const name = parseRealmName(text);
  if (name === undefined) throw new Error(`${text} is no realm name`);
  return name;
};

/** A realm made by the interface itself. */
export const makeRealm = async (name: string, settings: RealmSettingsInput = {}): Promise<RealmAccounts> => {
  await ask("/api/v1/realms", { method: "POST", body: { name, settings } });
  return openAccounts(env.DB).inRealm(nameOf(name));
};

/** A user with a live sign-in. */
export interface Person {
  readonly realm: RealmName;
  readonly userId: string;
  readonly sessionId: string;
  readonly token: string;
}

/** One more sign-in of a user. */
export const signInAgain = async (realm: RealmName, userId: string): Promise<Person> => {
  const accounts = openAccounts(env.DB);
  const found = await accounts.realms.find(realm);
  if (found === undefined) throw new Error(`there is no realm ${realm}`);
  const now = Date.now();
  const subject = { realm, realmId: found.id, userId, sessionId: newId(now), deviceId: newId(now) };
  const { sessionId: id, deviceId } = subject;
  await accounts
    .inRealm(realm)
    .sessions.create({ id, userId, provider: "test", apiKeyId: null, deviceId, device: {}, expiresAt: now + 3_600_000 });
  return { realm, userId, sessionId: id, token: await (await tokensOf(env)).issueAccess(subject, null, now) };
};

/** A new user of a realm who has signed in, perhaps as an admin. */
export const newPerson = async (realm: RealmName, scope?: AdminScope): Promise<Person> => {
  const inRealm = openAccounts(env.DB).inRealm(realm);
  const created = await inRealm.users.create({});
  if (!created.ok) throw new Error(created.conflict);
  if (scope !== undefined) await inRealm.admins.grant(created.value.id, scope, null);
  return signInAgain(realm, created.value.id);
};
