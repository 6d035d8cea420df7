import { z } from "@hono/zod-openapi";
import { isRealmName, type RealmName } from "../../accounts/ids.ts";
import { adminScopes, userStates, userTypes } from "../../accounts/schema.ts";
import { managementErrors, type ManagementErrorCode } from "../../errors/management.ts";
import { partitionOfKey } from "../../protocol/partition.ts";

const codes = Object.keys(managementErrors) as [ManagementErrorCode, ...ManagementErrorCode[]];

/** What every refusal looks like (RFC 9457). */
export const problemSchema = z
  .object({
    code: z.enum(codes).openapi({ description: "Stable name of the error; docs/errors.md explains each." }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    requestId: z.string().openapi({ description: "The log has more under this id." }),
    problems: z.array(z.object({ place: z.string(), problem: z.string() })).optional(),
  })
  .openapi("Problem");

const problem = (description: string) => ({ description, content: { "application/problem+json": { schema: problemSchema } } });

/** The refusals that any route may give. */
export const problems = {
  400: problem("The request is not as the route takes it."),
  401: problem("No token, or not a good one."),
  403: problem("The bearer may not do this."),
  404: problem("Something that the path names does not exist."),
  409: problem("The request does not fit what is stored."),
  413: problem("The body is too large."),
  415: problem("The body is not declared as JSON."),
  422: problem("The idempotency key was used for another request."),
  429: problem("A limit is reached; Retry-After says when to come back."),
  500: problem("A fault of the service."),
  503: problem("The account store or the partition cannot answer now."),
} as const;

/** A JSON answer. */
export const answer = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** A JSON body, which must be there. */
export const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true as const,
  content: { "application/json": { schema } },
});

export const time = z.string().openapi({ format: "date-time", description: "UTC, ISO 8601." });
/** Milliseconds since 1970 as the interface shows them. */
export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
export const timeOrNull = (milliseconds: number | null): string | null => (milliseconds === null ? null : timeOf(milliseconds));

/** Text that people wrote: no control characters, no half surrogates. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    // oxlint-disable-next-line no-control-regex
    .refine((value) => value.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(value), {
      error: "contains control characters or half a surrogate pair",
    });

/** An object of JSON whose members the application decides, at most this large when written. */
export const jsonObject = (maxBytes = 64 * 1024) =>
  z.record(z.string(), z.unknown()).refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= maxBytes, {
    error: `is larger than ${maxBytes} bytes`,
  });

export const realmName = z
  .custom<RealmName>((value) => typeof value === "string" && isRealmName(value), {
    error: "must be 1 to 64 letters, digits, -, _ or ., beginning with a letter or digit",
  })
  .openapi({ type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", example: "users" });

export const userId = z
  .string()
  .regex(/^[0-9a-zA-Z_-]{1,64}$/, { error: "must be a user's id" })
  .openapi({ example: "66a1f0c2d4e5b6a7980c1d2e" });

export const partitionKey = z
  .string()
  .max(2048)
  .refine((key) => partitionOfKey(key) !== undefined, { error: "must be a partition key such as s:shopping, i:42, o:66a1…, u:0123…, null" })
  .openapi({ description: "The canonical key: the partition value's type and text.", example: "s:shopping" });

export const identifier = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, {
  error: "must be 1 to 64 letters, digits, -, _ or ., beginning with a letter or digit",
});

/** The segment of a sign-in URL; providers in code are named `custom/…`. */
export const providerType = z
  .string()
  .regex(/^(custom\/)?[a-z0-9][a-z0-9_-]{0,62}$/, { error: "must be a provider's type such as local-userpass" });

export const adminScope = z.enum(adminScopes);
export const userState = z.enum(userStates);
export const userType = z.enum(userTypes);

/** Query members of every list. */
export const paging = {
  cursor: z.string().max(4096).optional().openapi({ description: "`next` of the page before; absent: from the beginning." }),
  limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ type: "integer", minimum: 1, maximum: 200, default: 50 }),
};

/** A page of a list. */
export const pageOf = <Schema extends z.ZodType>(item: Schema) =>
  z.object({ items: z.array(item), next: z.string().nullable().openapi({ description: "Cursor of the next page; null at the end." }) });

/** `true` or `false` in a query. */
export const queryFlag = z.enum(["true", "false"]).transform((value) => value === "true");

export const idempotencyHeader = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, { error: "must be 1 to 128 visible ASCII characters" })
    .optional()
    .openapi({ description: "Makes it safe to repeat the request within a day: the first answer is given again." }),
});

export const realmPath = z.object({
  realm: z
    .string()
    .max(64)
    .openapi({ param: { name: "realm", in: "path" }, example: "users" }),
});
