import type { Action, SentErrorCode } from "../../errors/sync.ts";
import { textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { Wire } from "../wire.ts";

/** How long to wait before binding again, instead of the client's own ladder (§10.2). */
export interface Backoff {
  readonly firstSeconds: number;
  readonly maximumSeconds: number;
  readonly factor: number;
}

/** One object whose change was refused. */
export interface RejectedUpdate {
  readonly reason: string;
  /** Class name without prefix. */
  readonly table: string;
  /** The key as the changeset encoder writes a payload: type byte, then value (§12.5). A malformed one ends the app's process. */
  readonly key: Uint8Array;
}

export interface RejectedUpload {
  /** The client version of the refused change. */
  readonly clientVersion: number;
  readonly updates: readonly RejectedUpdate[];
  /** Where the correcting change is in the history: for 231, absent for 230. */
  readonly serverVersion?: number;
}

/** The keys of the JSON (§12.1). */
interface ErrorBody {
  readonly message: string;
  readonly tryAgain: boolean;
  /** May be empty. */
  readonly logUrl: string;
  readonly shouldClientReset: boolean;
  readonly isRecoveryModeDisabled: boolean;
  readonly backoff?: Backoff;
  readonly partitionQuery?: string;
  readonly previousSchemaVersion?: number;
  readonly rejected?: RejectedUpload;
}

/**
 * JSON_ERROR (§6.6, §12), from the server from version 4 on: ends the connection (session 0, codes 100–199) or the session (200–299; 231
 * and 236 leave it running). After one, nothing more is sent for the session until it is bound again (S9).
 *
 * `json_error <code> <size> <session or 0>⏎<JSON>`.
 */
export interface ServerError extends ErrorBody {
  readonly type: "json_error";
  /** 0 for the connection. */
  readonly session: number;
  readonly code: number;
  readonly action: string;
}

/** One that may be sent: codes that end the app's process cannot be written. `refusal.ts` builds them. */
export interface SentServerError extends ServerError {
  readonly code: SentErrorCode;
  readonly action: Action;
}

export const encodeServerError = (error: SentServerError): Uint8Array<ArrayBuffer> =>
  textFrame(JSON.stringify(toJson(error)), (size) => ["json_error", error.code, size, error.session]);

const toJson = ({ backoff, rejected, ...error }: SentServerError) => ({
  isRecoveryModeDisabled: error.isRecoveryModeDisabled,
  tryAgain: error.tryAgain,
  message: error.message,
  logURL: error.logUrl,
  shouldClientReset: error.shouldClientReset,
  action: error.action,
  ...(backoff && {
    backoffIntervalSec: backoff.firstSeconds,
    backoffMaxDelaySec: backoff.maximumSeconds,
    backoffMultiplier: backoff.factor,
  }),
  ...(rejected && {
    compensatingWriteServerVersion: rejected.serverVersion,
    rejectedClientVersion: rejected.clientVersion,
    rejectedUpdates: rejected.updates.map(({ reason, table, key }) => ({ reason, table, pk: toBase64(key) })),
  }),
  partitionQuery: error.partitionQuery,
  previousSchemaVersion: error.previousSchemaVersion,
});

const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

export const decodeServerError = (reader: FrameReader, wire: Wire): ServerError => {
  const code = reader.integer();
  const size = reader.integer();
  const session = reader.lastInteger();
  const level = code < 200 ? "connection" : "session";
  const addressee = session === 0 ? "connection" : "session";
  if (level !== addressee) throw new ProtocolError("badSession", `code ${code} does not belong to session ${session}`);
  const json = new Members(reader.jsonObject(size, wire.limits.text));
  const backoff = json.all("backoffIntervalSec", "backoffMaxDelaySec", "backoffMultiplier");
  const partitionQuery = json.optional("partitionQuery", "string");
  const previousSchemaVersion = json.optional("previousSchemaVersion", "number");
  const rejected = readRejected(json);
  return {
    type: "json_error",
    session,
    code,
    message: json.required("message", "string"),
    tryAgain: json.required("tryAgain", "boolean"),
    logUrl: json.required("logURL", "string"),
    shouldClientReset: json.required("shouldClientReset", "boolean"),
    isRecoveryModeDisabled: json.required("isRecoveryModeDisabled", "boolean"),
    action: json.required("action", "string"),
    ...(backoff && { backoff: { firstSeconds: backoff[0], maximumSeconds: backoff[1], factor: backoff[2] } }),
    ...(partitionQuery !== undefined && { partitionQuery }),
    ...(previousSchemaVersion !== undefined && { previousSchemaVersion }),
    ...(rejected && { rejected }),
  };
};

const readRejected = (json: Members): RejectedUpload | undefined => {
  const updates = json.list("rejectedUpdates");
  if (updates === undefined) return undefined;
  const serverVersion = json.optional("compensatingWriteServerVersion", "number");
  return {
    clientVersion: json.required("rejectedClientVersion", "number"),
    updates: updates.map((update) => ({
      reason: update.required("reason", "string"),
      table: update.required("table", "string"),
      key: fromBase64(update.required("pk", "string")),
    })),
    ...(serverVersion !== undefined && { serverVersion }),
  };
};

const fromBase64 = (text: string): Uint8Array => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new ProtocolError("badBody", "a key is not base64");
  }
};

interface MemberTypes {
  string: string;
  number: number;
  boolean: boolean;
}

/** A JSON object read key by key; numbers are integers from 0. */
class Members {
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(object: Readonly<Record<string, unknown>>) {
    this.#object = object;
  }

  optional<Type extends keyof MemberTypes>(key: string, type: Type): MemberTypes[Type] | undefined {
    const value = Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
    if (value === undefined || isOfType(value, type)) return value;
    throw new ProtocolError("badBody", `${key} is not a ${type}`);
  }

  required<Type extends keyof MemberTypes>(key: string, type: Type): MemberTypes[Type] {
    const value = this.optional(key, type);
    if (value === undefined) throw new ProtocolError("badBody", `${key} is missing`);
    return value;
  }

  /** Three numbers, all or none. */
  all(first: string, second: string, third: string): readonly [number, number, number] | undefined {
    const one = this.optional(first, "number");
    if (one === undefined) return undefined;
    return [one, this.required(second, "number"), this.required(third, "number")];
  }

  list(key: string): readonly Members[] | undefined {
    const value = Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw new ProtocolError("badBody", `${key} is not a list`);
    return value.map((member: unknown) => {
      if (typeof member !== "object" || member === null) throw new ProtocolError("badBody", `${key} is not a list of objects`);
      return new Members(member as Readonly<Record<string, unknown>>);
    });
  }
}

const isOfType = <Type extends keyof MemberTypes>(value: unknown, type: Type): value is MemberTypes[Type] =>
  typeof value === type && (typeof value !== "number" || (Number.isSafeInteger(value) && value >= 0));
