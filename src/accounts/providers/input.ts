import type { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import type { JsonObject } from "../schema.ts";

/** Reads what a client sent. The error names the first wrong field and never repeats its value. */
export const readInput = <Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  const field = path.join(".");
  if (field === "") throw new HttpError("InvalidParameter", "the body must be a JSON object");
  const absent = issue?.code === "invalid_type" && isAbsent(input, path);
  throw absent ? new HttpError("MissingParameter", `missing: ${field}`) : new HttpError("InvalidParameter", `invalid: ${field}`);
};

const isAbsent = (input: unknown, path: readonly string[]): boolean => {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return true;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return false;
};

/** Reads a provider's stored settings. Settings that cannot be read are the operator's mistake and a fault of the service to the client. */
export const readConfig = <Schema extends z.ZodType>(schema: Schema, provider: string, config: JsonObject): z.output<Schema> => {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new Error(
    `the settings of provider ${provider} cannot be read: ${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")}`,
  );
};
