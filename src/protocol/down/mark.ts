import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";

/**
 * MARK (§6.3), from the server: "you have everything that existed when you asked".
 *
 * `mark <session> <request ident>⏎`, the client's own request ident. Answering the newest of several is enough. After the DOWNLOADs it
 * promises.
 */
export interface MarkAnswer {
  readonly type: "mark";
  readonly session: number;
  readonly request: number;
}

export const decodeMarkAnswer = (reader: FrameReader): MarkAnswer => {
  const mark: MarkAnswer = { type: "mark", session: reader.session(), request: reader.lastInteger() };
  reader.noBody();
  return mark;
};

export const encodeMarkAnswer = (mark: MarkAnswer): Uint8Array<ArrayBuffer> => frame(["mark", mark.session, mark.request]);
