import type { Accounts } from "../../accounts/accounts.ts";
import { parseRealmName } from "../../accounts/ids.ts";
import { splitRealmPrefix } from "../../accounts/names.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import type { RealmSettings } from "../../accounts/settings.ts";
import type { JsonObject } from "../../accounts/schema.ts";
import { LoopBackError } from "./refusal.ts";

export type NamingSettings = Pick<RealmSettings, "realmRequired" | "realmDelimiter">;

/** The names in a request, freed from their realm. Empty ones count as absent. */
export interface GivenNames {
  readonly realm: string | undefined;
  readonly username: string | undefined;
  readonly email: string | undefined;
}

const readText = (body: JsonObject, key: "realm" | "username" | "email"): string | undefined => {
  const value = body[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string")
    throw new LoopBackError(key === "realm" ? "INVALID_REALM" : key === "email" ? "INVALID_EMAIL" : "INVALID_USERNAME");
  return value;
};

/**
 * Reads who is meant: the realm from the property `realm` or from the prefix of the user name or address (`myRealm:john`). All that name a
 * realm must name the same.
 *
 * Throws `INVALID_REALM`, `INVALID_USERNAME`, `INVALID_EMAIL`, `REALM_MISMATCH` or `REALM_REQUIRED`.
 */
export const readNames = (body: JsonObject, { realmRequired, realmDelimiter }: NamingSettings): GivenNames => {
  const property = readText(body, "realm");
  const email = splitRealmPrefix(readText(body, "email") ?? "", realmDelimiter);
  const username = splitRealmPrefix(readText(body, "username") ?? "", realmDelimiter);
  const named = new Set([property, email.realm, username.realm].filter((realm) => realm !== undefined && realm !== ""));
  if (named.size > 1) throw new LoopBackError("REALM_MISMATCH");
  const [realm] = named;
  if (realm === undefined && realmRequired) throw new LoopBackError("REALM_REQUIRED");
  return { realm, username: username.name || undefined, email: email.name || undefined };
};

/** The realm of this name, or the default one where none is named; undefined when there is none of this name. */
export const findRealm = async (accounts: Accounts, named: string | undefined): Promise<Realm | undefined> => {
  if (named === undefined) return accounts.realms.default();
  const name = parseRealmName(named);
  return name === undefined ? undefined : accounts.realms.find(name);
};
