import type { ClientFile } from "./client-files.ts";

export interface RetentionPolicy {
  /** A client file not seen for this many days is marked expired and must start over when it returns (HX3). Undefined: never. */
  readonly expireAfterDays: number | undefined;
}

export const defaultRetention: RetentionPolicy = { expireAfterDays: 90 };

/** What a step of compaction would do; nothing is dropped without one (server-semantics §8). */
export interface RetentionPlan {
  /** Entries up to here are needed by nobody. */
  readonly dropUpTo: number;
  /** Files that would get 222 when they return, because the policy says they were away too long. */
  readonly expire: readonly number[];
  /** Snapshot versions that a living file may still need. */
  readonly snapshotsInUse: ReadonlySet<number>;
}

export interface RetentionFacts {
  readonly files: Iterable<ClientFile>;
  readonly now: number;
  readonly currentVersion: number;
  /** Lowest version that something other than a client file still reads from: an open session's cursor, a backup, the objects' rows. */
  readonly readFrom: number;
}

const day = 24 * 60 * 60 * 1000;
/** A file that never reported any progress has nothing to lose after this many days: it begins anew from a compact state. */
const unusedDays = 2;

/** Keeps what any living client file needs: entries after its base and its cursor, or after the snapshot it began with (HX1). */
export function planRetention(facts: RetentionFacts, policy: RetentionPolicy): RetentionPlan {
  const expire: number[] = [];
  const snapshotsInUse = new Set<number>();
  let dropUpTo = Math.min(facts.currentVersion, facts.readFrom);
  for (const file of facts.files) {
    const days = (facts.now - file.lastSeen) / day;
    if (policy.expireAfterDays !== undefined && days > policy.expireAfterDays) {
      expire.push(file.ident);
      continue;
    }
    if (file.clientVersion === 0 && file.lockedVersion === 0 && days > unusedDays) continue;
    if (file.snapshotVersion > 0) snapshotsInUse.add(file.snapshotVersion);
    dropUpTo = Math.min(dropUpTo, Math.max(file.snapshotVersion, Math.min(file.baseVersion, file.lockedVersion)));
  }
  return { dropUpTo, expire, snapshotsInUse };
}
