import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";

/**
 * PONG (§6.5), from the server, for the connection: the answer to PING, before anything else that waits.
 *
 * `pong <timestamp>⏎`, the PING's own timestamp.
 */
export interface Pong {
  readonly type: "pong";
  readonly timestamp: number;
}

export const decodePong = (reader: FrameReader): Pong => {
  const pong: Pong = { type: "pong", timestamp: reader.lastInteger() };
  reader.noBody();
  return pong;
};

export const encodePong = (pong: Pong): Uint8Array<ArrayBuffer> => frame(["pong", pong.timestamp]);
