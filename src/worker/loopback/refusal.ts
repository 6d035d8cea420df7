import { isStoreFault } from "../../accounts/database.ts";
import type { FieldIssue } from "../../accounts/entities/prepare.ts";
import { HttpError, type HttpErrorCode } from "../../errors/http.ts";
import { loopbackErrors, type LoopBackErrorCode } from "../../errors/loopback.ts";

interface RefusalOptions {
  readonly message?: string;
  /** Another status than the catalogue's, for a code that LoopBack uses with two. */
  readonly status?: 400;
  readonly details?: ValidationDetails;
  readonly retryAfterSeconds?: number | undefined;
}

interface ValidationDetails {
  readonly context: "User";
  readonly codes: Readonly<Record<string, readonly string[]>>;
  readonly messages: Readonly<Record<string, readonly string[]>>;
}

/** A refusal in LoopBack's terms; `message` reaches the client. */
export class LoopBackError extends Error {
  override readonly name = "LoopBackError";
  readonly code: LoopBackErrorCode;
  readonly status: (typeof loopbackErrors)[LoopBackErrorCode]["status"];
  readonly details: ValidationDetails | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: LoopBackErrorCode, options: RefusalOptions = {}) {
    super(options.message ?? loopbackErrors[code].message);
    this.code = code;
    this.status = options.status ?? loopbackErrors[code].status;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

const longestShownValue = 40;

/** A value as LoopBack's messages show it. */
const show = (value: unknown): string => {
  const text = value === undefined ? "undefined" : JSON.stringify(value);
  return text.length > longestShownValue ? `${text.slice(0, longestShownValue - 4)}..."` : text;
};

/** What is wrong with which fields, in LoopBack's form. */
export const validationError = (issues: readonly FieldIssue[]): LoopBackError => {
  const byField = Map.groupBy(issues, ({ field }) => field);
  // Names come from outside, `__proto__` among them: objects are made of entries, never by assignment.
  const collect = (key: "code" | "message") =>
    Object.fromEntries([...byField].map(([field, own]) => [field, own.map((issue) => issue[key])]));
  const sentences = issues.map(({ field, message, value }) => `\`${field}\` ${message} (value: ${show(value)})`);
  const message = `The \`User\` instance is not valid. Details: ${sentences.join("; ")}.`;
  return new LoopBackError("ValidationError", {
    message,
    details: { context: "User", codes: collect("code"), messages: collect("message") },
  });
};

/** What the accounts' own refusals are in LoopBack's terms; those that cannot come from these routes are faults. */
const translations: Partial<Readonly<Record<HttpErrorCode, LoopBackErrorCode>>> = {
  InvalidPassword: "LOGIN_FAILED",
  AuthError: "LOGIN_FAILED",
  UserDisabled: "USER_DISABLED",
  TooManyAttempts: "TOO_MANY_ATTEMPTS",
  AuthProviderNotFound: "PROVIDER_DISABLED",
  UserpassTokenInvalid: "INVALID_TOKEN",
  UserNotFound: "USER_NOT_FOUND",
  SecondFactorRequired: "SECOND_FACTOR_REQUIRED",
  SecondFactorEnrolmentRequired: "SECOND_FACTOR_REQUIRED",
  InvalidParameter: "LOGIN_FAILED",
  MaintenanceInProgress: "UNAVAILABLE",
};

export const asLoopBackError = (error: unknown): LoopBackError => {
  if (error instanceof LoopBackError) return error;
  if (isStoreFault(error)) return new LoopBackError("UNAVAILABLE");
  const code = error instanceof HttpError ? translations[error.code] : undefined;
  if (code === undefined || !(error instanceof HttpError)) return new LoopBackError("INTERNAL");
  return new LoopBackError(code, { retryAfterSeconds: error.retryAfterSeconds });
};

/** Refusals that clients know by their name. */
const names: Partial<Readonly<Record<LoopBackErrorCode, string>>> = { ValidationError: "ValidationError", SyntaxError: "SyntaxError" };
const withoutCode: ReadonlySet<LoopBackErrorCode> = new Set(["ValidationError", "SyntaxError", "LogoutWithoutToken", "NoSuchMethod"]);

/** The body of the answer. */
export const describeRefusal = ({ code, status, message, details }: LoopBackError) => ({
  error: {
    statusCode: status,
    name: names[code] ?? "Error",
    message,
    ...(withoutCode.has(code) ? {} : { code }),
    ...(details === undefined ? {} : { details }),
  },
});
