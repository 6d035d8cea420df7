import { findUserForSignIn } from "../../accounts/entities/find-user.ts";
import { openRealmUsers, type RealmUsers } from "../../accounts/entities/realm-users.ts";
import type { FieldIssue, UserValues } from "../../accounts/entities/prepare.ts";
import { isId } from "../../accounts/ids.ts";
import { normaliseLoginName } from "../../accounts/names.ts";
import { PasswordAccounts } from "../../accounts/password-accounts.ts";
import { passwordLength, verifyPassword } from "../../accounts/passwords.ts";
import { readConfig } from "../../accounts/providers/input.ts";
import { localUserpassConfig, type LocalUserpassConfig } from "../../accounts/providers/local-userpass.ts";
import type { IssuedCode } from "../../accounts/repositories/codes.ts";
import type { FailureSource } from "../../accounts/repositories/failures.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import type { JsonObject } from "../../accounts/schema.ts";
import { signIn, type SignInRequest } from "../../accounts/sign-in.ts";
import { findRealm, readNames, type GivenNames } from "./naming.ts";
import type { LoopBackCaller, LoopBackPorts } from "./ports.ts";
import { LoopBackError, validationError } from "./refusal.ts";

/** LoopBack's own limit, in bytes of UTF-8. */
const longestPasswordBytes = 72;

/** Life of a link to reset a password, in seconds: LoopBack's. */
const resetSeconds = 15 * 60;

/** Checks a password that is to be set. */
export const readNewPassword = (value: unknown): string => {
  if (typeof value !== "string" || value === "") throw new LoopBackError("INVALID_PASSWORD");
  const bytes = new TextEncoder().encode(value).length;
  if (bytes > longestPasswordBytes) {
    const message = `The password entered was too long. Max length is ${longestPasswordBytes} (entered ${bytes})`;
    throw new LoopBackError("PASSWORD_TOO_LONG", { message });
  }
  if (value.length < passwordLength.min) {
    throw new LoopBackError("INVALID_PASSWORD", { message: `Invalid password: it has fewer than ${passwordLength.min} characters.` });
  }
  return value;
};

/** Fields that say nothing while they have the value that everybody starts with. */
const silent: Readonly<Record<string, string>> = { tags: "[]", meta: "{}", properties: "{}", active: "true", locked: "false" };

/**
 * A user as LoopBack shows one: no password, and no property that was never set. The default realm is LoopBack's "no realm" and left out.
 */
export const describeUser = (realm: Realm, values: UserValues): JsonObject => ({
  ...Object.fromEntries(
    Object.entries(values).filter(
      ([name, value]) => value !== undefined && value !== null && value !== "" && silent[name] !== JSON.stringify(value),
    ),
  ),
  ...(realm.isDefault ? {} : { realm: realm.name }),
});

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === "";

/** What LoopBack's model demands of every account, whatever the entity says. */
const demandModel = (body: JsonObject): void => {
  const missing = ["email", "password"].filter((field) => isBlank(body[field]));
  if (missing.length === 0) return;
  throw validationError(missing.map((field): FieldIssue => ({ field, code: "presence", message: "can't be blank", value: undefined })));
};

const readPasswordConfig = async (ports: LoopBackPorts, realm: Realm): Promise<LocalUserpassConfig> => {
  const row = await ports.accounts.inRealm(realm.name).providers.find("local-userpass");
  if (row?.disabled === true) throw new LoopBackError("PROVIDER_DISABLED");
  return readConfig(localUserpassConfig, "local-userpass", row?.config ?? {});
};

const openUsers = (ports: LoopBackPorts, realm: Realm): Promise<RealmUsers> =>
  openRealmUsers(ports.accounts.inRealm(realm.name), realm, { outgoing: ports.outgoing, clock: ports.accounts.clock });

/** The realm in which an account is to be made, and the names without it. */
const selectRealm = async (ports: LoopBackPorts, body: JsonObject): Promise<GivenNames & { readonly target: Realm }> => {
  const names = readNames(body, (await ports.accounts.realms.default()).settings);
  const target = await findRealm(ports.accounts, names.realm);
  if (target === undefined) throw new LoopBackError("REALM_NOT_FOUND", { message: `realm not found: ${names.realm}` });
  if (!target.active) throw new LoopBackError("REALM_INACTIVE", { message: `the realm ${target.name} is not active` });
  return { ...names, target };
};

/** A try that counts against the address that makes it, unless it succeeds: who may make accounts may also guess names. */
const chargeAddress = async <Value>(
  ports: LoopBackPorts,
  realm: Realm,
  address: string | undefined,
  work: () => Promise<Value>,
): Promise<Value> => {
  const { failures } = ports.accounts.inRealm(realm.name);
  const sources: FailureSource[] = address === undefined ? [] : [{ kind: "address", address }];
  const wait = await failures.charge(sources);
  if (wait > 0) throw new LoopBackError("TOO_MANY_ATTEMPTS", { retryAfterSeconds: wait });
  const value = await work();
  await failures.refund(sources);
  return value;
};

