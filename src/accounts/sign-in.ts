import { HttpError } from "../errors/http.ts";
import { shutOutReason } from "./access.ts";
import type { Accounts, RealmAccounts } from "./accounts.ts";
import { describeNewcomer } from "./entities/newcomer.ts";
import { newId } from "./ids.ts";
import type { Outgoing } from "./outbox/outgoing.ts";
import type { OpenedFlow } from "./providers/flows.ts";
import type {
  FunctionPort,
  ProvenIdentity,
  Refusal,
  SignInAttempt,
  SignInOutcome,
  SignInProvider,
  StartOutcome,
} from "./providers/provider.ts";
import type { ProviderRegistry } from "./providers/registry.ts";
import { looksLikeTicket } from "./providers/ticket.ts";
import type { FailureSource } from "./repositories/failures.ts";
import type { Realm } from "./repositories/realms.ts";
import type { NewUser, User } from "./repositories/users.ts";
import type { JsonObject } from "./schema.ts";
import type { Tokens, TokenSubject } from "./tokens.ts";

/** What signing in works with. */
export interface SignInPorts {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly providers: ProviderRegistry;
  /** Undefined where no functions can run. */
  readonly functions: FunctionPort | undefined;
  /** Requests to the servers that providers' settings name. */
  readonly outgoing: Outgoing;
}

/** How somebody is asked to prove who they are: by the provider's own `verify`, or by what a browser brought back. */
export type Proof = (provider: SignInProvider, attempt: SignInAttempt) => Promise<SignInOutcome>;

const verifyCredentials: Proof = (provider, attempt) => provider.verify(attempt);

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

type Admitted = Exclude<SignInOutcome, Refusal>;

interface Verified {
  readonly accounts: RealmAccounts;
  readonly provider: SignInProvider;
  readonly outcome: Admitted;
}

/**
 * Lets the provider judge, after the delays that earlier failures brought, and counts what it refuses. Throws the refusal. A first step that
 * checks no secret leaves the name's failures alone: it would otherwise buy an attacker new tries, or use up the owner's.
 */
const guard = async <Outcome>(
  ports: SignInPorts,
  request: SignInRequest,
  chargesName: (provider: SignInProvider) => boolean,
  judge: (provider: SignInProvider, attempt: SignInAttempt) => Promise<{ readonly admitted: Outcome } | Refusal>,
): Promise<{ accounts: RealmAccounts; provider: SignInProvider; outcome: Outcome }> => {
  const { realm, credentials, address } = request;
  const accounts = ports.accounts.inRealm(realm.name);
  const { provider, config } = await findProvider(ports, accounts, typeOf(request));
  // Every other provider would make users here, and those of a remote realm are kept elsewhere.
  if (realm.settings.remote !== null && provider.type !== "local-userpass" && provider.type !== "api-key") {
    throw new HttpError("AuthProviderNotFound");
  }
  const account = chargesName(provider) ? provider.accountName(credentials) : undefined;
  const sources: FailureSource[] = [];
  if (account !== undefined) sources.push({ kind: "name", name: account });
  if (address !== undefined) sources.push({ kind: "address", address });
  const wait = await accounts.failures.charge(sources);
  if (wait > 0) throw new HttpError("TooManyAttempts", undefined, wait);
  const now = ports.accounts.clock();
  const attempt = { realm, accounts, config, credentials, functions: ports.functions, outgoing: ports.outgoing, address, now };
  const judged = await judge(provider, attempt);
  if ("kind" in judged) {
    if (!judged.counts) await accounts.failures.refund(sources);
    throw new HttpError(judged.code, judged.message);
  }
  await accounts.failures.succeeded(sources);
  return { accounts, provider, outcome: judged.admitted };
};

const verify = (ports: SignInPorts, request: SignInRequest, proof: Proof): Promise<Verified> =>
  guard<Admitted>(
    ports,
    request,
    () => true,
    async (provider, attempt) => {
      const outcome = await proof(provider, attempt);
      return outcome.kind === "refused" ? outcome : { admitted: outcome };
    },
  );

