import { and, eq, exists, isNull, placeholder } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { GrantFlags } from "../../rules/grants.ts";
import { only, type Database, type RealmScope } from "../database.ts";
import { adminRights, grants, partitions, realms, sessions, users } from "../schema.ts";
import { realmSettings, type RealmSettings } from "../settings.ts";
import type { User } from "./users.ts";

/** All that decides over a user and a partition, as it stood at one moment. */
export interface PartitionFacts {
  /** Undefined when the realm does not exist. */
  readonly realm: { readonly active: boolean; readonly settings: RealmSettings } | undefined;
  readonly user: User | undefined;
  readonly isAdmin: boolean;
  readonly ownerId: string | null;
  readonly own: GrantFlags | undefined;
  readonly everybody: GrantFlags | undefined;
  /** Whether anybody at all has a grant on the partition. */
  readonly hasGrants: boolean;
  /** False once the sign-in was ended. */
  readonly sessionOpen: boolean;
}

const own = alias(grants, "own");
const everybody = alias(grants, "everybody");

/** Of a realm that does not exist. */
const nothingKnown: PartitionFacts = {
  realm: undefined,
  user: undefined,
  isAdmin: false,
  ownerId: null,
  own: undefined,
  everybody: undefined,
  hasGrants: false,
  sessionOpen: false,
};

/** The one statement for all questions; only its values differ. Opening a session costs the store one read, and a query is built once. */
const prepare = (database: Database) => {
  const [realm, userId, sessionId, partition] = [
    placeholder("realm"),
    placeholder("userId"),
    placeholder("sessionId"),
    placeholder("partition"),
  ];
  const adminRight = database
    .select({ scope: adminRights.scope })
    .from(adminRights)
    .where(and(eq(adminRights.realm, realm), eq(adminRights.userId, userId)));
  const anyGrant = database
    .select({ subject: grants.subject })
    .from(grants)
    .where(and(eq(grants.realm, realm), eq(grants.partition, partition)));
  const session = database
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.realm, realm), eq(sessions.id, sessionId), eq(sessions.userId, userId), isNull(sessions.revokedAt)));
  return database
    .select({
      active: realms.active,
      settings: realms.settings,
      user: users,
      ownerId: partitions.ownerId,
      own,
      everybody,
      isAdmin: exists(adminRight).mapWith(Boolean),
      hasGrants: exists(anyGrant).mapWith(Boolean),
      sessionOpen: exists(session).mapWith(Boolean),
    })
    .from(realms)
    .leftJoin(users, and(eq(users.realm, realm), eq(users.id, userId)))
    .leftJoin(partitions, and(eq(partitions.realm, realm), eq(partitions.key, partition)))
    .leftJoin(own, and(eq(own.realm, realm), eq(own.partition, partition), eq(own.subject, userId)))
    .leftJoin(everybody, and(eq(everybody.realm, realm), eq(everybody.partition, partition), eq(everybody.subject, "*")))
    .where(eq(realms.name, realm))
    .prepare();
};

const prepared = new WeakMap<Database, ReturnType<typeof prepare>>();

const statementOf = (database: Database): ReturnType<typeof prepare> => {
  const known = prepared.get(database);
  if (known !== undefined) return known;
  const statement = prepare(database);
  prepared.set(database, statement);
  return statement;
};

/** Reads what access is decided by: one round trip to the store, one snapshot. */
export class AccessFacts {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async read({ userId, sessionId }: { readonly userId: string; readonly sessionId: string }, partition: string): Promise<PartitionFacts> {
    const { database, realm } = this.#scope;
    const found = only(await statementOf(database).all({ realm, userId, sessionId, partition }));
    if (found === undefined) return nothingKnown;
    const { active, settings, user, ownerId, isAdmin, hasGrants, sessionOpen } = found;
    return {
      realm: { active, settings: realmSettings.parse(settings) },
      user: user ?? undefined,
      isAdmin,
      ownerId,
      own: found.own ?? undefined,
      everybody: found.everybody ?? undefined,
      hasGrants,
      sessionOpen,
    };
  }
}
