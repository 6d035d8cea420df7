import { syncErrors, type SentErrorCode, type SentErrorName } from "../errors/sync.ts";

/** What was wrong with a message, and which error of the catalogue answers it. */
const reasons = {
  /** The first word is no message of this direction. */
  unknownMessage: "UnknownMessage",
  /** A field is missing, is not a number, or the head has too few or too many of them. */
  badHead: "BadSyntax",
  /** The sizes in the head do not add up to the frame. */
  sizeMismatch: "BadSyntax",
  /** A body that must be UTF-8, JSON, or JSON of a certain shape is not. */
  badBody: "BadSyntax",
  /** A well-formed number outside the range its field has, other than one too large for us. */
  outOfRange: "BadSyntax",
  /** A well-formed number above 2^53−1 where a safe integer is needed, or above 2^63−1 for a salt. */
  numberTooLarge: "OtherConnectionError",
  /** Head, body or text longer, or entries more, than the connection's limits allow. */
  limitExceeded: "OtherConnectionError",
  /** Session ident 0 where a session is needed. */
  badSession: "BadSessionIdent",
  badCompression: "BadDecompression",
  badEntryHead: "BadChangesetHeader",
  badEntrySize: "BadChangesetSize",
  badPartition: "IllegalPartition",
} as const satisfies Readonly<Record<string, SentErrorName>>;

export type ProtocolErrorReason = keyof typeof reasons;

/**
 * The only exception that parsing a message throws. It carries the error to answer with: a connection-level one ends the connection, a
 * session-level one (204) ends `session` and leaves the connection alive. `message` is for the log and may quote sizes, never contents.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly reason: ProtocolErrorReason;
  /** The catalogue's name of the error to answer. */
  readonly error: (typeof reasons)[ProtocolErrorReason];
  /** The protocol's number of it. */
  readonly code: SentErrorCode;
  readonly level: "connection" | "session";
  /** The session a session-level error belongs to; 0 for the connection. */
  readonly session: number;

  constructor(reason: ProtocolErrorReason, detail: string, session = 0) {
    super(detail);
    this.reason = reason;
    this.error = reasons[reason];
    this.code = syncErrors[this.error].status;
    this.level = syncErrors[this.error].level;
    this.session = session;
  }
}
