import { FrameReader } from "./frame-reader.ts";
import { ProtocolError } from "./protocol-error.ts";
import { decodeBind, encodeBind, type Bind } from "./up/bind.ts";
import { decodeClientIdent, encodeClientIdent, type ClientIdent } from "./up/ident.ts";
import { decodeClientError, encodeClientError, type ClientError } from "./up/json-error.ts";
import { decodeMark, encodeMark, type Mark } from "./up/mark.ts";
import { decodePing, encodePing, type Ping } from "./up/ping.ts";
import { decodeQuery, encodeQuery, type Query } from "./up/query.ts";
import { decodeRefresh, encodeRefresh, type Refresh } from "./up/refresh.ts";
import { decodeTestCommand, encodeTestCommand, type TestCommand } from "./up/test-command.ts";
import { decodeUnbind, encodeUnbind, type Unbind } from "./up/unbind.ts";
import { decodeUpload, encodeUpload, type Upload } from "./up/upload.ts";
import type { Wire } from "./wire.ts";

/** Everything a client says. `type` is the word on the wire. */
export type UpMessage = Bind | ClientIdent | Query | Upload | Mark | Unbind | Ping | ClientError | TestCommand | Refresh;
export type UpType = UpMessage["type"];

const decoders: { readonly [Type in UpType]: (reader: FrameReader, wire: Wire) => Extract<UpMessage, { type: Type }> } = {
  bind: decodeBind,
  ident: decodeClientIdent,
  query: decodeQuery,
  upload: decodeUpload,
  mark: decodeMark,
  unbind: decodeUnbind,
  ping: decodePing,
  json_error: decodeClientError,
  test_command: decodeTestCommand,
  refresh: decodeRefresh,
};

export const isUpType = (word: string): word is UpType => Object.hasOwn(decoders, word);

/**
 * Parses one frame from a client. Changesets are views: keep `frame` unchanged as long as they are used.
 *
 * @throws {ProtocolError} and nothing else.
 */
export const decodeUp = (frame: Uint8Array, wire: Wire): UpMessage => {
  const reader = new FrameReader(frame, wire.limits.frame);
  const word = reader.word();
  if (!isUpType(word) || (word === "query" && wire.mode === "partition")) {
    throw new ProtocolError("unknownMessage", `no message "${word}" from ${wire.mode} clients`);
  }
  return decoders[word](reader, wire);
};

/** Writes one frame for a server. */
export const encodeUp = (message: UpMessage, wire: Wire): Uint8Array<ArrayBuffer> => {
  switch (message.type) {
    case "bind":
      return encodeBind(message, wire);
    case "ident":
      return encodeClientIdent(message);
    case "query":
      return encodeQuery(message);
    case "upload":
      return encodeUpload(message, wire);
    case "mark":
      return encodeMark(message);
    case "unbind":
      return encodeUnbind(message);
    case "ping":
      return encodePing(message);
    case "json_error":
      return encodeClientError(message);
    case "test_command":
      return encodeTestCommand(message);
    case "refresh":
      return encodeRefresh(message);
  }
};
