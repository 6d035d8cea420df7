import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";

/**
 * UNBIND (§5.6), from the client: close a session. Answered by UNBOUND, unless the session was sent an error.
 *
 * `unbind <session>⏎`. Once after BIND. Missing when the socket drops.
 */
export interface Unbind {
  readonly type: "unbind";
  readonly session: number;
}

export const decodeUnbind = (reader: FrameReader): Unbind => {
  const unbind: Unbind = { type: "unbind", session: reader.lastSession() };
  reader.noBody();
  return unbind;
};

export const encodeUnbind = (unbind: Unbind): Uint8Array<ArrayBuffer> => frame(["unbind", unbind.session]);
