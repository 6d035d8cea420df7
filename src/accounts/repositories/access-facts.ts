import { and, eq, inArray, isNull } from "drizzle-orm";
import type { GrantFlags } from "../../rules/grants.ts";
import { only, type RealmScope } from "../database.ts";
import { adminRights, grants, partitions, realms, sessions, users, type JsonObject } from "../schema.ts";
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

/** Reads what access is decided by: one round trip to the store, one snapshot. */
export class AccessFacts {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async read({ userId, sessionId }: { readonly userId: string; readonly sessionId: string }, partition: string): Promise<PartitionFacts> {
    const { database, realm } = this.#scope;
    const onPartition = and(eq(grants.realm, realm), eq(grants.partition, partition));
    const [realmRows, userRows, adminRows, partitionRows, grantRows, anyGrant, sessionRows] = await database.batch([
      database.select({ active: realms.active, settings: realms.settings }).from(realms).where(eq(realms.name, realm)),
      database
        .select()
        .from(users)
        .where(and(eq(users.realm, realm), eq(users.id, userId))),
      database
        .select({ scope: adminRights.scope })
        .from(adminRights)
        .where(and(eq(adminRights.realm, realm), eq(adminRights.userId, userId))),
      database
        .select({ ownerId: partitions.ownerId })
        .from(partitions)
        .where(and(eq(partitions.realm, realm), eq(partitions.key, partition))),
      database
        .select()
        .from(grants)
        .where(and(onPartition, inArray(grants.subject, [userId, "*"]))),
      database.select({ subject: grants.subject }).from(grants).where(onPartition).limit(1),
      database
        .select({ id: sessions.id })
        .from(sessions)
        .where(and(eq(sessions.realm, realm), eq(sessions.id, sessionId), eq(sessions.userId, userId), isNull(sessions.revokedAt))),
    ]);
    const found = only<{ active: boolean; settings: JsonObject }>(realmRows);
    return {
      realm: found === undefined ? undefined : { active: found.active, settings: realmSettings.parse(found.settings) },
      user: only(userRows),
      isAdmin: adminRows.length > 0,
      ownerId: only(partitionRows)?.ownerId ?? null,
      own: grantRows.find((grant) => grant.subject === userId),
      everybody: grantRows.find((grant) => grant.subject === "*"),
      hasGrants: anyGrant.length > 0,
      sessionOpen: sessionRows.length > 0,
    };
  }
}
