import { PartitionSessions } from "../session/partition-sessions.ts";
import type { LogPort } from "../session/ports.ts";
import { PartitionStore } from "../store/partition-store.ts";
import { zlib } from "../platform/zlib.ts";
import type { PartitionAddress } from "./address.ts";
import { sqlOf } from "./sql-adapter.ts";

/** A partition's rooms over this object's storage. */
export interface OpenPartition {
  readonly sessions: PartitionSessions;
  readonly store: PartitionStore;
}

/** 1 … 2^53−1, uniformly: 53 random bits, drawn again when they are all zero. */
const randomSalt = (): number => {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  const salt = (high >>> 11) * 2 ** 32 + low;
  return salt === 0 ? randomSalt() : salt;
};

/** Migrates the object's own schema where that is needed, and reads what must be in memory. */
export const openPartition = (storage: DurableObjectStorage, { key }: PartitionAddress, log: LogPort): OpenPartition => {
  const store = new PartitionStore({ sql: sqlOf(storage), randomSalt, now: Date.now });
  return { store, sessions: new PartitionSessions({ store, zlib, log, partitionKey: key }) };
};
