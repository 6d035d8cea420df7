import type { ErrorFamily } from "./entry.ts";

/**
 * Errors of the LoopBack-style accounts under `/api/Users`. Codes and messages are those that LoopBack's clients compare with; where ours
 * are other on purpose, docs/realms.md says so. `ValidationError`, `SyntaxError` and the two that have no code of their own are told by name
 * or message only.
 */
export const loopbackErrors = {
  REALM_REQUIRED: {
    status: 400,
    message: "realm is required",
    explanation:
      "The setting realmRequired is on and neither a property `realm` nor a prefix of the name says which realm is meant. Nothing was looked up or stored.",
  },
  REALM_MISMATCH: {
    status: 400,
    message: "realm and prefix differ",
    explanation: "The property `realm` and the prefix of a name, or two prefixes, name different realms.",
  },
  REALM_NOT_FOUND: {
    status: 404,
    message: "realm not found",
    explanation: "An account was to be made in a realm that does not exist. Signing in to such a realm is answered with LOGIN_FAILED.",
  },
  REALM_INACTIVE: {
    status: 401,
    message: "the realm is not active",
    explanation: "The realm is switched off (`active: false`): it admits nobody and keeps everything.",
  },
  REALM_REMOTE: {
    status: 403,
    message: "the users of this realm are kept elsewhere",
    explanation: "Users of a remote realm live behind the realm's own endpoint; what was asked for has to be done there.",
  },
  SECOND_FACTOR_REQUIRED: {
    status: 401,
    message: "a second factor is required",
    explanation:
      "The password was right, and the user or the realm demands a second factor, for which these routes have no step: docs/sign-in.md has.",
  },
  INVALID_REALM: { status: 400, message: "Invalid realm", explanation: "The property `realm` is no text, or cannot be a realm's name." },
  INVALID_USERNAME: { status: 400, message: "Invalid username", explanation: "The property `username` is no text." },
  INVALID_EMAIL: { status: 400, message: "Invalid email", explanation: "The property `email` is no text." },
  INVALID_TTL: {
    status: 400,
    message: "Invalid ttl",
    explanation: "The property `ttl` of a sign-in is no whole number of seconds above 0. Longer lives than a year are cut to a year.",
  },
  INVALID_BODY: {
    status: 400,
    message: "the body must be a JSON object",
    explanation: "The body is JSON and no object, or names a property twice.",
  },
  USERNAME_EMAIL_REQUIRED: {
    status: 400,
    message: "username or email is required",
    explanation: "A sign-in named nobody, or only a realm.",
  },
  EMAIL_REQUIRED: { status: 400, message: "Email is required", explanation: "A reset was asked for without an address." },
  LOGIN_FAILED: {
    status: 401,
    message: "login failed",
    explanation: "Unknown realm or name, wrong password, or a name that is not confirmed: the answer does not tell which.",
  },
  USER_DISABLED: {
    status: 401,
    message: "the account is not active",
    explanation: "The user is locked or disabled. Answered only after the password was found to be right.",
  },
  TOO_MANY_ATTEMPTS: {
    status: 429,
    message: "too many attempts, try again later",
    explanation: "Too many failed tries for this name or from this address; `Retry-After` says how many seconds to wait.",
  },
  AUTHORIZATION_REQUIRED: {
    status: 401,
    message: "Authorization Required",
    explanation: "There is no access token, it is expired or its session has ended, or its user is another than the one in the URL.",
  },
  INVALID_PASSWORD: {
    status: 422,
    message: "Invalid password.",
    explanation: "A new password is empty, no text or too short (422), or the current one was given wrong (400).",
  },
  PASSWORD_TOO_LONG: {
    status: 422,
    message: "The password entered was too long.",
    explanation: "LoopBack's limit of 72 bytes holds for accounts made through these routes.",
  },
  PASSWORD_CHANGE_NOT_ALLOWED: {
    status: 401,
    message: "Changing user password via patch/replace API is not allowed. Use changePassword() or setPassword() instead.",
    explanation: "A password is changed by `change-password`, which asks for the current one, or by a reset.",
  },
  USER_NOT_FOUND: {
    status: 404,
    message: "User not found",
    explanation: "The link to confirm an address names a user who does not exist, or a remote realm no longer has the user.",
  },
  INVALID_TOKEN: { status: 400, message: "Invalid token", explanation: "The link to confirm an address is unknown, used or expired." },
  INVALID_REDIRECT: {
    status: 400,
    message: "Invalid redirect",
    explanation: "A link to confirm may lead on to a path of this service, or to an origin that the realm lists in allowedRequestOrigins.",
  },
  PROVIDER_DISABLED: {
    status: 403,
    message: "signing in with a password is not enabled",
    explanation: "The realm's provider `password` is switched off.",
  },
  PAYLOAD_TOO_LARGE: { status: 413, message: "request entity too large", explanation: "The body is above 64 KiB. Nothing was read." },
  UNAVAILABLE: {
    status: 503,
    message: "the service is temporarily unavailable",
    explanation:
      "Signing keys, the account store or the endpoint of a remote realm could not be asked. Try again; the log names the reason.",
  },
  INTERNAL: { status: 500, message: "Internal Server Error", explanation: "A fault of the service; the log has its cause." },
  ValidationError: {
    status: 422,
    message: "The `User` instance is not valid.",
    explanation: "Fields do not conform to the realm's entity. `details` names each with what is wrong; nothing was stored.",
  },
  SyntaxError: { status: 400, message: "the body is not JSON", explanation: "The body could not be parsed; the message is the parser's." },
  LogoutWithoutToken: {
    status: 401,
    message: "accessToken is required to logout",
    explanation: "There is no live session to end: no token was sent, or its session has ended already.",
  },
  NoSuchMethod: {
    status: 404,
    message: 'Shared class "User" has no method handling this request',
    explanation: "No route of `/api/Users` has this path and method.",
  },
} as const satisfies ErrorFamily;

export type LoopBackErrorCode = keyof typeof loopbackErrors;
