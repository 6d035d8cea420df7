import type { ErrorFamily } from "./entry.ts";
import { providerErrors } from "./providers.ts";

/**
 * Errors of the client HTTP interface. The codes are the names that Realm SDKs map to their own error numbers, so they never change
 * (app-services-api §6.2); messages that SDKs compare with are theirs word for word (§6.3).
 */
export const httpErrors = {
  MissingAuthReq: {
    status: 401,
    message: "must authenticate first",
    explanation: "A request that needs a token came without one. The app has to sign in; no data is affected.",
  },
  InvalidSession: {
    status: 401,
    message: "invalid session",
    explanation:
      "The token is expired, revoked, forged, of the wrong kind, or its user can no longer sign in. With an expired access token SDKs refresh and repeat the call; " +
      "when the refresh token is refused too they sign the user out on the device, and an anonymous user's unsynced changes are lost there.",
  },
  UserAppDomainMismatch: {
    status: 403,
    message: "the user belongs to another realm",
    explanation:
      "The realm in the URL, in the user name's prefix and in the token must be the same. Only the default realm's URL may be used to sign in to another realm.",
  },
  DomainNotAllowed: {
    status: 403,
    message: "the origin is not allowed",
    explanation: "A web page of an origin that is not in the realm's allowedRequestOrigins called.",
  },
  ReadSizeLimitExceeded: {
    status: 413,
    message: "the request is too large",
    explanation: "The body is larger than this route permits. Nothing was read or changed.",
  },
  InvalidParameter: {
    status: 400,
    message: "a parameter is invalid",
    explanation:
      "The body is not JSON, or a field has the wrong type or is out of range. The message names the field. Nothing was changed.",
  },
  MissingParameter: {
    status: 400,
    message: "a parameter is missing",
    explanation: "A field that the route requires is absent.",
  },
  FunctionExecutionError: {
    status: 400,
    message: "the function failed",
    explanation: "User code threw or exceeded a limit. The message carries the text of the error; the realm's log has the rest.",
  },
  NotCallable: {
    status: 403,
    message: "the function cannot be called",
    explanation: "The function is private, or its rule did not match the caller.",
  },
  FunctionNotFound: {
    status: 404,
    message: "function not found",
    explanation: "No function of this name exists in the realm.",
  },
  ServiceNotFound: {
    status: 404,
    message: "service not found",
    explanation: "No service of this name exists in the realm, or the route is unknown.",
  },
  InternalServerError: {
    status: 500,
    message: "error processing request",
    explanation: "A fault of the service. The log has its cause under the request id.",
  },
  MaintenanceInProgress: {
    status: 503,
    message: "the service is temporarily unavailable",
    explanation:
      "Signing keys or the account store could not be read, or the user's realm is switched off. It is never answered as 401 or 403, since SDKs would sign their users out. Clients try again by themselves.",
  },
  AppNotFound: {
    status: 404,
    message: "cannot find app",
    explanation: "The App ID in the URL names neither a realm nor an application.",
  },
  AuthProviderNotFound: {
    status: 404,
    message: "authentication provider not found",
    explanation: "The realm has no such sign-in provider, or it is switched off.",
  },
  APIKeyNotFound: {
    status: 404,
    message: "API key not found",
    explanation: "The key does not exist or belongs to another user.",
  },
  APIKeyAlreadyExists: {
    status: 409,
    message: "an API key of this name already exists",
    explanation: "Names of a user's API keys are unique.",
  },
  UserAlreadyConfirmed: {
    status: 400,
    message: "already confirmed",
    explanation: "The name's owner has already confirmed it; nothing was sent.",
  },
  UserNotFound: {
    status: 404,
    message: "user not found",
    explanation: "No user or registration of this name exists in the realm.",
  },
  UserDisabled: {
    status: 401,
    message: "user disabled",
    explanation:
      "The user is locked, disabled or not yet confirmed, or the realm is not active. Answered only after the credentials were found to be right.",
  },
  AuthError: {
    status: 401,
    message: "authentication failed",
    explanation:
      "A provider refused the credentials: a foreign token that does not verify, a function that returned no id. The realm's log names the reason.",
  },
  TooManyAttempts: {
    status: 429,
    message: "too many attempts, try again later",
    explanation:
      "Too many failed tries for this name or from this address. The delay doubles with every further failure and is the same for names that do not exist.",
  },
  RealmNotFound: {
    status: 404,
    message: "realm not found",
    explanation: "The realm that a user name's prefix or the property `realm` names does not exist.",
  },
  RealmRequired: {
    status: 400,
    message: "a realm is required",
    explanation:
      "The realm's setting realmRequired demands that creating and signing in name a realm: as a prefix of the user name or as the property `realm`.",
  },
  BadRequest: {
    status: 400,
    message: "bad request",
    explanation: "The request cannot be carried out as it stands; the message says why. Nothing was changed.",
  },
  Forbidden: {
    status: 403,
    message: "not permitted",
    explanation: "The user is signed in but may not do this, such as deleting the API key that the session was signed in with.",
  },
  AccountNameInUse: {
    status: 409,
    message: "name already in use",
    explanation: "Somebody has registered this name in the realm. Names are compared without regard to upper and lower case.",
  },
  InvalidPassword: {
    status: 401,
    message: "unauthorized",
    explanation: "Wrong password, unknown name, or a name that is not confirmed: the answer does not tell which.",
  },
  UserpassTokenInvalid: {
    status: 400,
    message: "invalid token data",
    explanation: "The link or code to confirm or to reset is unknown, used, expired, or for something else.",
  },
} as const satisfies ErrorFamily;

/** Every family that is answered over HTTP. */
const answered = { ...httpErrors, ...providerErrors } as const;

export type HttpErrorCode = keyof typeof answered;

/**
 * A refusal that the caller is told. Thrown by the rooms that carry out a request and turned into an answer at the edge; `message` reaches the
 * client, so it holds no secret. Everything else that is thrown is a fault and reaches nobody but the log.
 */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;
  /** For `TooManyAttempts`: seconds until a further try makes sense. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: HttpErrorCode, message: string = answered[code].message, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get status(): (typeof answered)[HttpErrorCode]["status"] {
    return answered[this.code].status;
  }
}
