import { HttpError } from "../errors/http.ts";
import type { Accounts } from "./accounts.ts";
import { parseRealmName } from "./ids.ts";
import { splitRealmPrefix } from "./names.ts";
import type { Realm } from "./repositories/realms.ts";

export interface SelectedRealm {
  readonly realm: Realm;
  /** The name without its realm. */
  readonly name: string;
}

/**
 * Decides in which realm a name is meant. The realm can be named three times: by the URL (`addressed`), by the name's prefix
 * (`myRealm:john`, with the addressed realm's delimiter) and by a property `realm`; they must agree, except that the default realm's URL
 * stands for the whole service and serves any realm that is named. Where the URL is the default realm's and its setting `realmRequired` is
 * on, one of the others must name a realm.
 *
 * Throws `UserAppDomainMismatch`, `RealmNotFound` or `RealmRequired`.
 */
export const selectRealm = async (accounts: Accounts, addressed: Realm, typed: string, property?: string): Promise<SelectedRealm> => {
  const prefixed = splitRealmPrefix(typed, addressed.settings.realmDelimiter);
  const named = prefixed.realm ?? property;
  if (property !== undefined && named !== property) throw new HttpError("UserAppDomainMismatch");
  if (named === undefined) {
    if (addressed.isDefault && addressed.settings.realmRequired) throw new HttpError("RealmRequired");
    return { realm: addressed, name: typed };
  }
  if (named === addressed.name) return { realm: addressed, name: prefixed.name };
  if (!addressed.isDefault) throw new HttpError("UserAppDomainMismatch");
  const name = parseRealmName(named);
  const realm = name === undefined ? undefined : await accounts.realms.find(name);
  if (realm === undefined) throw new HttpError("RealmNotFound");
  return { realm, name: prefixed.name };
};
