import type { D1Database } from "@cloudflare/workers-types";
import { openDatabase, type AccessListener, type RealmScope } from "./database.ts";
import type { RealmName } from "./ids.ts";
import { forgetExpired } from "./maintenance.ts";
import { SignInFlows } from "./providers/flows.ts";
import { SecondFactors } from "./providers/second-factors.ts";
import { AccessFacts } from "./repositories/access-facts.ts";
import { Admins } from "./repositories/admins.ts";
import { ApiKeys } from "./repositories/api-keys.ts";
import { Applications, Entities } from "./repositories/catalogue.ts";
import { OneTimeCodes } from "./repositories/codes.ts";
import { Credentials } from "./repositories/credentials.ts";
import { SignInFailures } from "./repositories/failures.ts";
import { Grants } from "./repositories/grants.ts";
import { AuditLog, IdempotencyKeys, StoredOutbox } from "./repositories/journal.ts";
import { Partitions } from "./repositories/partitions.ts";
import { Providers, RealmSecrets } from "./repositories/providers.ts";
import { Realms } from "./repositories/realms.ts";
import { Sessions } from "./repositories/sessions.ts";
import { Users } from "./repositories/users.ts";
import type { RealmSettingsInput } from "./settings.ts";

/**
 * Everything the account store holds of one realm. There is no other way to users, sessions or grants than through such a handle, and each
 * statement behind it is bound to its realm: a query that forgets the realm cannot be written outside this room.
 */
export interface RealmAccounts {
  readonly realm: RealmName;
  readonly users: Users;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly apiKeys: ApiKeys;
  readonly grants: Grants;
  readonly partitions: Partitions;
  readonly access: AccessFacts;
  readonly admins: Admins;
  readonly codes: OneTimeCodes;
  readonly failures: SignInFailures;
  readonly flows: SignInFlows;
  readonly secondFactors: SecondFactors;
  readonly providers: Providers;
  readonly secrets: RealmSecrets;
  readonly applications: Applications;
  readonly entities: Entities;
  readonly outbox: StoredOutbox;
  readonly idempotency: IdempotencyKeys;
  readonly audit: AuditLog;
}

export interface Accounts {
  readonly realms: Realms;
  /** Milliseconds since 1970, as the store sees it. */
  readonly clock: () => number;
  /** The audit log of the server as a whole. */
  readonly audit: AuditLog;
  /** Forgets, in all realms, what has expired; meant for a daily trigger. */
  forgetExpired(): Promise<void>;
  /** The handle of a realm. It does not ask whether the realm exists: in one that does not, nothing is found and nothing can be stored. */
  inRealm(realm: RealmName): RealmAccounts;
}

export interface AccountsOptions {
  /** Milliseconds since 1970; for tests. */
  readonly clock?: () => number;
  /** Told of every change that may alter what open sessions may do. */
  readonly accessChanged?: AccessListener;
  /** What settings are where a realm says nothing of them. */
  readonly realmDefaults?: RealmSettingsInput;
  /** Told when a message to a person was stored, which a delivery may now fetch. */
  readonly messageStored?: () => void;
}

/** Opens the account store over a D1 binding whose migrations are applied. Cheap: one may be opened for every request. */
export const openAccounts = (binding: D1Database, options: AccountsOptions = {}): Accounts => {
  const { clock = Date.now, accessChanged = () => {}, realmDefaults = {}, messageStored = () => {} } = options;
  const database = openDatabase(binding);
  return {
    realms: new Realms(database, clock, accessChanged, realmDefaults),
    clock,
    audit: new AuditLog(database, null, clock),
    forgetExpired: () => forgetExpired(database, clock()),
    inRealm: (realm) => {
      const scope: RealmScope = {
        database,
        realm,
        clock,
        accessChanged: (userId, partition) => accessChanged({ realm, userId, partition }),
      };
      return {
        realm,
        users: new Users(scope),
        credentials: new Credentials(scope),
        sessions: new Sessions(scope),
        apiKeys: new ApiKeys(scope),
        grants: new Grants(scope),
        partitions: new Partitions(scope),
        access: new AccessFacts(scope),
        admins: new Admins(scope),
        codes: new OneTimeCodes(scope),
        failures: new SignInFailures(scope),
        flows: new SignInFlows(scope),
        secondFactors: new SecondFactors(scope),
        providers: new Providers(scope),
        secrets: new RealmSecrets(scope),
        applications: new Applications(scope),
        entities: new Entities(scope),
        outbox: new StoredOutbox(scope, messageStored),
        idempotency: new IdempotencyKeys(scope),
        audit: new AuditLog(database, realm, clock),
      };
    },
  };
};
