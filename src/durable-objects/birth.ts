import type { PartitionAddress } from "./address.ts";

/**
 * A partition must know whether it existed before. An object whose storage was lost would look like a new partition, hand out idents and
 * versions a second time, and devices that hold the old history would be reset to it: acknowledged data would be gone from them as well. So
 * each partition is registered in the account store with the moment of its birth, which it also keeps itself. The store is asked only until
 * the two are known to agree, which is once in a partition's life.
 */
export interface Birth {
  readonly address: PartitionAddress;
  /** Milliseconds since 1970; names this incarnation of the partition. */
  readonly createdAt: number;
  /** The account store holds this same birth. */
  readonly registered: boolean;
}

const key = "birth";

export const readBirth = (storage: DurableObjectStorage): Birth | undefined => storage.kv.get<Birth>(key);
export const writeBirth = (storage: DurableObjectStorage, birth: Birth): void => storage.kv.put(key, birth);

/**
 * Registers a birth. Repeating it is safe: a crash between the two stores leaves the same birth to register.
 * @returns false when the store holds another birth of this partition: its history is missing here
 */
export const register = async (database: D1Database, { address, createdAt }: Birth): Promise<boolean> => {
  const insert = database
    .prepare("INSERT INTO partition_births (realm, key, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    .bind(address.realm, address.key, createdAt);
  const select = database.prepare("SELECT created_at FROM partition_births WHERE realm = ? AND key = ?").bind(address.realm, address.key);
  const [, found] = await database.batch<{ created_at: number }>([insert, select]);
  return found?.results[0]?.created_at === createdAt;
};

/** Declares the earlier incarnation lost for good: this one takes its place. Devices that held it will be reset to what is here (R7). */
export const replaceBirth = async (database: D1Database, { address, createdAt }: Birth): Promise<void> => {
  await database
    .prepare("UPDATE partition_births SET created_at = ? WHERE realm = ? AND key = ?")
    .bind(createdAt, address.realm, address.key)
    .run();
};

/** How many partitions a realm has, besides this one. */
export const countBirths = async (database: D1Database, realm: string, key: string): Promise<number> =>
  (await database
    .prepare("SELECT count(*) AS total FROM partition_births WHERE realm = ? AND key <> ?")
    .bind(realm, key)
    .first<number>("total")) ?? 0;
