import type { Sql } from "../../store/sql.ts";
import type { RealmLimits } from "../settings.ts";

/** The name of a limit, as in a realm's settings. */
export type LimitName = keyof RealmLimits;

/** Whether something may go on. `retryAfterSeconds`: when it may be asked again. */
export type Verdict = { readonly over: false } | { readonly over: true; readonly limit: LimitName; readonly retryAfterSeconds: number };

/** Bytes that one user's devices sent and were sent. */
export interface UserTraffic {
  readonly userId: string;
  readonly uploaded: number;
  readonly downloaded: number;
}

/** How much of one limit is used: by the realm, or by the user who uses most. */
export interface LimitFigure {
  readonly limit: LimitName;
  /** Null: no limit is set. */
  readonly allowed: number | null;
  readonly used: number;
  /** For limits of a user: who uses most. */
  readonly userId: string | null;
}

/** Bytes of one UTC day (`2026-11-22`). */
export interface DayTraffic {
  readonly day: string;
  readonly uploaded: number;
  readonly downloaded: number;
}

/** A connection without a sign of life for this long is gone (milliseconds). */
export const leaseLife = 25 * 60 * 1000;
/** How often whoever holds a connection says that it is still there (milliseconds). */
export const renewalInterval = 10 * 60 * 1000;

const minute = 60_000;
const day = 24 * 60 * minute;
/** The realm's own row among the users'. */
const everybody = "";
/** A partition's size is written down anew when it differs by this much. */
const sizeStep = 64 * 1024;

interface Lease {
  readonly userId: string;
  expiresAt: number;
}
type Count = { uploaded: number; downloaded: number };

const schema = [
  "CREATE TABLE IF NOT EXISTS traffic (day INTEGER NOT NULL, user_id TEXT NOT NULL, uploaded INTEGER NOT NULL, downloaded INTEGER NOT NULL, PRIMARY KEY (day, user_id)) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS sizes (partition TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID",
];

const greatest = (counts: Iterable<readonly [string, number]>): { userId: string | null; used: number } => {
  let found: { userId: string | null; used: number } = { userId: null, used: 0 };
  for (const [userId, used] of counts) if (used > found.used) found = { userId, used };
  return found;
};

/**
 * What one realm uses, and whether it may use more. Requests are counted in memory by the clock minute; connections in memory, as leases;
 * traffic by the UTC day and sizes in tables, so that a restart forgets at most what `flush` had not written. A limit that is lowered acts
 * on what comes next; one that is raised lets in at once.
 */
export class Meter {
  readonly #sql: Sql;
  readonly #now: () => number;
  #minute = 0;
  readonly #requests = new Map<string, number>();
  readonly #leases = new Map<string, Lease>();
  #day: number;
  readonly #traffic = new Map<string, Count>();
  readonly #unwritten = new Set<string>();
  readonly #sizes = new Map<string, number>();
  #stored = 0;

