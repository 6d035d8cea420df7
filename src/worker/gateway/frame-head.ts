import { informingCodes } from "../../errors/sync.ts";
import { FieldReader } from "../../protocol/field-reader.ts";

/** What a partition's message means for its session's place in the gateway. */
export type DownEvent =
  | { readonly kind: "unbound"; readonly session: number }
  | { readonly kind: "sessionError"; readonly session: number }
  | { readonly kind: "connectionError" }
  /** Anything else: it is only passed on. */
  | { readonly kind: "message" };

const message: DownEvent = { kind: "message" };
const firstLetters: ReadonlySet<number> = new Set(["json_error", "error", "unbound"].map((word) => word.charCodeAt(0)));

/**
 * Reads what a partition's frame means for its session. Most frames are told by their first letter.
 * @throws {ProtocolError} when the partition wrote no proper message, which is a fault of ours
 */
export const readDownEvent = (frame: Uint8Array): DownEvent => {
  if (!firstLetters.has(frame[0] ?? 0)) return message;
  const fields = new FieldReader(frame, 0, frame.length, "badHead");
  const word = fields.word();
  if (word === "unbound") return { kind: "unbound", session: fields.lastSession() };
  if (word !== "json_error" && word !== "error") return message;
  const code = fields.integer();
  fields.integer();
  // Plain ERROR, for builds below version 4, says here whether to try again.
  if (word === "error") fields.integer();
  const session = fields.lastInteger();
  if (session === 0) return { kind: "connectionError" };
  return informingCodes.has(code) ? message : { kind: "sessionError", session };
};
