import { createMiddleware } from "hono/factory";
import { findDuplicateKey } from "../../accounts/strict-json.ts";
import { inputError, ManagementError } from "../../errors/management.ts";
import type { ManagementHono } from "./context.ts";

/** Bodies above this many bytes are refused. */
export const maxBodyBytes = 256 * 1024;

/** Objects and lists within each other. */
const maxDepth = 64;

const tooDeep = (json: string): boolean => {
  let depth = 0;
  let inText = false;
  for (let position = 0; position < json.length; position += 1) {
    const character = json[position];
    if (inText) {
      if (character === "\\") position += 1;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (character === "}" || character === "]") depth -= 1;
  }
  return false;
};

/** Demands that a body, where there is one, is JSON in full: declared as such, not too deep, no member named twice. */
export const checkBody = createMiddleware<ManagementHono>(async (context, next) => {
  const text = await context.req.text();
  if (text === "") return next();
  const type = context.req.header("Content-Type") ?? "";
  if (!/^application\/json(?:\s*;|$)/i.test(type)) throw new ManagementError("MediaTypeUnsupported");
  if (new TextEncoder().encode(text).length > maxBodyBytes) throw new ManagementError("BodyTooLarge");
  if (tooDeep(text)) throw new ManagementError("JsonInvalid", { detail: `body: nested deeper than ${maxDepth} levels` });
  try {
    JSON.parse(text);
  } catch {
    throw new ManagementError("JsonInvalid");
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw inputError(["body", ...duplicate.path].join("."), "is named twice");
  return next();
});
