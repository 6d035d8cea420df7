/**
 * The small SQL port over which a partition's rooms work. Adapters: a Durable Object's SQLite, `node:sqlite`.
 *
 * Everything is synchronous. 64-bit integers never cross it as numbers: bind text with `CAST(? AS INTEGER)` and read
 * `CAST(column AS TEXT)`, or keep them in blobs; versions and idents are safe integers and go as numbers.
 */
export type SqlValue = string | number | null | Uint8Array;

export interface Sql {
  /** Runs one statement and returns all its rows. At most 100 bound parameters; text of at most 100 KB; blobs below `maxValueBytes`. */
  all<Row extends Record<string, SqlValue>>(statement: string, ...parameters: SqlValue[]): Row[];
  /** Runs one statement for its effect. */
  run(statement: string, ...parameters: SqlValue[]): void;
  /** Runs `work` so that all its writes commit, or none when it throws. Does not nest. */
  transaction<Result>(work: () => Result): Result;
}

/** The platform's limit for a row or value is 2 MB and is not enforced locally: larger values are split over rows by whoever stores them. */
export const maxValueBytes = 1_900_000;
