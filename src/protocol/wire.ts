import type { ProtocolVersion } from "./version.ts";

/** Partition-based or flexible sync: fixed for a connection by its sub-protocol. */
export type Mode = "partition" | "flexible";

/**
 * zlib format (RFC 1950) without preset dictionary, synchronous (sync-protocol §7.3). The platform's own is handed in: this room imports none.
 */
export interface Zlib {
  deflate(bytes: Uint8Array, level: number): Uint8Array;
  /**
   * Must not produce more than `expectedSize` bytes however much the stream holds, and must throw when the stream is damaged, would
   * yield more, or ends before the input does.
   */
  inflate(bytes: Uint8Array, expectedSize: number): Uint8Array;
}

/** What a message may be at most. Exceeding one is answered with 101 (104 ends modern apps). All sizes are bytes. */
export interface Limits {
  /** A whole frame. Workers close with 1009 above 32 MiB, which makes clients reset (C2), so this stays at or below it. */
  readonly frame: number;
  /** A body after inflating: checked against the head before anything is inflated. */
  readonly inflatedBody: number;
  /** Changesets in one UPLOAD or DOWNLOAD. A client fills 128 KiB, so it stays far below. */
  readonly entries: number;
  /** The text of BIND, of errors and of test commands. */
  readonly text: number;
  /** The queries of one subscription set as JSON. */
  readonly query: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: Limits = {
  frame: 32 * mebibyte,
  inflatedBody: 64 * mebibyte,
  entries: 65_536,
  text: 65_536,
  query: mebibyte,
};

/** Everything that reading and writing a message depends on besides the message: properties of the connection. */
export interface Wire {
  readonly mode: Mode;
  readonly version: ProtocolVersion;
  readonly zlib: Zlib;
  readonly limits: Limits;
}