/** SDKs can show a ticket as a custom token only; it is one whether or not the realm takes foreign tokens. */
const typeOf = ({ provider, credentials }: SignInRequest): string =>
  provider === "custom-token" && looksLikeTicket(credentials["token"]) ? "ticket" : provider;

/** The provider of this type and its settings in a realm. Throws `AuthProviderNotFound` when it is unknown or off. */
export const findProvider = async (
  { providers }: Pick<SignInPorts, "providers">,
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
const findOrCreate = async (
  accounts: RealmAccounts,
  provider: string,
  identity: ProvenIdentity,
  describe: () => Promise<Partial<NewUser>> = async () => ({}),
): Promise<User> => {
  const { subject, profile, data } = identity;
  const known = await accounts.users.findByIdentity(provider, subject);
  if (known !== undefined) return refreshProfile(accounts, known, profile);
  const plain = { profile, identities: [{ provider, subject, data }] };
  let created = await accounts.users.create({ ...plain, ...(await describe()) });
  // A value that somebody else has meanwhile is no reason to turn away the owner of the name.
  if (!created.ok && created.conflict === "key") created = await accounts.users.create(plain);
  const user = created.ok ? created.value : await accounts.users.findByIdentity(provider, subject);
  if (user === undefined) throw new Error("an identity is taken and has no user");
  return user;
};

/** The user of a registered name, whichever way its owner signed in first. */
const claimRegistration = async (accounts: RealmAccounts, realm: Realm, username: string, now: number): Promise<User | undefined> => {
  const credential = await accounts.credentials.find(username);
  if (credential === undefined || !credential.confirmed) return undefined;
  const email = credential.displayName;
  const identity = { subject: username, profile: { email }, data: { email } };
  const user = await findOrCreate(accounts, "local-userpass", identity, () => describeNewcomer(accounts, realm, email, now));
  await accounts.credentials.claim(username, user.id);
  return user;
};

const resolveUser = async ({ accounts, outcome }: Verified, { realm, provider }: SignInRequest, now: number): Promise<User | undefined> => {
  switch (outcome.kind) {
    case "user":
      return accounts.users.find(outcome.userId);
    case "newcomer": {
      const created = await accounts.users.create({ identities: [{ provider }] });
      return created.ok ? created.value : undefined;
    }
    case "identity": {
      const { identity } = outcome;
      // Of the users of a remote realm nothing is kept here.
      if (provider !== "local-userpass" || realm.settings.remote !== null) return findOrCreate(accounts, provider, identity);
      const name = identity.profile["email"] ?? identity.subject;
      const user = await findOrCreate(accounts, provider, identity, () => describeNewcomer(accounts, realm, name, now));
      await accounts.credentials.claim(identity.subject, user.id);
      return user;
    }
    case "registration":
      return claimRegistration(accounts, realm, outcome.username, now);
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

/** What a user owes besides the provider's proof. */
type Owed = "nothing" | "code" | "enrolment";

interface Authenticated {
  readonly user: User;
  readonly apiKeyId: string | null;
  readonly owed: Owed;
}

const owedBy = async ({ accounts, provider }: Verified, realm: Realm, user: User): Promise<Owed> => {
  if (provider.secondFactor === "not asked" || user.type === "server") return "nothing";
  const { enrolled, required } = await accounts.secondFactors.find(user.id);
  if (enrolled) return "code";
  return required || realm.settings.secondFactor === "required" ? "enrolment" : "nothing";
};

const authenticate = async (ports: SignInPorts, request: SignInRequest, proof: Proof): Promise<Authenticated> => {
  if (!request.realm.active) throw new HttpError("UserDisabled", "realm inactive");
  const verified = await verify(ports, request, proof);
  const user = await resolveUser(verified, request, ports.accounts.clock());
  if (user === undefined) throw new HttpError("AuthError");
  const reason = shutOutReason(request.realm, user);
  if (reason !== undefined) throw new HttpError("UserDisabled", reason);
  const apiKeyId = verified.outcome.kind === "user" ? verified.outcome.apiKeyId : null;
  return { user, apiKeyId, owed: await owedBy(verified, request.realm, user) };
};

/**
 * Signs somebody in (app-services-api §3). Throws an `HttpError` when that is refused, or when a second factor is owed.
 * @param lifeSeconds as in `SessionOptions`
 */
export const signIn = async (ports: SignInPorts, request: SignInRequest, lifeSeconds?: number): Promise<SignedIn> => {
  const { user, apiKeyId, owed } = await authenticate(ports, request, verifyCredentials);
  if (owed === "code") throw new HttpError("SecondFactorRequired");
  if (owed === "enrolment") throw new HttpError("SecondFactorEnrolmentRequired");
  return openSession(ports, request, user, { apiKeyId, lifeSeconds });
};

/** How long somebody may take for the authenticator app, in seconds. */
export const challengeSeconds = 10 * 60;

/** Where a sign-in stands: the user may have a session or a ticket, or owes a second factor (`enrol`: which has to be set up first). */
export type SignInProgress =
  | { readonly kind: "admitted"; readonly user: User; readonly apiKeyId: string | null }
  | { readonly kind: "challenge"; readonly challenge: OpenedFlow; readonly enrol: boolean };

/** The same for clients that can go on to a second factor. Opens no session: the caller does. */
export const beginSignIn = async (
  ports: SignInPorts,
  request: SignInRequest,
  proof: Proof = verifyCredentials,
): Promise<SignInProgress> => {
  const { user, apiKeyId, owed } = await authenticate(ports, request, proof);
  if (owed === "nothing") return { kind: "admitted", user, apiKeyId };
  const { realm, provider, device, deviceId } = request;
  const enrol = owed === "enrolment";
  const state = { userId: user.id, provider, enrol, device, ...(deviceId === undefined ? {} : { deviceId }) };
  const { flows } = ports.accounts.inRealm(realm.name);
  const challenge = await flows.open({ kind: "challenge", state, secret: "link", lifeSeconds: challengeSeconds });
  return { kind: "challenge", challenge, enrol };
};

/** A first step that was taken. */
export type StartedSignIn = Exclude<StartOutcome, Refusal>;

/** The first of two steps: a code or link is sent, after the delays that earlier failures brought. */
export const startSignIn = async (ports: SignInPorts, request: SignInRequest & { readonly origin: string }): Promise<StartedSignIn> => {
  if (!request.realm.active) throw new HttpError("UserDisabled", "realm inactive");
  const checksSecret = ({ first }: SignInProvider): boolean => first?.checksSecret === true;
  const { outcome } = await guard<StartedSignIn>(ports, request, checksSecret, async ({ first }, attempt) => {
    if (first === undefined) throw new HttpError("BadRequest", "this provider has no first step");
    const started = await first.start({ ...attempt, provider: request.provider, origin: request.origin });
    return started.kind === "refused" ? started : { admitted: started };
  });
  return outcome;
};

/**
 * Gives a signed-in user one more identity. One that another user has is refused, never moved: that would give an account away. Throws an
 * `HttpError` when it refuses.
 */
export const attachIdentity = async (
  ports: SignInPorts,
  request: SignInRequest,
  user: User,
  proof: Proof = verifyCredentials,
): Promise<void> => {
  const reason = shutOutReason(request.realm, user);
  if (reason !== undefined) throw new HttpError("UserDisabled", reason);
  const { accounts, outcome } = await verify(ports, request, proof);
  if (outcome.kind !== "identity") throw new HttpError("BadRequest", `identities of ${request.provider} cannot be linked`);
  const { subject, profile, data } = outcome.identity;
  const owner = await accounts.users.findByIdentity(request.provider, subject);
  if (owner !== undefined && owner.id !== user.id) throw new HttpError("BadRequest", "the identity belongs to another user");
  if (owner === undefined) {
    const added = await accounts.users.addIdentity(user.id, { provider: request.provider, subject, data }, profile);
    if (!added.ok) throw new HttpError("BadRequest", "the identity belongs to another user");
  }
  if (request.provider === "local-userpass") await accounts.credentials.claim(subject, user.id);
};

/** The same, and a session of its own for the user (app-services-api §3, Linking). */
export const linkIdentity = async (ports: SignInPorts, request: SignInRequest, user: User): Promise<SignedIn> => {
  await attachIdentity(ports, request, user);
  return openSession(ports, request, user);
};
