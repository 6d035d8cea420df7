import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";

/**
 * MARK (§5.5), from the client: "tell me when I have everything". Answered by the server's MARK.
 *
 * `mark <session> <request ident>⏎`. After IDENT. Request idents grow within a session and may skip; the first is often 2. Several may be
 * outstanding.
 */
export interface Mark {
  readonly type: "mark";
  readonly session: number;
  readonly request: number;
}

export const decodeMark = (reader: FrameReader): Mark => {
  const mark: Mark = { type: "mark", session: reader.session(), request: reader.lastInteger() };
  reader.noBody();
  return mark;
};

export const encodeMark = (mark: Mark): Uint8Array<ArrayBuffer> => frame(["mark", mark.session, mark.request]);
