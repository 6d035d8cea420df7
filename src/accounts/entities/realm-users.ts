import type { RealmAccounts } from "../accounts.ts";
import type { Outgoing } from "../outbox/outgoing.ts";
import { RemoteEndpoint } from "../remote/endpoint.ts";
import { RemoteUsers } from "../remote/users.ts";
import type { Realm } from "../repositories/realms.ts";
import type { User } from "../repositories/users.ts";
import type { JsonObject } from "../schema.ts";
import type { Author, UserValues } from "./prepare.ts";
import { EntityUsers, loadEntity, type NewUserOptions, type UserResult } from "./users.ts";

/** The users of a realm, wherever they live. */
export interface RealmUsers {
  /** Makes a user by the realm's entity. */
  create(input: JsonObject, author: Author, options?: NewUserOptions): Promise<UserResult>;
  /** Changes a user; absent fields stay, null empties. */
  change(user: User, patch: JsonObject, author: Author): Promise<UserResult>;
  /** A user's values without hashed ones. */
  read(user: User): Promise<UserValues>;
  /** The hash of a new password. */
  hash(password: string): Promise<string>;
}

export interface RealmUsersPorts {
  /** Requests to the endpoints of remote realms. */
  readonly outgoing: Outgoing;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The users of a realm, in the account store or behind the endpoint of a remote realm. */
export const openRealmUsers = async (accounts: RealmAccounts, realm: Realm, { outgoing, clock }: RealmUsersPorts): Promise<RealmUsers> => {
  const entity = await loadEntity(accounts, realm);
  if (realm.settings.remote === null) return new EntityUsers(accounts, entity, clock);
  return new RemoteUsers(accounts, entity, new RemoteEndpoint(accounts, realm, outgoing, clock), clock);
};