  /** @param now milliseconds since 1970 */
  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    for (const statement of schema) sql.run(statement);
    this.#day = Math.floor(now() / day);
    for (const row of sql.all<{ user_id: string; uploaded: number; downloaded: number }>("SELECT * FROM traffic WHERE day = ?", this.#day))
      this.#traffic.set(row.user_id, { uploaded: row.uploaded, downloaded: row.downloaded });
    for (const { partition, bytes } of sql.all<{ partition: string; bytes: number }>("SELECT * FROM sizes")) {
      this.#sizes.set(partition, bytes);
      this.#stored += bytes;
    }
  }

  /** Counts requests of a user, or of somebody unknown. Those over the limit are not counted: they do not push the end further away. */
  request(limits: RealmLimits, userId: string | undefined, count = 1): Verdict {
    this.#turnMinute();
    const retryAfterSeconds = Math.ceil(((this.#minute + 1) * minute - this.#now()) / 1000);
    const total = this.#requests.get(everybody) ?? 0;
    const own = userId === undefined ? 0 : (this.#requests.get(userId) ?? 0);
    if (limits.requestsPerMinute !== null && total + count > limits.requestsPerMinute)
      return { over: true, limit: "requestsPerMinute", retryAfterSeconds };
    if (limits.requestsPerMinutePerUser !== null && userId !== undefined && own + count > limits.requestsPerMinutePerUser)
      return { over: true, limit: "requestsPerMinutePerUser", retryAfterSeconds };
    this.#requests.set(everybody, total + count);
    if (userId !== undefined) this.#requests.set(userId, own + count);
    return { over: false };
  }

  /** A sync connection wants to be. */
  connect(limits: RealmLimits, connectionId: string, userId: string): Verdict {
    this.#expireLeases();
    if (!this.#leases.has(connectionId)) {
      if (limits.connections !== null && this.#leases.size >= limits.connections)
        return { over: true, limit: "connections", retryAfterSeconds: 30 };
      const own = [...this.#leases.values()].filter((lease) => lease.userId === userId).length;
      if (limits.connectionsPerUser !== null && own >= limits.connectionsPerUser)
        return { over: true, limit: "connectionsPerUser", retryAfterSeconds: 30 };
    }
    this.renew(connectionId, userId);
    const traffic = this.overTraffic(limits, userId);
    if (traffic.over) this.#leases.delete(connectionId);
    return traffic;
  }

  /** A connection is still there. */
  renew(connectionId: string, userId: string): void {
    this.#leases.set(connectionId, { userId, expiresAt: this.#now() + leaseLife });
  }

  disconnect(connectionId: string): void {
    this.#leases.delete(connectionId);
  }

  /** Counts what went through a partition since its last report. `storedBytes`: what it holds now. */
  traffic(partition: string, storedBytes: number, users: readonly UserTraffic[]): void {
    this.#turnDay();
    for (const { userId, uploaded, downloaded } of users) {
      this.#add(userId, uploaded, downloaded);
      this.#add(everybody, uploaded, downloaded);
    }
    const before = this.#sizes.get(partition) ?? 0;
    if (Math.abs(storedBytes - before) < sizeStep && before !== 0) return;
    this.#stored += storedBytes - before;
    this.#sizes.set(partition, storedBytes);
    this.#sql.run("INSERT INTO sizes VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes", partition, storedBytes);
  }

  /** Whether a user's devices may go on syncing today. */
  overTraffic(limits: RealmLimits, userId: string): Verdict {
    this.#turnDay();
    const retryAfterSeconds = Math.ceil(((this.#day + 1) * day - this.#now()) / 1000);
    const [total, own] = [this.#traffic.get(everybody), this.#traffic.get(userId)];
    const checks: readonly (readonly [LimitName, number])[] = [
      ["uploadedBytesPerDay", total?.uploaded ?? 0],
      ["downloadedBytesPerDay", total?.downloaded ?? 0],
      ["uploadedBytesPerDayPerUser", own?.uploaded ?? 0],
      ["downloadedBytesPerDayPerUser", own?.downloaded ?? 0],
      ["storedBytes", this.#stored],
    ];
    for (const [limit, used] of checks) {
      const allowed = limits[limit];
      if (allowed !== null && used > allowed) return { over: true, limit, retryAfterSeconds };
    }
    return { over: false };
  }

  /** How near every limit is. `partitions`: how many exist, which is not counted here. */
  figures(limits: RealmLimits, partitions: number): readonly LimitFigure[] {
    this.#turnMinute();
    this.#turnDay();
    this.#expireLeases();
    const users = <Value>(counts: ReadonlyMap<string, Value>, read: (value: Value) => number) =>
      greatest([...counts].filter(([userId]) => userId !== everybody).map(([userId, value]) => [userId, read(value)] as const));
    const connections = new Map<string, number>();
    for (const { userId } of this.#leases.values()) connections.set(userId, (connections.get(userId) ?? 0) + 1);
    const total = this.#traffic.get(everybody);
    const used: Readonly<Record<LimitName, { readonly used: number; readonly userId: string | null }>> = {
      requestsPerMinute: { used: this.#requests.get(everybody) ?? 0, userId: null },
      requestsPerMinutePerUser: users(this.#requests, (count) => count),
      connections: { used: this.#leases.size, userId: null },
      connectionsPerUser: greatest(connections),
      partitions: { used: partitions, userId: null },
      uploadedBytesPerDay: { used: total?.uploaded ?? 0, userId: null },
      downloadedBytesPerDay: { used: total?.downloaded ?? 0, userId: null },
      uploadedBytesPerDayPerUser: users(this.#traffic, ({ uploaded }) => uploaded),
      downloadedBytesPerDayPerUser: users(this.#traffic, ({ downloaded }) => downloaded),
      storedBytes: { used: this.#stored, userId: null },
    };
    return (Object.keys(used) as LimitName[]).map((limit) => ({ limit, allowed: limits[limit], ...used[limit] }));
  }

  /** Traffic of the last days that had any, today first. At most 31 are remembered. */
  days(): readonly DayTraffic[] {
    this.#turnDay();
    this.flush();
    return this.#sql
      .all<{ day: number; uploaded: number; downloaded: number }>(
        "SELECT * FROM traffic WHERE user_id = ? ORDER BY day DESC LIMIT 31",
        everybody,
      )
      .map(({ day: number, uploaded, downloaded }) => ({ day: new Date(number * day).toISOString().slice(0, 10), uploaded, downloaded }));
  }

  /** Writes the traffic that was counted since the last time. */
  flush(): void {
    if (this.#unwritten.size === 0) return;
    this.#sql.transaction(() => {
      for (const userId of this.#unwritten) {
        const { uploaded, downloaded } = this.#traffic.get(userId) ?? { uploaded: 0, downloaded: 0 };
        this.#sql.run(
          "INSERT INTO traffic VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET uploaded = excluded.uploaded, downloaded = excluded.downloaded",
          this.#day,
          userId,
          uploaded,
          downloaded,
        );
      }
    });
    this.#unwritten.clear();
  }

  #add(userId: string, uploaded: number, downloaded: number): void {
    const count = this.#traffic.get(userId) ?? { uploaded: 0, downloaded: 0 };
    count.uploaded += uploaded;
    count.downloaded += downloaded;
    this.#traffic.set(userId, count);
    this.#unwritten.add(userId);
  }

  #turnMinute(): void {
    const now = Math.floor(this.#now() / minute);
    if (now === this.#minute) return;
    this.#minute = now;
    this.#requests.clear();
  }

  #turnDay(): void {
    const today = Math.floor(this.#now() / day);
    if (today === this.#day) return;
    this.flush();
    this.#day = today;
    this.#traffic.clear();
    this.#sql.run("DELETE FROM traffic WHERE day < ?", today - 31);
  }

  #expireLeases(): void {
    const now = this.#now();
    for (const [connectionId, { expiresAt }] of this.#leases) if (expiresAt <= now) this.#leases.delete(connectionId);
  }
}
