import { and, asc, eq, gt, sql } from "drizzle-orm";
import { only, type RealmScope } from "../database.ts";
import { partitions } from "../schema.ts";

export type PartitionRow = typeof partitions.$inferSelect;

export interface PartitionFilter {
  /** Part of the key. */
  readonly search?: string;
  readonly ownerId?: string;
  /** Partitions behind this key in the order of keys. */
  readonly after?: string;
  /** At most 200; default 50. */
  readonly limit?: number;
}

/** The directory of one realm's partitions. Keys are canonical text; the data itself lives in the partition. */
export class Partitions {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /**
   * Enters a partition when it is opened for the first time, and notes the time afterwards. `ownerId` counts the first time only: a
   * partition that an SDK opens by its value has no owner, one made in a user's own name has.
   */
  async noteOpened(key: string, ownerId: string | null = null): Promise<PartitionRow> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const rows = await database
      .insert(partitions)
      .values({ realm, key, ownerId, createdAt: now, lastOpenedAt: now })
      .onConflictDoUpdate({ target: [partitions.realm, partitions.key], set: { lastOpenedAt: now } })
      .returning();
    const row = only(rows);
    if (row === undefined) throw new Error("the store did not return the partition that it entered");
    return row;
  }

  async find(key: string): Promise<PartitionRow | undefined> {
    return only(await this.#scope.database.select().from(partitions).where(this.#is(key)));
  }

  /** A page of partitions in the order of their keys. */
  async list({ search, ownerId, after, limit = 50 }: PartitionFilter = {}): Promise<readonly PartitionRow[]> {
    const { database, realm } = this.#scope;
    const conditions = [eq(partitions.realm, realm)];
    if (search !== undefined && search !== "") conditions.push(sql`instr(${partitions.key}, ${search}) > 0`);
    if (ownerId !== undefined) conditions.push(eq(partitions.ownerId, ownerId));
    if (after !== undefined) conditions.push(gt(partitions.key, after));
    return database
      .select()
      .from(partitions)
      .where(and(...conditions))
      .orderBy(asc(partitions.key))
      .limit(Math.min(Math.max(limit, 1), 200));
  }

  /** Gives the partition another owner, or none. False when the partition is unknown. */
  async setOwner(key: string, ownerId: string | null): Promise<boolean> {
    const changed = await this.#scope.database.update(partitions).set({ ownerId }).where(this.#is(key)).returning({ key: partitions.key });
    if (changed.length > 0) this.#scope.accessChanged(undefined, key);
    return changed.length > 0;
  }

  /** Removes the entry; the data is the partition's own to delete. */
  async forget(key: string): Promise<boolean> {
    const deleted = await this.#scope.database.delete(partitions).where(this.#is(key)).returning({ key: partitions.key });
    return deleted.length > 0;
  }

  #is(key: string) {
    return and(eq(partitions.realm, this.#scope.realm), eq(partitions.key, key));
  }
}
