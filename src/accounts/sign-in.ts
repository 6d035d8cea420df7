import { HttpError } from "../errors/http.ts";
import { shutOutReason } from "./access.ts";
import type { Accounts, RealmAccounts } from "./accounts.ts";
import { newId } from "./ids.ts";
import type { FunctionPort, ProvenIdentity, SignInOutcome, SignInProvider } from "./providers/provider.ts";
import type { ProviderRegistry } from "./providers/registry.ts";
import type { FailureSource } from "./repositories/failures.ts";
import type { Realm } from "./repositories/realms.ts";
import type { User } from "./repositories/users.ts";
import type { JsonObject } from "./schema.ts";
import type { Tokens, TokenSubject } from "./tokens.ts";

/** What signing in works with. */
export interface SignInPorts {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly providers: ProviderRegistry;
  /** Undefined where no functions can run. */
  readonly functions: FunctionPort | undefined;
}

export interface SignInRequest {
  readonly realm: Realm;
  /** The provider's type. */
  readonly provider: string;
  readonly credentials: JsonObject;
  /** What the device says of itself. `deviceId` is the id it was given earlier. */
  readonly device: JsonObject;
  readonly deviceId: string | undefined;
  /** The client's address, to count failures by; undefined where it is not known. */
  readonly address: string | undefined;
}

