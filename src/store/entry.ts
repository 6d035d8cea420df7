import type { Instruction } from "../changeset/model.ts";

/** One accepted change at its place in the history (server-semantics §1.2). */
export interface HistoryEntry {
  /** ≥ 1; consecutive. */
  readonly version: number;
  /** File ident of the author; 0 = the server itself, which is sent, and merged, as 1. */
  readonly origin: number;
  /** The author's version of the change; 0 for the server's own. */
  readonly clientVersion: number;
  /** Milliseconds since 2015 on the author's clock, never altered (UP4). */
  readonly timestamp: number;
  /** As transformed by the server; byte for byte as uploaded when nothing was concurrent. Length 0: nothing is left of it. */
  readonly changeset: Uint8Array;
  /** Bytes of all changesets up to and including this one (DL6). */
  readonly sizeUpTo: number;
  /** Hashes of the objects it touches, as `footprint.ts` makes them: lets a merge pass over it without decoding. */
  readonly footprint: Uint8Array;
  /** The decoded changeset, while the entry is young or was looked at recently. */
  instructions: readonly Instruction[] | undefined;
}

/** The file ident under which the server's own entries travel and are merged (SV1). */
export const serverIdent = 1;

/** The ident that orders an entry against others, and that receivers are told. */
export const authorOf = (entry: HistoryEntry): number => (entry.origin === 0 ? serverIdent : entry.origin);
