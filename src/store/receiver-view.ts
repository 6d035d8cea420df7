import type { Corrections } from "./corrections.ts";
import { authorOf, serverIdent, type HistoryEntry } from "./entry.ts";
import type { ClientFile } from "./client-files.ts";
import type { History } from "./history.ts";
import { firstPieceVersion, snapshotTimestamp, type Snapshot, type Snapshots } from "./snapshots.ts";

/** How far one receiver has been sent the history: server version, and the last client version of its own it passed (sync-protocol §1). */
export interface ScanCursor {
  readonly serverVersion: number;
  readonly clientVersion: number;
}

/** One changeset as a receiver gets it (sync-protocol §6.2). */
export interface OutgoingEntry {
  readonly serverVersion: number;
  readonly clientVersion: number;
  readonly timestamp: number;
  /** Never 0, never the receiver. */
  readonly author: number;
  readonly changeset: Uint8Array;
}

export interface Scan {
  readonly entries: readonly OutgoingEntry[];
  readonly cursor: ScanCursor;
  /** Who wrote what was passed: for a receiver that is not among them, and gets nothing of its own there, the scan is the same. */
  readonly authors: ReadonlySet<number>;
}

export interface ViewSources {
  readonly history: History;
  readonly snapshots: Snapshots;
  readonly corrections: (file: ClientFile) => Corrections | undefined;
}

/**
 * The history as one client file gets it: a snapshot's pieces for one that began with them, then the entries of others, with corrections meant
 * for it alone in place of the empty entries at their versions. Scans and merges go by the same view: both sides must know the same sequence.
 */
export class ReceiverView {
  readonly #sources: ViewSources;
  readonly #file: ClientFile;

  constructor(sources: ViewSources, file: ClientFile) {
    this.#sources = sources;
    this.#file = file;
  }

  /** The snapshot that counts for versions up to its own; undefined when the whole history does. */
  get snapshot(): Snapshot | undefined {
    return this.#file.snapshotVersion === 0 ? undefined : this.#sources.snapshots.get(this.#file.snapshotVersion);
  }

  /**
   * Entries after `cursor` up to `end`, at least one if there is any for this receiver, and no more once `maxBytes` of changesets are
   * reached (server-semantics §6.1). Empty and own entries move the cursor and are left out.
   */
  scan(cursor: ScanCursor, end: number, maxBytes: number): Scan {
    const entries: OutgoingEntry[] = [];
    const corrections = this.#sources.corrections(this.#file);
    const snapshot = this.snapshot;
    const authors = new Set<number>();
    let { serverVersion, clientVersion } = cursor;
    let bytes = 0;
    if (snapshot !== undefined && serverVersion < snapshot.version) {
      serverVersion = Math.max(serverVersion, firstPieceVersion(snapshot) - 1);
      while (serverVersion < snapshot.version && bytes <= maxBytes) {
        serverVersion += 1;
        const changeset = this.#sources.snapshots.piece(snapshot, serverVersion);
        entries.push({ serverVersion, clientVersion, timestamp: snapshotTimestamp, author: serverIdent, changeset });
        bytes += changeset.length;
      }
    }
    while (serverVersion < end && bytes <= maxBytes) {
      serverVersion += 1;
      const entry = this.#sources.history.entry(serverVersion);
      authors.add(entry.origin);
      if (entry.origin === this.#file.ident) {
        clientVersion = entry.clientVersion;
        continue;
      }
      const correction = entry.changeset.length === 0 && entry.origin === 0 ? corrections?.at(serverVersion) : undefined;
      if (correction === undefined && entry.changeset.length === 0) continue;
      const changeset = correction?.changeset ?? entry.changeset;
      entries.push({ serverVersion, clientVersion, timestamp: entry.timestamp, author: authorOf(entry), changeset });
      bytes += changeset.length;
    }
    return { entries, cursor: { serverVersion, clientVersion }, authors };
  }

  /** Whether, after `cursor`, there is something that no other receiver gets. */
  isPersonalAfter(cursor: ScanCursor): boolean {
    if (this.#file.snapshotVersion > cursor.serverVersion) return true;
    const corrections = this.#sources.corrections(this.#file);
    return corrections !== undefined && corrections.above(cursor.serverVersion).length > 0;
  }

  /**
   * The cursor at `end` when nothing after `cursor` is for this receiver but its own entries: the usual answer to an upload, found without
   * looking at each entry. Undefined when a scan is needed.
   */
  passOwn(cursor: ScanCursor, end: number): ScanCursor | undefined {
    const { history } = this.#sources;
    if (this.#file.snapshotVersion > cursor.serverVersion || history.lastForeignTo(this.#file.ident) > cursor.serverVersion)
      return undefined;
    if (end !== history.current) return undefined;
    const newest: HistoryEntry | undefined = end > cursor.serverVersion ? history.entry(end) : undefined;
    if (newest !== undefined && newest.origin !== this.#file.ident) return undefined;
    return { serverVersion: end, clientVersion: newest?.clientVersion ?? cursor.clientVersion };
  }

  /** Bytes of changesets still to come after `version` (DL6); never negative. */
  bytesAfter(version: number): number {
    const { history } = this.#sources;
    const snapshot = this.snapshot;
    if (snapshot === undefined || version >= snapshot.version) return Math.max(0, history.totalSize - history.sizeUpTo(version));
    const done = Math.max(0, version - firstPieceVersion(snapshot) + 1) / snapshot.pieces;
    return Math.max(0, Math.round(snapshot.size * (1 - done)) + history.totalSize - history.sizeUpTo(snapshot.version));
  }
}
