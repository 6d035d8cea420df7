import type { JsonObject } from "../../accounts/schema.ts";
import { findDuplicateKey } from "../../accounts/strict-json.ts";
import type { LoopBackContext } from "./ports.ts";
import { LoopBackError } from "./refusal.ts";

/** Bodies above this many bytes are refused. */
export const maxBodyBytes = 64 * 1024;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LoopBackError("SyntaxError", error instanceof Error ? { message: error.message } : {});
  }
};

/** The body as an object; an empty one counts as `{}`. Each property may stand in it once. */
export const readBody = async (context: LoopBackContext): Promise<JsonObject> => {
  const text = await context.req.text();
  if (text.trim() === "") return {};
  const json = parse(text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new LoopBackError("INVALID_BODY");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined)
    throw new LoopBackError("INVALID_BODY", { message: `\`${duplicate.path.join(".")}\` stands twice in the body` });
  return { ...json };
};
