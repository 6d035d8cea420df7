import { textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { Wire } from "../wire.ts";

/**
 * QUERY_ERROR (§6.7), from the server, flexible sync only: this subscription set is refused. Session and active set go on.
 *
 * `query_error <code> <size> <session> <query version>⏎<text>`. The code is ignored (226 is sent). Only for a version the client proposed
 * and that no newer bootstrap has superseded: anything else ends the app's process (X7).
 */
export interface QueryError {
  readonly type: "query_error";
  readonly session: number;
  readonly code: number;
  readonly queryVersion: number;
  /** Becomes the set's error text in the app. */
  readonly message: string;
}

export const decodeQueryError = (reader: FrameReader, wire: Wire): QueryError => {
  const code = reader.integer();
  const size = reader.integer();
  const session = reader.session();
  const queryVersion = reader.lastInteger();
  return { type: "query_error", session, code, queryVersion, message: reader.text(size, wire.limits.text) };
};

export const encodeQueryError = (error: QueryError): Uint8Array<ArrayBuffer> =>
  textFrame(error.message, (size) => ["query_error", error.code, size, error.session, error.queryVersion]);
