import type { ErrorFamily } from "./entry.ts";

/** Errors of signing in that the SDKs' own names do not cover; they know them as a server error with this name. */
export const providerErrors = {
  SignInStepExpired: {
    status: 401,
    message: "this sign-in has expired or was used already",
    explanation:
      "A code, link, challenge or ticket is unknown, used, wrong too often, or past its end; the answer does not tell which. The app starts the sign-in again.",
  },
  SignInPending: {
    status: 409,
    message: "the sign-in is not confirmed yet",
    explanation:
      "A sign-in with magic numbers waits for its owner to choose the right number in the message. The app asks again every few seconds.",
  },
  SecondFactorRequired: {
    status: 401,
    message: "a second factor is required",
    explanation:
      "The credentials are right and the user has an authenticator app. The app continues with the challenge it was given, or, with an SDK that " +
      "cannot, signs in through /api/v1 and hands the SDK the ticket.",
  },
  SecondFactorEnrolmentRequired: {
    status: 401,
    message: "a second factor must be set up first",
    explanation:
      "The realm, or an administrator for this user, demands a second factor and the user has none yet. The challenge in the answer permits setting one up.",
  },
  SecondFactorInvalid: {
    status: 401,
    message: "the code was not accepted",
    explanation: "A code of an authenticator app or a recovery code is wrong or was used before. Failures count against the user.",
  },
  SecondFactorAlreadyEnrolled: {
    status: 409,
    message: "a second factor is set up already",
    explanation: "The user has an authenticator app; it is removed, with a code of it, before another one is set up.",
  },
  RedirectNotAllowed: {
    status: 400,
    message: "the redirect is not allowed",
    explanation: "The address to return to is not, character by character, one of the provider's redirectUris. Nobody was sent there.",
  },
  ProviderUnavailable: {
    status: 503,
    message: "the sign-in provider cannot be reached",
    explanation:
      "The provider's server or its keys could not be had in time, answered with an error, or redirected. It says nothing of the user; clients may try again.",
  },
  ProviderMisconfigured: {
    status: 500,
    message: "the sign-in provider is not set up correctly",
    explanation: "A setting or a secret that the provider needs is missing or wrong; the log names the setting, never the secret.",
  },
  FunctionsUnavailable: {
    status: 501,
    message: "functions cannot run here",
    explanation: "The provider needs a function of the realm and this service runs none. Nothing was changed.",
  },
  OutboxDelivers: {
    status: 404,
    message: "messages are delivered and not shown",
    explanation:
      "The mailbox is for development. A webhook is set, so messages go there; they hold links and codes and are shown to nobody else.",
  },
} as const satisfies ErrorFamily;
