import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";

/**
 * PING (§5.7), from the client, for the connection: about once a minute. Answered by PONG in every state.
 *
 * `ping <timestamp> <round trip time>⏎`: the client's private monotonic milliseconds, and the round trip of the previous ping (0 at first).
 */
export interface Ping {
  readonly type: "ping";
  readonly timestamp: number;
  readonly roundTripTime: number;
}

export const decodePing = (reader: FrameReader): Ping => {
  const ping: Ping = { type: "ping", timestamp: reader.integer(), roundTripTime: reader.lastInteger() };
  reader.noBody();
  return ping;
};

export const encodePing = (ping: Ping): Uint8Array<ArrayBuffer> => frame(["ping", ping.timestamp, ping.roundTripTime]);
