import { flag, textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { Wire } from "../wire.ts";
import type { SentServerError } from "./json-error.ts";

/**
 * ERROR (§6.10), from the server: the form of errors before version 4, and what the reference server sends to everybody. It carries no
 * action: the client decides by the number. Reeve writes it only for clients below version 4, which know no other.
 *
 * `error <code> <size> <try again> <session or 0>⏎<text>`.
 */
export interface PlainError {
  readonly type: "error";
  /** 0 for the connection. */
  readonly session: number;
  readonly code: number;
  readonly tryAgain: boolean;
  readonly message: string;
}

export const decodePlainError = (reader: FrameReader, wire: Wire): PlainError => {
  const code = reader.integer();
  const size = reader.integer();
  const tryAgain = reader.flag();
  const session = reader.lastInteger();
  return { type: "error", session, code, tryAgain, message: reader.text(size, wire.limits.text) };
};

/** What a client below version 4 can be told of an error. */
export const encodePlainError = ({ code, tryAgain, session, message }: Omit<SentServerError, "type">): Uint8Array<ArrayBuffer> =>
  textFrame(message, (size) => ["error", code, size, flag(tryAgain), session]);
