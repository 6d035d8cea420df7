import type { RealmAccounts } from "../accounts.ts";
import type { Credential } from "../repositories/credentials.ts";
import type { Realm } from "../repositories/realms.ts";

/**
 * The password entry for a name that somebody typed: registered under it, or of the user who has it in a field for signing in
 * (`useforauth`). Every way to sign in with a password asks here and nowhere else.
 * @param key the name, normalised (`normaliseLoginName`)
 */
export const findUserForSignIn = async (
  { accounts, realm }: { readonly accounts: RealmAccounts; readonly realm: Realm },
  key: string,
): Promise<Credential | undefined> => {
  const registered = await accounts.credentials.find(key);
  if (registered !== undefined) return registered;
  const user = await accounts.users.findByKey(realm.settings.signInFields, key);
  return user === undefined ? undefined : (await accounts.credentials.listOfUser(user.id))[0];
};
