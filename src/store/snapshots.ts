import { getSplit, putSplit, type SplitTable } from "./split-values.ts";
import type { Sql } from "./sql.ts";

/**
 * Timestamp of every piece, in milliseconds since 2015. As old as possible: what a new device wrote offline before its first download must
 * win against the compact state, whose values may be older than they look (NB5).
 */
export const snapshotTimestamp = 1;

/** A compact state that was sent to new clients: `pieces` changesets that count as the versions `version − pieces + 1` … `version` (NB2). */
export interface Snapshot {
  readonly version: number;
  readonly pieces: number;
  /** Bytes of all pieces. */
  readonly size: number;
}

const table: SplitTable = { name: "snapshot_piece", keys: ["version", "piece"] };

/**
 * The compact states of a partition. One is made when a new client would otherwise have to read a much longer history, is used for
 * all new clients until the history behind it has grown long again, and is kept, unchanged, as long as a client file that was sent it may
 * still be missing pieces or upload changes made before it had them (NB3, NB4).
 */
export class Snapshots {
  readonly #sql: Sql;
  readonly #known = new Map<number, Snapshot>();
  #piece: { version: number; index: number; body: Uint8Array } | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
    const rows = sql.all<{ version: number; pieces: number; size: number }>(
      "SELECT version, count(DISTINCT piece) AS pieces, sum(length(body)) AS size FROM snapshot_piece GROUP BY version ORDER BY version",
    );
    for (const row of rows) this.#known.set(row.version, row);
  }

  get(version: number): Snapshot | undefined {
    return this.#known.get(version);
  }

  get newest(): Snapshot | undefined {
    return [...this.#known.values()].at(-1);
  }

  all(): readonly Snapshot[] {
    return [...this.#known.values()];
  }

  /** Stores a snapshot; inside the caller's transaction. There must be no more pieces than versions. */
  add(version: number, pieces: readonly Uint8Array[]): Snapshot {
    if (pieces.length === 0 || pieces.length > version) throw new RangeError(`${pieces.length} pieces do not fit below version ${version}`);
    for (let index = 0; index < pieces.length; index++) putSplit(this.#sql, table, [version, index], pieces[index]!);
    const snapshot: Snapshot = { version, pieces: pieces.length, size: pieces.reduce((sum, piece) => sum + piece.length, 0) };
    this.#known.set(version, snapshot);
    return snapshot;
  }

  /** The changeset that counts as server version `at` of a snapshot. */
  piece(snapshot: Snapshot, at: number): Uint8Array {
    const index = at - firstPieceVersion(snapshot);
    if (this.#piece?.version === snapshot.version && this.#piece.index === index) return this.#piece.body;
    const body = getSplit(this.#sql, table, [snapshot.version, index]);
    if (body === undefined) throw new RangeError(`Snapshot ${snapshot.version} has lost piece ${index}`);
    this.#piece = { version: snapshot.version, index, body };
    return body;
  }

  remove(version: number): void {
    this.#sql.run("DELETE FROM snapshot_piece WHERE version = ?", version);
    this.#known.delete(version);
  }
}

/** The lowest server version that a client reading this snapshot sees. */
export const firstPieceVersion = (snapshot: Snapshot): number => snapshot.version - snapshot.pieces + 1;
