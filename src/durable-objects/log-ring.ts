import type { Sql } from "../store/sql.ts";

/** A line as it is kept: the JSON object that was logged, with its moment and its id. */
export interface KeptLine {
  /** Grows by one with each line; never used twice. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: string;
  readonly [detail: string]: string | number | boolean;
}

/** A line on its way in. */
export type NewLine = Omit<KeptLine, "id"> & { readonly [detail: string]: string | number | boolean };

/** Which lines somebody wants to see. */
export interface LineFilter {
  /** Levels to show. */
  readonly levels: readonly string[];
  /** Milliseconds since 1970: lines from then on. */
  readonly since?: number;
  /** Lines of this realm only. */
  readonly realm?: string;
  /** Lines in which some detail has this value: the id of a request, connection, session or user. */
  readonly about?: string;
}

export interface LineQuery extends LineFilter {
  /** Lines behind this id. */
  readonly after: number;
  readonly limit: number;
}

export interface LinePage {
  readonly lines: readonly KeptLine[];
  /** Pass as `after` to go on; lines that come later have higher ids. */
  readonly next: number;
}

export interface RingLimits {
  /** Milliseconds that a line is kept. */
  readonly age: number;
  /** Characters of all lines together. */
  readonly size: number;
  /** Batches that one query looks through; the caller goes on from `next`. */
  readonly scan: number;
}

export const ringLimits: RingLimits = { age: 7 * 24 * 60 * 60 * 1000, size: 64 * 1024 * 1024, scan: 200 };

const schema = `CREATE TABLE IF NOT EXISTS batches (
  first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, newest_at INTEGER NOT NULL, size INTEGER NOT NULL, lines TEXT NOT NULL)`;

const matches = (line: KeptLine, { levels, since, realm, about }: LineFilter): boolean =>
  levels.includes(line.level) &&
  (since === undefined || line.at >= since) &&
  (realm === undefined || line.realm === realm) &&
  (about === undefined || Object.values(line).includes(about));

/**
 * The last days' log lines, oldest dropped first. One row a batch, since rows written are what is paid for; ids tell lines apart and give
 * their order of arrival.
 */
export class LogRing {
  readonly #sql: Sql;
  readonly #limits: RingLimits;
  #newest: number;
  #size: number;

  constructor(sql: Sql, limits: RingLimits = ringLimits) {
    this.#sql = sql;
    this.#limits = limits;
    sql.run(schema);
    const [row] = sql.all<{ newest: number | null; size: number | null }>("SELECT max(last_id) AS newest, sum(size) AS size FROM batches");
    this.#newest = row?.newest ?? 0;
    this.#size = row?.size ?? 0;
  }

  /** Id of the newest line; 0 when there never was one. */
  get newest(): number {
    return this.#newest;
  }

  append(lines: readonly NewLine[], now: number): void {
    if (lines.length === 0) return;
    const text = JSON.stringify(lines);
    const first = this.#newest + 1;
    this.#newest += lines.length;
    this.#size += text.length;
    this.#sql.transaction(() => {
      this.#sql.run("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", first, this.#newest, now, text.length, text);
      this.#trim(now);
    });
  }

  /** Lines that match, in the order of their ids. A page may be short, or empty, and still not be the last: go on while `next` grows. */
  read({ after, limit, ...filter }: LineQuery): LinePage {
    const rows = this.#sql.all<{ first_id: number; last_id: number; lines: string }>(
      "SELECT first_id, last_id, lines FROM batches WHERE last_id > ? AND newest_at >= ? ORDER BY first_id LIMIT ?",
      after,
      filter.since ?? 0,
      this.#limits.scan,
    );
    const found: KeptLine[] = [];
    for (const { first_id: first, lines } of rows) {
      for (const [index, line] of (JSON.parse(lines) as NewLine[]).entries()) {
        const kept = { ...line, id: first + index } as KeptLine;
        if (kept.id <= after || !matches(kept, filter)) continue;
        if (found.length === limit) return { lines: found, next: found.at(-1)?.id ?? after };
        found.push(kept);
      }
    }
    const exhausted = rows.length < this.#limits.scan;
    return { lines: found, next: exhausted ? Math.max(after, this.#newest) : (rows.at(-1)?.last_id ?? after) };
  }

  #trim(now: number): void {
    const oldest = this.#sql.all<{ first_id: number; newest_at: number; size: number }>(
      "SELECT first_id, newest_at, size FROM batches ORDER BY first_id LIMIT 20",
    );
    for (const batch of oldest) {
      if (this.#size <= this.#limits.size && batch.newest_at >= now - this.#limits.age) return;
      this.#sql.run("DELETE FROM batches WHERE first_id = ?", batch.first_id);
      this.#size -= batch.size;
    }
  }
}