/** Makes an account, in the realm that the body names or in the default one. */
export const createAccount = async (ports: LoopBackPorts, body: JsonObject, address: string | undefined): Promise<JsonObject> => {
  const { target: realm, username, email } = await selectRealm(ports, body);
  const config = await readPasswordConfig(ports, realm);
  if (body["password"] !== undefined && body["password"] !== null) readNewPassword(body["password"]);
  const { realm: _realm, username: _username, email: _email, ...rest } = body;
  const input = { ...rest, ...(username === undefined ? {} : { username }), ...(email === undefined ? {} : { email }) };
  demandModel(input);
  const users = await openUsers(ports, realm);
  // Whether an address is its owner's is for the endpoint of a remote realm to say.
  const confirmed = realm.settings.remote !== null || (config.autoConfirm && !config.runConfirmationFunction);
  const result = await chargeAddress(ports, realm, address, async () => {
    const created = await users.create(input, "self", { confirmed });
    if (!created.ok) throw validationError(created.issues);
    return created;
  });
  if (!confirmed) {
    const passwords = new PasswordAccounts(ports, realm);
    const name = email ?? "";
    await (config.runConfirmationFunction ? passwords.rerunConfirmation(name) : passwords.resendConfirmation(name));
  }
  return describeUser(realm, result.values);
};

/** LoopBack's longest life of a token and the one it has when nothing is asked for, in seconds. */
const longestTtl = 31_556_926;
const defaultTtl = 1_209_600;

const readTtl = (value: unknown): number => {
  if (value === undefined || value === null) return defaultTtl;
  if (typeof value !== "number" || !Number.isInteger(value) || value <= 0) throw new LoopBackError("INVALID_TTL");
  return Math.min(value, longestTtl);
};

/** A sign-in as LoopBack answers it. `id` is the access token. */
export interface LoginAnswer {
  readonly id: string;
  readonly ttl: number;
  readonly created: string;
  readonly userId: string;
  readonly user?: JsonObject;
}

/** Signs somebody in with a password. The token is good for every route that takes a user, and for sync, while its session lives. */
export const login = async (
  ports: LoopBackPorts,
  body: JsonObject,
  options: { readonly includesUser: boolean; readonly address: string | undefined },
): Promise<LoginAnswer> => {
  const names = readNames(body, (await ports.accounts.realms.default()).settings);
  const username = names.email ?? names.username;
  if (username === undefined) throw new LoopBackError("USERNAME_EMAIL_REQUIRED");
  const ttl = readTtl(body["ttl"]);
  const { password } = body;
  const realm = await findRealm(ports.accounts, names.realm);
  if (realm === undefined || typeof password !== "string") throw new LoopBackError("LOGIN_FAILED");
  if (!realm.active) throw new LoopBackError("REALM_INACTIVE", { message: `the realm ${realm.name} is not active` });
  const request: SignInRequest = {
    realm,
    provider: "local-userpass",
    credentials: { username, password },
    device: {},
    deviceId: undefined,
    address: options.address,
  };
  const { user, accessToken } = await signIn(ports, request, ttl);
  const answer = { id: accessToken, ttl, created: new Date(ports.accounts.clock()).toISOString(), userId: user.id };
  if (!options.includesUser) return answer;
  return { ...answer, user: await readAccount(ports, { realm, user }) };
};

export const readAccount = async (ports: LoopBackPorts, { realm, user }: Pick<LoopBackCaller, "realm" | "user">): Promise<JsonObject> =>
  describeUser(realm, await (await openUsers(ports, realm)).read(user));

/** Changes the caller's own data. Other sessions end when the address changes: whoever had the old one may have them. */
export const changeAccount = async (ports: LoopBackPorts, caller: LoopBackCaller, body: JsonObject): Promise<JsonObject> => {
  const { realm, user, accounts, sessionId } = caller;
  if (Object.hasOwn(body, "password")) throw new LoopBackError("PASSWORD_CHANGE_NOT_ALLOWED");
  const { realm: named, ...rest } = body;
  if (named !== undefined && named !== realm.name) {
    throw validationError([{ field: "realm", code: "final", message: "cannot be changed: a user belongs to one realm", value: named }]);
  }
  const users = await openUsers(ports, realm);
  const before = await users.read(user);
  const result = await users.change(user, rest, "self");
  if (!result.ok) throw validationError(result.issues);
  if (before["email"] !== result.values["email"]) await accounts.sessions.revokeAll(user.id, sessionId);
  return describeUser(realm, result.values);
};

/** Deletes the caller, with sessions and grants. Data elsewhere refers to the id only and stays. */
export const deleteAccount = async ({ realm, accounts, user }: LoopBackCaller): Promise<void> => {
  if (realm.settings.remote !== null) throw new LoopBackError("REALM_REMOTE");
  await accounts.users.delete(user.id);
  await accounts.audit.append({ actor: user.id, action: "user.delete", target: user.id });
};

