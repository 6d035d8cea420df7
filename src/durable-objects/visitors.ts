import type { PartitionAddress } from "./address.ts";

/**
 * Who may have a connection open where. A change of a user's rights must reach all of that user's connections, and a partition cannot be
 * asked without being woken; so each partition notes its visitors in the account store, before it decides whether to let them in. Whoever
 * stores a change and then reads the notes has every partition that decided, or will have decided, without knowing of the change.
 */

const dayMilliseconds = 24 * 60 * 60 * 1000;
const dayOf = (now: number): number => Math.floor(now / dayMilliseconds);

/**
 * Notes a visitor in the account store, once a day: a store that was put back to an earlier moment is complete again a day later.
 * @param now milliseconds since 1970
 */
export const noteVisitor = async (
  storage: DurableObjectStorage,
  database: D1Database,
  { realm, key }: PartitionAddress,
  userId: string,
  now: number,
): Promise<void> => {
  const noted = `visitor:${userId}`;
  const today = dayOf(now);
  if (storage.kv.get<number>(noted) === today) return;
  await database
    .prepare(
      "INSERT INTO partition_visitors (realm, user_id, partition, last_day) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last_day = excluded.last_day",
    )
    .bind(realm, userId, key, today)
    .run();
  storage.kv.put(noted, today);
};

const keysOf = ({ results }: D1Result<{ partition: string }>): readonly string[] => results.map(({ partition }) => partition);

/** Keys of the partitions that a user ever visited, behind `after`, in the order of keys. */
export const partitionsVisitedBy = async (
  database: D1Database,
  realm: string,
  userId: string,
  after: string,
  limit: number,
): Promise<readonly string[]> =>
  keysOf(
    await database
      .prepare("SELECT partition FROM partition_visitors WHERE realm = ? AND user_id = ? AND partition > ? ORDER BY partition LIMIT ?")
      .bind(realm, userId, after, limit)
      .run(),
  );

/** Keys of the realm's partitions that anybody ever visited, behind `after`, in the order of keys. */
export const partitionsVisited = async (database: D1Database, realm: string, after: string, limit: number): Promise<readonly string[]> =>
  keysOf(
    await database
      .prepare("SELECT DISTINCT partition FROM partition_visitors WHERE realm = ? AND partition > ? ORDER BY partition LIMIT ?")
      .bind(realm, after, limit)
      .run(),
  );
