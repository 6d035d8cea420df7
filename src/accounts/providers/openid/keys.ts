import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import { HttpError } from "../../../errors/http.ts";
import { OutgoingError, type Outgoing } from "../../outbox/outgoing.ts";

/** By how much the clocks of issuers and ours may differ, in seconds. */
export const clockTolerance = 30;

/** Longer tokens are refused unread. */
export const maxTokenLength = 16_384;

/** Key sets that are kept, an isolate: realms name them, so their number is bounded. */
const maxKeySets = 200;

// Fetched once an isolate, and again as jose finds it necessary: when a token names a key that is not there, at most twice a minute.
const keySets = new Map<string, JWTVerifyGetKey>();

/** The keys published at `uri`. */
export const keySetAt = (uri: string, outgoing: Outgoing): JWTVerifyGetKey => {
  const known = keySets.get(uri);
  if (known !== undefined) return known;
  const keySet = createRemoteJWKSet(new URL(uri), { [customFetch]: (url, { headers }) => outgoing(url, { headers }) });
  if (keySets.size >= maxKeySets) keySets.clear();
  keySets.set(uri, keySet);
  return keySet;
};

/** Tells a bad token, which is undefined, from keys that cannot be had at the moment, which is no verdict on the token. */
export const judgeTokenError = (error: unknown): undefined => {
  if (error instanceof OutgoingError || error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) {
    throw new HttpError("ProviderUnavailable");
  }
  // jose says so with its own class when the key set's server answers with an error, and with the same class for nothing else.
  if (error instanceof errors.JOSEError) {
    if (error.code === "ERR_JOSE_GENERIC") throw new HttpError("ProviderUnavailable");
    return undefined;
  }
  throw error;
};

export interface TokenRules {
  /** Never both a secret's and a key pair's: a public key would pass for a secret. */
  readonly algorithms: readonly string[];
  readonly audience: readonly string[];
  readonly issuer?: readonly string[];
  readonly requiredClaims: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

const optionsOf = ({ algorithms, audience, issuer, requiredClaims, now }: TokenRules): JWTVerifyOptions => ({
  algorithms: [...algorithms],
  audience: [...audience],
  ...(issuer === undefined ? {} : { issuer: [...issuer] }),
  requiredClaims: [...requiredClaims],
  currentDate: new Date(now),
  clockTolerance,
});

/** Tokens that claim to be made later than now are forged or of a broken clock. */
const isFromTheFuture = ({ iat }: JWTPayload, now: number): boolean => iat !== undefined && iat > now / 1000 + clockTolerance;

/** A token's claims, or undefined when they were not signed as the rules demand. `key`: a key, or where keys are published. */
export const verifyToken = async (
  token: string,
  key: JWTVerifyGetKey | CryptoKey | Uint8Array,
  rules: TokenRules,
): Promise<JWTPayload | undefined> => {
  try {
    const options = optionsOf(rules);
    const { payload } = typeof key === "function" ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
    return isFromTheFuture(payload, rules.now) ? undefined : payload;
  } catch (error) {
    return judgeTokenError(error);
  }
};
