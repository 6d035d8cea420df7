import { ulid } from "ulid";
import type { RealmAccounts } from "../accounts.ts";
import { looksLikeEmail } from "../names.ts";
import type { Realm } from "../repositories/realms.ts";
import type { NewUser } from "../repositories/users.ts";
import { prepareUser } from "./prepare.ts";
import { loadEntity } from "./users.ts";

/**
 * What the entity makes of somebody who registered a name and signs in for the first time: the address or user name as a field, defaults and
 * computed fields. Nothing when the entity demands more than a name: then an operator completes the user, who may sign in all the same.
 */
export const describeNewcomer = async (
  accounts: RealmAccounts,
  realm: Pick<Realm, "entity">,
  name: string,
  now: number,
): Promise<Pick<NewUser, "fields" | "keys" | "meta" | "properties" | "tags">> => {
  const given = looksLikeEmail(name) ? { email: name } : { username: name };
  const prepared = prepareUser(await loadEntity(accounts, realm), given, "self", { now, ulid: () => ulid(now) });
  if (!prepared.ok) return {};
  const { fields, keys, meta, properties, tags } = prepared.user;
  return { fields, keys, meta, properties, tags };
};