/** A user who has just signed in. */
export interface SignedIn {
  readonly user: User;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Verified {
  readonly accounts: RealmAccounts;
  readonly outcome: Exclude<SignInOutcome, { kind: "refused" }>;
}

/** Asks the provider, after the delays that earlier failures brought. Throws the refusal. */
const verify = async (ports: SignInPorts, request: SignInRequest): Promise<Verified> => {
  const { realm, credentials, address } = request;
  const accounts = ports.accounts.inRealm(realm.name);
  const { provider, config } = await findProvider(ports, accounts, request.provider);
  const account = provider.accountName(credentials);
  const sources: FailureSource[] = [];
  if (account !== undefined) sources.push({ kind: "name", name: account });
  if (address !== undefined) sources.push({ kind: "address", address });
  const wait = await accounts.failures.charge(sources);
  if (wait > 0) throw new HttpError("TooManyAttempts", undefined, wait);
  const now = ports.accounts.clock();
  const outcome = await provider.verify({ realm, accounts, config, credentials, functions: ports.functions, now });
  if (outcome.kind === "refused") {
    if (!outcome.counts) await accounts.failures.refund(sources);
    throw new HttpError(outcome.code, outcome.message);
  }
  await accounts.failures.succeeded(sources);
  return { accounts, outcome };
};

const findProvider = async (
  { providers }: SignInPorts,
  accounts: RealmAccounts,
  type: string,
): Promise<{ provider: SignInProvider; config: JsonObject }> => {
  const provider = providers.get(type);
  if (provider === undefined) throw new HttpError("AuthProviderNotFound");
  const configured = await accounts.providers.find(type);
  const on = configured === undefined ? provider.onByDefault : !configured.disabled;
  if (!on) throw new HttpError("AuthProviderNotFound");
  return { provider, config: configured?.config ?? {} };
};

/** Keeps the profile in step with what the provider says at each sign-in. Entries that come from elsewhere stay. */
const refreshProfile = async (accounts: RealmAccounts, user: User, profile: ProvenIdentity["profile"]): Promise<User> => {
  const stale = Object.entries(profile).some(([key, value]) => user.profile[key] !== value);
  if (!stale) return user;
  const updated = await accounts.users.update(user.id, { profile: { ...user.profile, ...profile } });
  return updated.ok && updated.value !== undefined ? updated.value : user;
};

/** The user behind an identity, made now if it is the first time. Two first sign-ins at once end with the same user. */
const findOrCreate = async (accounts: RealmAccounts, provider: string, identity: ProvenIdentity): Promise<User> => {
  const { subject, profile, data } = identity;
  const known = await accounts.users.findByIdentity(provider, subject);
  if (known !== undefined) return refreshProfile(accounts, known, profile);
  const created = await accounts.users.create({ profile, identities: [{ provider, subject, data }] });
  const user = created.ok ? created.value : await accounts.users.findByIdentity(provider, subject);
  if (user === undefined) throw new Error("an identity is taken and has no user");
  return user;
};

const resolveUser = async ({ accounts, outcome }: Verified, provider: string): Promise<User | undefined> => {
  switch (outcome.kind) {
    case "user":
      return accounts.users.find(outcome.userId);
    case "newcomer": {
      const created = await accounts.users.create({ identities: [{ provider }] });
      return created.ok ? created.value : undefined;
    }
    case "identity": {
      const user = await findOrCreate(accounts, provider, outcome.identity);
      if (provider === "local-userpass") await accounts.credentials.claim(outcome.identity.subject, user.id);
      return user;
    }
  }
};

export interface SessionOptions {
  /** The key that was used to sign in. */
  readonly apiKeyId?: string | null;
  /** A session of this life whose access token lives as long, and ends with it; otherwise the realm's settings and a short one. */
  readonly lifeSeconds?: number | undefined;
}

/**
 * Opens a session for a user who has proved to be one, and signs its tokens. For ways to sign in that are no providers (tests of ownership
 * by mail).
 */
export const openSession = async (
  { accounts, tokens }: Pick<SignInPorts, "accounts" | "tokens">,
  request: Pick<SignInRequest, "realm" | "provider" | "device" | "deviceId">,
  user: User,
  { apiKeyId = null, lifeSeconds: ownLife }: SessionOptions = {},
): Promise<SignedIn> => {
  const { realm, provider, device } = request;
  const reason = shutOutReason(realm, user);
  if (reason !== undefined) throw new HttpError("UserDisabled", reason);
  const now = accounts.clock();
  const deviceId = request.deviceId ?? newId(now);
  const sessionId = newId(now);
  const lifeSeconds = ownLife ?? realm.settings.refreshTokenSeconds;
  const subject: TokenSubject = { realm: realm.name, realmId: realm.id, userId: user.id, sessionId, deviceId };
  const handle = accounts.inRealm(realm.name);
  await handle.sessions.create({
    id: sessionId,
    userId: user.id,
    provider,
    apiKeyId,
    deviceId,
    device,
    expiresAt: now + lifeSeconds * 1000,
  });
  await handle.users.noteSignIn(user.id);
  return {
    user,
    deviceId,
    accessToken: await tokens.issueAccess(subject, user.customData, now, ownLife === undefined ? undefined : { lifeSeconds }),
    refreshToken: await tokens.issueRefresh(subject, lifeSeconds, now),
  };
};

/**
 * Signs somebody in (app-services-api §3). Throws an `HttpError` when that is refused.
 * @param lifeSeconds as in `SessionOptions`
 */
export const signIn = async (ports: SignInPorts, request: SignInRequest, lifeSeconds?: number): Promise<SignedIn> => {
  if (!request.realm.active) throw new HttpError("UserDisabled", "realm inactive");
  const verified = await verify(ports, request);
  const user = await resolveUser(verified, request.provider);
  if (user === undefined) throw new HttpError("AuthError");
  const apiKeyId = verified.outcome.kind === "user" ? verified.outcome.apiKeyId : null;
  return openSession(ports, request, user, { apiKeyId, lifeSeconds });
};

/**
 * Gives a signed-in user one more identity, and a session of its own. An identity that another user has is refused, never moved: that would
 * give an account away.
 */
export const linkIdentity = async (ports: SignInPorts, request: SignInRequest, user: User): Promise<SignedIn> => {
  const { accounts, outcome } = await verify(ports, request);
  if (outcome.kind !== "identity") throw new HttpError("BadRequest", `identities of ${request.provider} cannot be linked`);
  const { subject, profile, data } = outcome.identity;
  const owner = await accounts.users.findByIdentity(request.provider, subject);
  if (owner !== undefined && owner.id !== user.id) throw new HttpError("BadRequest", "the identity belongs to another user");
  if (owner === undefined) {
    const added = await accounts.users.addIdentity(user.id, { provider: request.provider, subject, data }, profile);
    if (!added.ok) throw new HttpError("BadRequest", "the identity belongs to another user");
  }
  if (request.provider === "local-userpass") await accounts.credentials.claim(subject, user.id);
  return openSession(ports, request, user);
};
