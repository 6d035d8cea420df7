import { textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { Wire } from "../wire.ts";

/**
 * JSON_ERROR (§5.8), from the client from version 7 on: what the server sent cannot be integrated.
 *
 * `json_error <code> <size> <session>⏎{"message":"…"}`. Codes: 212 bad changeset, 233 bad progress, 112 changeset too large for the
 * bootstrap store, 201 anything else. At most once after a BIND; the session then ignores DOWNLOADs and sends nothing more but UNBIND.
 */
export interface ClientError {
  readonly type: "json_error";
  readonly session: number;
  readonly code: number;
  readonly message: string;
}

export const decodeClientError = (reader: FrameReader, wire: Wire): ClientError => {
  const code = reader.integer();
  const size = reader.integer();
  const session = reader.lastSession();
  const { message } = reader.jsonObject(size, wire.limits.text);
  if (typeof message !== "string") throw new ProtocolError("badBody", "message is not a text");
  return { type: "json_error", session, code, message };
};

export const encodeClientError = (error: ClientError): Uint8Array<ArrayBuffer> =>
  textFrame(JSON.stringify({ message: error.message }), (size) => ["json_error", error.code, size, error.session]);
