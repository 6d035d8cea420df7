import { textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { Wire } from "../wire.ts";

const levels = ["fatal", "error", "warn", "info", "detail", "debug", "trace"] as const;
export type LogLevel = (typeof levels)[number];

/**
 * LOG_MESSAGE (§6.8), from the server from version 10 on: a line for the client's own log. Any time, even before BIND.
 *
 * `log_message <session or 0> <size>⏎{"level":…,"msg":…,"co_id":…}`.
 */
export interface LogMessage {
  readonly type: "log_message";
  /** 0 for the connection. */
  readonly session: number;
  readonly level: LogLevel;
  readonly message: string;
  /** Names the connection in the client's log; only the first one counts. */
  readonly connectionId?: string;
}

export const decodeLogMessage = (reader: FrameReader, wire: Wire): LogMessage => {
  const session = reader.integer();
  const { level, msg, co_id } = reader.jsonObject(reader.lastInteger(), wire.limits.text);
  const known = levels.find((name) => name === level);
  if (known === undefined || typeof msg !== "string") throw new ProtocolError("badBody", "a log message needs a known level and a text");
  return { type: "log_message", session, level: known, message: msg, ...(typeof co_id === "string" && { connectionId: co_id }) };
};

export const encodeLogMessage = ({ session, level, message, connectionId }: LogMessage): Uint8Array<ArrayBuffer> =>
  textFrame(JSON.stringify({ level, msg: message, co_id: connectionId }), (size) => ["log_message", session, size]);
