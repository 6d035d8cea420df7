import { decodeDownload, encodeDownload, type Download } from "./down/download.ts";
import { decodePlainError, encodePlainError, type PlainError } from "./down/error.ts";
import { decodeServerIdent, encodeServerIdent, type ServerIdent } from "./down/ident.ts";
import { decodeServerError, encodeServerError, type SentServerError, type ServerError } from "./down/json-error.ts";
import { decodeLogMessage, encodeLogMessage, type LogMessage } from "./down/log-message.ts";
import { decodeMarkAnswer, encodeMarkAnswer, type MarkAnswer } from "./down/mark.ts";
import { decodePong, encodePong, type Pong } from "./down/pong.ts";
import { decodeQueryError, encodeQueryError, type QueryError } from "./down/query-error.ts";
import { decodeTestCommandAnswer, encodeTestCommandAnswer, type TestCommandAnswer } from "./down/test-command.ts";
import { decodeUnbound, encodeUnbound, type Unbound } from "./down/unbound.ts";
import { FrameReader } from "./frame-reader.ts";
import { ProtocolError } from "./protocol-error.ts";
import { featuresOf } from "./version.ts";
import type { Wire } from "./wire.ts";

type Answer = ServerIdent | Download | MarkAnswer | Unbound | Pong | QueryError | LogMessage | TestCommandAnswer;

/** Everything a client may hear. `type` is the word on the wire. */
export type DownMessage = Answer | ServerError | PlainError;
export type DownType = DownMessage["type"];

/** Everything Reeve says: no plain ERROR of its own, and no error code that ends the app's process. */
export type SentMessage = Answer | SentServerError;

const decoders: { readonly [Type in DownType]: (reader: FrameReader, wire: Wire) => Extract<DownMessage, { type: Type }> } = {
  ident: decodeServerIdent,
  download: decodeDownload,
  mark: decodeMarkAnswer,
  unbound: decodeUnbound,
  pong: decodePong,
  json_error: decodeServerError,
  query_error: decodeQueryError,
  log_message: decodeLogMessage,
  test_command: decodeTestCommandAnswer,
  error: decodePlainError,
};

const isDownType = (word: string): word is DownType => Object.hasOwn(decoders, word);

/**
 * Parses one frame from a server. Changesets are views: keep `frame` unchanged as long as they are used.
 *
 * @throws {ProtocolError} and nothing else.
 */
export const decodeDown = (frame: Uint8Array, wire: Wire): DownMessage => {
  const reader = new FrameReader(frame, wire.limits.frame);
  const word = reader.word();
  if (!isDownType(word) || (word === "query_error" && wire.mode === "partition")) {
    throw new ProtocolError("unknownMessage", `no message "${word}" to ${wire.mode} clients`);
  }
  return decoders[word](reader, wire);
};

/** Writes one frame for a client. An error for a client below version 4 becomes a plain ERROR. */
export const encodeDown = (message: SentMessage, wire: Wire): Uint8Array<ArrayBuffer> => {
  switch (message.type) {
    case "ident":
      return encodeServerIdent(message);
    case "download":
      return encodeDownload(message, wire);
    case "mark":
      return encodeMarkAnswer(message);
    case "unbound":
      return encodeUnbound(message);
    case "pong":
      return encodePong(message);
    case "json_error":
      return featuresOf(wire.version).jsonErrors ? encodeServerError(message) : encodePlainError(message);
    case "query_error":
      return encodeQueryError(message);
    case "log_message":
      return encodeLogMessage(message);
    case "test_command":
      return encodeTestCommandAnswer(message);
  }
};
