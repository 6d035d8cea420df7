import { FieldReader } from "./field-reader.ts";
import { ProtocolError } from "./protocol-error.ts";
import { isUpType, type UpType } from "./up.ts";

/** What a relay must know of a client's frame to pass it on. */
export interface Envelope {
  readonly type: UpType;
  /** 0 for PING, which belongs to the connection. */
  readonly session: number;
}

/**
 * Reads type and session of a client's frame and nothing else: no body is inspected, copied or inflated, and the rest of the head may be
 * wrong. Whoever gets the frame parses it with `decodeUp`.
 *
 * @throws {ProtocolError} when the frame has no known type or no session.
 */
export const readEnvelope = (frame: Uint8Array): Envelope => {
  const fields = new FieldReader(frame, 0, frame.length, "badHead");
  const type = fields.word();
  if (!isUpType(type)) throw new ProtocolError("unknownMessage", `no message "${type}" from clients`);
  return { type, session: readSession(type, fields) };
};

const readSession = (type: UpType, fields: FieldReader): number => {
  switch (type) {
    case "ping":
      return 0;
    case "unbind":
      return fields.lastSession();
    case "json_error":
      fields.integer();
      fields.integer();
      return fields.lastSession();
    case "bind":
    case "ident":
    case "query":
    case "upload":
    case "mark":
    case "test_command":
    case "refresh":
      return fields.session();
  }
};
