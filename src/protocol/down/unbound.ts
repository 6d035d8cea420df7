import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";

/**
 * UNBOUND (§6.4), from the server: the session is gone; its last message.
 *
 * `unbound <session>⏎`. Only in answer to UNBIND of a session that was sent no error.
 */
export interface Unbound {
  readonly type: "unbound";
  readonly session: number;
}

export const decodeUnbound = (reader: FrameReader): Unbound => {
  const unbound: Unbound = { type: "unbound", session: reader.lastSession() };
  reader.noBody();
  return unbound;
};

export const encodeUnbound = (unbound: Unbound): Uint8Array<ArrayBuffer> => frame(["unbound", unbound.session]);
