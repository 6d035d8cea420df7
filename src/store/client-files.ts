import type { Sql } from "./sql.ts";
import type { VersionPair } from "./upload-checks.ts";

/** `partition` or `flexible`: the kind of client the ident was allocated for (IDENT check 9). */
export type ClientFileMode = "partition" | "flexible";

/** What is known of one device's copy of the partition (server-semantics §1.3). Versions only grow. */
export interface ClientFile {
  /** ≥ 2; never used twice (ID1, HX6). */
  readonly ident: number;
  /** 1 … 2^53−1: proof that an IDENT comes from the file the ident was given to (ID6). */
  readonly salt: number;
  /** Id of the user it was allocated for; empty once that user was forgotten. */
  readonly owner: string;
  readonly mode: ClientFileMode;
  /** Newest client version integrated or declared not to need it. */
  clientVersion: number;
  /** Up to this server version the client had integrated the history when it made what it uploaded last: base of merging. */
  baseVersion: number;
  /** The client's download cursor as it last reported it. */
  lockedVersion: number;
  /** The compact state it was, or is being, sent instead of the history up to there (NB3); 0 = none. */
  snapshotVersion: number;
  /** How often it reported that it could not integrate what it was sent (server-semantics §9.4). */
  badReports: number;
  /** Milliseconds since 1970, to the day. */
  lastSeen: number;
  /** Was not seen for so long that history it needs may be gone: gets 222 (HX3). */
  expired: boolean;
}

type Row = {
  ident: number;
  salt: number;
  owner: string;
  mode: string;
  client_version: number;
  base_version: number;
  locked_version: number;
  snapshot_version: number;
  bad_reports: number;
  last_seen: number;
  expired: number;
};

interface Cached {
  readonly file: ClientFile;
  /** The progress that is on disk: client version and base. */
  durable: VersionPair;
  /** `postponed`: only progress moved, losing it is harmless (UP3). */
  dirt: "clean" | "postponed" | "due";
}

/** The client files of a partition. Reads lazily; `flush` writes what is due, one row a file. */
export class ClientFiles {
  readonly #sql: Sql;
  readonly #cache = new Map<number, Cached>();
  readonly #due = new Set<Cached>();
  #newest: number;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#newest = sql.all<{ newest: number | null }>("SELECT max(ident) AS newest FROM client_file")[0]?.newest ?? 1;
  }

  /** Makes a record under the next ident. Durable with the next `flush`, before which IDENT must not be sent (ID2). */
  allocate(salt: number, owner: string, mode: ClientFileMode, now: number): ClientFile {
    this.#newest += 1;
    const file: ClientFile = {
      ident: this.#newest,
      salt,
      owner,
      mode,
      clientVersion: 0,
      baseVersion: 0,
      lockedVersion: 0,
      snapshotVersion: 0,
      badReports: 0,
      lastSeen: toDay(now),
      expired: false,
    };
    const cached: Cached = { file, durable: { clientVersion: 0, serverVersion: 0 }, dirt: "due" };
    this.#cache.set(file.ident, cached);
    this.#due.add(cached);
    return file;
  }

  /** Number of idents ever given out. */
  get allocated(): number {
    return this.#newest - 1;
  }

  get(ident: number): ClientFile | undefined {
    return this.#load(ident)?.file;
  }

  /** The client version and base that are on disk. Only this may be told to the client as its upload cursor (UP3). */
  durableProgress(file: ClientFile): VersionPair {
    return this.#cached(file).durable;
  }

  /** The record changed in a way that must be durable before anybody hears of it. */
  changed(file: ClientFile): void {
    this.#makeDue(this.#cached(file));
  }

  /** Only progress changed; it is written with the next real change, or when somebody asks for it. */
  progressed(file: ClientFile): void {
    const cached = this.#cached(file);
    if (cached.dirt === "clean") cached.dirt = "postponed";
  }

  /** Notes that the file is in use, at most once a day. */
  seen(file: ClientFile, now: number): void {
    const day = toDay(now);
    if (day <= file.lastSeen) return;
    file.lastSeen = day;
    this.changed(file);
  }

  /** Makes the postponed progress of one file due: its session ended. */
  settle(file: ClientFile): void {
    const cached = this.#cached(file);
    if (cached.dirt === "postponed") this.#makeDue(cached);
  }

  settleAll(): void {
    for (const cached of this.#cache.values()) if (cached.dirt === "postponed") this.#makeDue(cached);
  }

  get hasDue(): boolean {
    return this.#due.size > 0;
  }

  /** Writes the records that are due; inside the caller's transaction. Returns their idents. */
  flush(): number[] {
    const written: number[] = [];
    for (const cached of this.#due) {
      this.#write(cached.file);
      cached.dirt = "clean";
      cached.durable = { clientVersion: cached.file.clientVersion, serverVersion: cached.file.baseVersion };
      written.push(cached.file.ident);
    }
    this.#due.clear();
    return written;
  }

  /** Forgets records that nobody uses. `inUse` names those with a session. */
  trim(inUse: (ident: number) => boolean): void {
    if (this.#cache.size <= cachedFiles) return;
    for (const [ident, cached] of this.#cache) if (cached.dirt === "clean" && !inUse(ident)) this.#cache.delete(ident);
  }

  /** All files that are not expired, with the newest state known, in order of ident, a page at a time. */
  *living(): Generator<ClientFile, void, undefined> {
    for (let after = 0; ;) {
      const rows = this.#sql.all<Row>("SELECT * FROM client_file WHERE ident > ? AND expired = 0 ORDER BY ident LIMIT 500", after);
      for (const row of rows) {
        const file = this.#cache.get(row.ident)?.file ?? fromRow(row);
        if (!file.expired) yield file;
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.ident;
    }
  }

  #load(ident: number): Cached | undefined {
    const cached = this.#cache.get(ident);
    if (cached !== undefined) return cached;
    const row = this.#sql.all<Row>("SELECT * FROM client_file WHERE ident = ?", ident)[0];
    if (row === undefined) return undefined;
    const loaded: Cached = {
      file: fromRow(row),
      durable: { clientVersion: row.client_version, serverVersion: row.base_version },
      dirt: "clean",
    };
    this.#cache.set(ident, loaded);
    return loaded;
  }

  #cached(file: ClientFile): Cached {
    const cached = this.#load(file.ident);
    if (cached === undefined) throw new RangeError(`There is no client file ${file.ident}`);
    return cached;
  }

  #makeDue(cached: Cached): void {
    cached.dirt = "due";
    this.#due.add(cached);
  }

  #write(file: ClientFile): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO client_file (ident, salt, owner, mode, client_version, base_version, locked_version, snapshot_version,
        bad_reports, last_seen, expired) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      file.ident,
      file.salt,
      file.owner,
      file.mode,
      file.clientVersion,
      file.baseVersion,
      file.lockedVersion,
      file.snapshotVersion,
      file.badReports,
      file.lastSeen,
      file.expired ? 1 : 0,
    );
  }
}

const fromRow = (row: Row): ClientFile => ({
  ident: row.ident,
  salt: row.salt,
  owner: row.owner,
  mode: row.mode === "flexible" ? "flexible" : "partition",
  clientVersion: row.client_version,
  baseVersion: row.base_version,
  lockedVersion: row.locked_version,
  snapshotVersion: row.snapshot_version,
  badReports: row.bad_reports,
  lastSeen: row.last_seen,
  expired: row.expired !== 0,
});

const day = 24 * 60 * 60 * 1000;
const toDay = (milliseconds: number): number => Math.floor(milliseconds / day) * day;
/** Records kept in memory although nobody uses them. */
const cachedFiles = 10_000;
