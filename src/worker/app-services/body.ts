import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import { readInput } from "../../accounts/providers/input.ts";
import { HttpError } from "../../errors/http.ts";
import type { AppServicesContext } from "./ports.ts";

/** Bodies above this many bytes are refused unread. The largest legitimate ones are foreign tokens. */
export const maxBodyBytes = 64 * 1024;

export const limitBody = bodyLimit({
  maxSize: maxBodyBytes,
  onError: () => {
    throw new HttpError("ReadSizeLimitExceeded");
  },
});

/** Reads a JSON body of a known shape. What Content-Type the client announces is not looked at: generations of SDKs differ. */
export const readBody = async <Schema extends z.ZodType>(context: AppServicesContext, schema: Schema): Promise<z.output<Schema>> => {
  const text = await context.req.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new HttpError("InvalidParameter", "the body is not JSON");
  }
  return readInput(schema, json);
};
