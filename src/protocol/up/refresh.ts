import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { Wire } from "../wire.ts";

/**
 * REFRESH (§20), from cores ≤ 11: a new access token for a session, while bound. Read and ignored: users are authenticated when the socket
 * opens. The token is kept nowhere.
 *
 * `refresh <session> <token size>⏎<token>`.
 */
export interface Refresh {
  readonly type: "refresh";
  readonly session: number;
}

export const decodeRefresh = (reader: FrameReader, wire: Wire): Refresh => {
  const session = reader.session();
  reader.text(reader.lastInteger(), wire.limits.text);
  return { type: "refresh", session };
};

/** Without a token. */
export const encodeRefresh = (refresh: Refresh): Uint8Array<ArrayBuffer> => frame(["refresh", refresh.session, 0]);
