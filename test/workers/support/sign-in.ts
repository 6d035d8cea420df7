import { env } from "cloudflare:workers";
import { openAccounts, type RealmAccounts } from "../../../src/accounts/accounts.ts";
import { defaultRealmName, newId, parseRealmName, type RealmName } from "../../../src/accounts/ids.ts";
import type { UserState } from "../../../src/accounts/schema.ts";
import type { TokenSubject } from "../../../src/accounts/tokens.ts";
import { tokensOf } from "../../../src/worker/tokens.ts";

const realmName = (text: string): RealmName => {
  const name = parseRealmName(text);
  if (name === undefined) throw new Error(`"${text}" is no realm's name`);
  return name;
};

export const defaultRealm = realmName(defaultRealmName);

export const accountsOf = (realm: RealmName = defaultRealm): RealmAccounts => openAccounts(env.DB).inRealm(realm);

export interface SignedIn {
  readonly userId: string;
  readonly subject: TokenSubject;
  readonly token: string;
}

/** A user of the default realm with an access token. */
export const signIn = async ({
  state = "normal",
  realm = defaultRealm,
}: { state?: UserState; realm?: RealmName } = {}): Promise<SignedIn> => {
  const stored = await accountsOf(realm).users.create({ state });
  if (!stored.ok) throw new Error("the user could not be made");
  const { id: userId } = stored.value;
  const subject = { realm, realmId: newId(0), userId, sessionId: newId(0), deviceId: newId(0) };
  const { sessionId: id, deviceId } = subject;
  const expiresAt = Date.now() + 3_600_000;
  await accountsOf(realm).sessions.create({ id, userId, provider: "test", apiKeyId: null, deviceId, device: {}, expiresAt });
  return { userId, subject, token: await (await tokensOf(env)).issueAccess(subject, null, Date.now()) };
};
