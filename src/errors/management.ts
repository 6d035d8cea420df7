import type { ErrorFamily } from "./entry.ts";

/** Errors of the management interface, answered as a problem body (`application/problem+json`) whose `code` is one of these names. */
export const managementErrors = {
  TokenMissing: {
    status: 401,
    message: "a token is needed",
    explanation:
      "The request has no `Authorization: Bearer …` header. Send the admin token, or the access token of a user with the right of an admin.",
  },
  TokenInvalid: {
    status: 401,
    message: "the token is not valid",
    explanation:
      "It is neither the admin token nor a good access token: wrong, expired, of a session that was ended, or of a user or realm that may not sign in. Sign in again.",
  },
  NotPermitted: {
    status: 403,
    message: "this needs the right of an admin",
    explanation:
      "The bearer is signed in, but is no admin; or is the admin of one realm and asks for another realm or for the server as a whole. The answer is the same whether what was asked for exists.",
  },
  InputInvalid: {
    status: 400,
    message: "the request is not as this route takes it",
    explanation: "`problems` names each place (body, query, path or header) and what is wrong there. Nothing was changed.",
  },
  JsonInvalid: {
    status: 400,
    message: "the body is not JSON",
    explanation:
      "The body could not be read as JSON, is nested too deeply, or names a member twice; the detail says which. Nothing was changed.",
  },
  MediaTypeUnsupported: {
    status: 415,
    message: "the body must be application/json",
    explanation: "A body came with another Content-Type, or with none. Nothing was changed.",
  },
  BodyTooLarge: {
    status: 413,
    message: "the body is too large",
    explanation: "Bodies of the management interface end at 256 KiB. Nothing was read or changed.",
  },
  RouteUnknown: {
    status: 404,
    message: "there is no such route",
    explanation: "No route of the management interface has this method and path; `/api/v1/openapi.json` lists them.",
  },
  RealmUnknown: {
    status: 404,
    message: "there is no such realm",
    explanation: "No realm has this name. Names are compared letter by letter.",
  },
  ApplicationUnknown: { status: 404, message: "there is no such application", explanation: "The realm has no application of this id." },
  ProviderUnknown: {
    status: 404,
    message: "there is no such sign-in provider",
    explanation: "The realm has not configured this provider, or Reeve brings none of this type.",
  },
  SecretUnknown: { status: 404, message: "there is no such secret", explanation: "The realm has no secret of this name." },
  UserUnknown: {
    status: 404,
    message: "there is no such user",
    explanation: "No user of this realm has this id; a user of another realm is unknown here.",
  },
  SessionUnknown: {
    status: 404,
    message: "there is no such session",
    explanation: "The user has no live session of this id; it may have ended already.",
  },
  ApiKeyUnknown: {
    status: 404,
    message: "there is no such API key",
    explanation: "The user has no API key of this id; it may have been deleted already.",
  },
  GrantUnknown: {
    status: 404,
    message: "there is no such grant",
    explanation: "Nothing is recorded for this user, or for everybody, on this partition.",
  },
  PartitionUnknown: {
    status: 404,
    message: "there is no such partition",
    explanation:
      "No device ever opened a partition of this key in the realm and nobody entered one. Keys carry their type: `s:shopping`, `i:42`, `null`.",
  },
  ClassUnknown: {
    status: 404,
    message: "there is no such class",
    explanation: "The partition's schema has no class of this name with objects of its own.",
  },
  PasswordMissing: {
    status: 409,
    message: "the user has no name with a password",
    explanation: "A password can be set for users who registered a name; this one signs in by other providers only.",
  },
  NameTaken: {
    status: 409,
    message: "the name is taken",
    explanation: "A realm, application, secret or user already has this name or id. `place` says which member. Nothing was stored.",
  },
  DefaultRealmStays: {
    status: 409,
    message: "the default realm stays",
    explanation: "The default realm can be neither deleted nor switched from: make another realm the default one first.",
  },
  AlreadySetUp: {
    status: 409,
    message: "the first admin exists already",
    explanation:
      "The first visit creates the first admin, once in the life of a server; later ones are made by an admin or with the admin token.",
  },
  IdempotencyKeyReused: {
    status: 422,
    message: "the idempotency key was used for another request",
    explanation: "An Idempotency-Key names one request, by one caller, for a day. Use a fresh key for a new request.",
  },
  RequestUnderWay: {
    status: 409,
    message: "the same request is under way",
    explanation: "Another request with this Idempotency-Key has not ended yet. Repeat it a little later to get its answer.",
  },
  LimitReached: {
    status: 429,
    message: "a limit of the realm is reached",
    explanation:
      "The realm's or the user's requests within a minute are used up. Come back after the seconds in Retry-After; `/limits` says how near each limit is.",
  },
  PartitionUnavailable: {
    status: 503,
    message: "the partition cannot answer now",
    explanation: "The partition's object failed or is starting anew. Nothing is lost; repeat the request.",
  },
  StoreUnavailable: {
    status: 503,
    message: "the account store cannot be read now",
    explanation: "D1 did not answer. Nothing can be concluded about the caller or what was asked for; repeat the request.",
  },
  FaultInside: {
    status: 500,
    message: "the request failed",
    explanation: "A fault of the service. The log has its cause under the request id.",
  },
} as const satisfies ErrorFamily;

export type ManagementErrorCode = keyof typeof managementErrors;

/** One thing that is wrong with a request. */
export interface InputProblem {
  /** Where: `body.settings.limits.requestsPerMinute`, `query.cursor`, `path.partition`. */
  readonly place: string;
  readonly problem: string;
}

/** A refusal of the management interface; turned into an answer at the edge. `detail` reaches the caller, so it holds no secret. */
export class ManagementError extends Error {
  override readonly name = "ManagementError";
  readonly code: ManagementErrorCode;
  readonly problems: readonly InputProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ManagementErrorCode,
    options: { detail?: string; problems?: readonly InputProblem[]; retryAfterSeconds?: number } = {},
  ) {
    super(options.detail ?? managementErrors[code].explanation);
    this.code = code;
    this.problems = options.problems ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): (typeof managementErrors)[ManagementErrorCode]["status"] {
    return managementErrors[this.code].status;
  }
}

/** The refusal of one wrong place. */
export const inputError = (place: string, problem: string): ManagementError =>
  new ManagementError("InputInvalid", { detail: `${place}: ${problem}`, problems: [{ place, problem }] });