/** Changes the caller's password. All other sessions end. */
export const changePassword = async (ports: LoopBackPorts, caller: LoopBackCaller, body: JsonObject): Promise<void> => {
  const { realm, user, accounts, sessionId } = caller;
  if (realm.settings.remote !== null) throw new LoopBackError("REALM_REMOTE");
  const { oldPassword, newPassword } = body;
  const [credential] = await accounts.credentials.listOfUser(user.id);
  const sources: FailureSource[] = [{ kind: "name", name: credential?.username ?? user.id }];
  const wait = await accounts.failures.charge(sources);
  if (wait > 0) throw new LoopBackError("TOO_MANY_ATTEMPTS", { retryAfterSeconds: wait });
  const matches = await verifyPassword(typeof oldPassword === "string" ? oldPassword : "", credential?.passwordHash);
  if (!matches) throw new LoopBackError("INVALID_PASSWORD", { status: 400, message: "Invalid current password" });
  await accounts.failures.succeeded(sources);
  const password = readNewPassword(newPassword);
  const users = await openUsers(ports, realm);
  for (const { username } of await accounts.credentials.listOfUser(user.id)) {
    await accounts.credentials.setPassword(username, await users.hash(password));
  }
  await accounts.sessions.revokeAll(user.id, sessionId);
};

/**
 * Sends a link to set a new password. The answer is the same whether somebody has the address or not, and so is the work, up to the message
 * that is put into the outbox.
 */
export const requestReset = async (ports: LoopBackPorts, body: JsonObject): Promise<void> => {
  if (isBlank(body["email"])) throw new LoopBackError("EMAIL_REQUIRED");
  const names = readNames(body, (await ports.accounts.realms.default()).settings);
  const realm = await findRealm(ports.accounts, names.realm);
  const name = normaliseLoginName(names.email ?? "");
  if (realm === undefined || !realm.active || realm.settings.remote !== null || !name.ok) return;
  const accounts = ports.accounts.inRealm(realm.name);
  const wait = await accounts.failures.charge([{ kind: "name", name: `message to ${name.name.key}` }]);
  if (wait > 0) throw new LoopBackError("TOO_MANY_ATTEMPTS", { retryAfterSeconds: wait });
  const config = await readPasswordConfig(ports, realm);
  const credential = await findUserForSignIn({ accounts, realm }, name.name.key);
  const subject = credential?.username ?? name.name.key;
  const code = await accounts.codes.issue({ purpose: "reset-password", subject, form: "link", lifeSeconds: resetSeconds });
  if (credential === undefined) return;
  const token = joinCode(code);
  const link = new URL(config.resetPasswordUrl === "" ? `${ports.origin}/api/Users/reset-password` : config.resetPasswordUrl);
  link.searchParams.set("access_token", token);
  const message = { channel: "email", recipient: name.name.display, template: "reset-password", lifeSeconds: resetSeconds } as const;
  await accounts.outbox.send({ ...message, parameters: { link: link.href, token } });
};

/** Sets a new password by the token of a reset link, which stands where an access token would. All sessions end. */
export const completeReset = async (ports: LoopBackPorts, token: string | undefined, body: JsonObject): Promise<void> => {
  const code = await findCode(ports, token);
  if (code === undefined) throw new LoopBackError("AUTHORIZATION_REQUIRED");
  const password = readNewPassword(body["newPassword"]);
  await new PasswordAccounts(ports, code.realm).completeReset(code.id, code.token, password);
};

/** Confirms an address by the link that was sent to it. Returns where to lead the person, if the link says so and that is permitted. */
export const confirmAccount = async (
  ports: LoopBackPorts,
  query: { readonly uid: string; readonly token: string; readonly redirect: string | undefined },
): Promise<string | undefined> => {
  const code = await findCode(ports, query.token);
  if (code === undefined) throw new LoopBackError("INVALID_TOKEN");
  const user = await ports.accounts.inRealm(code.realm.name).users.find(query.uid);
  if (user === undefined) throw new LoopBackError("USER_NOT_FOUND");
  const target = query.redirect === undefined ? undefined : permitRedirect(ports.origin, code.realm, query.redirect);
  await new PasswordAccounts(ports, code.realm).confirm(code.id, code.token);
  return target;
};

const permitRedirect = (origin: string, realm: Realm, redirect: string): string => {
  const target = URL.parse(redirect, `${origin}/`);
  const permitted = [origin, ...realm.settings.allowedRequestOrigins];
  if (target === null || !/^https?:$/.test(target.protocol) || !permitted.includes(target.origin))
    throw new LoopBackError("INVALID_REDIRECT");
  return target.href;
};

const joinCode = ({ id, token }: IssuedCode): string => `${id}.${token}`;

const findCode = async (
  ports: LoopBackPorts,
  joined: string | undefined,
): Promise<{ readonly realm: Realm; readonly id: string; readonly token: string } | undefined> => {
  const [id = "", token = "", ...rest] = (joined ?? "").split(".");
  if (!isId(id) || rest.length > 0) return undefined;
  const realm = await ports.accounts.realms.findByCode(id);
  return realm === undefined ? undefined : { realm, id, token };
};
