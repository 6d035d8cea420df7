import { errors, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWK, type JWTPayload } from "jose";
import { z } from "zod";
import { isId, isRealmName, type RealmName } from "./ids.ts";
import type { JsonObject } from "./schema.ts";

/** The one algorithm: a token that names another is refused, whatever its signature. */
const algorithm = "ES256";

/** Life of an access token, in seconds: it travels in URLs, so it is short (app-services-api §5.4). */
export const accessTokenSeconds = 30 * 60;

/** Custom data above this size, in UTF-16 units of its JSON, is left out of the token: proxies refuse URLs above 8 KiB. */
const maxUserDataLength = 4096;

const text = z.string().min(1);
const privateKey = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: text,
  y: text,
  d: text,
  kid: text,
  alg: z.literal(algorithm).optional(),
});
const signingKeys = z
  .object({ keys: z.array(privateKey).min(1).max(16) })
  .refine(({ keys }) => new Set(keys.map((key) => key.kid)).size === keys.length, { error: "every key needs a kid of its own" });

/** Key pairs as read from the secret SIGNING_KEYS: the first signs, all verify. */
export type SigningKeys = z.infer<typeof signingKeys>;

export type SigningKeysResult = { readonly ok: true; readonly keys: SigningKeys } | { readonly ok: false; readonly problem: string };

/**
 * Reads the secret SIGNING_KEYS, `{"keys":[private JWK, …]}`. To rotate: put the new key first and leave the old one behind it for as long
 * as tokens signed with it live (the refresh token's life). The problem's text never quotes the secret.
 */
export const parseSigningKeys = (secret: string): SigningKeysResult => {
  let json: unknown;
  try {
    json = JSON.parse(secret);
  } catch {
    return { ok: false, problem: "SIGNING_KEYS is not JSON" };
  }
  const parsed = signingKeys.safeParse(json);
  if (parsed.success) return { ok: true, keys: parsed.data };
  return { ok: false, problem: `SIGNING_KEYS: ${parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.code}`).join("; ")}` };
};

export type TokenKind = "access" | "refresh";

/** What tokens say about their bearer. */
export interface TokenSubject {
  /** The realm's name and its stable id. */
  readonly realm: RealmName;
  readonly realmId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly deviceId: string;
}

/** A verified token. Times are seconds since 1970. */
export interface TokenClaims extends TokenSubject {
  readonly kind: TokenKind;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Custom user data at the time of signing. Rules read the current data instead. */
  readonly userData: JsonObject | undefined;
  /** An access token that is good only while its session lives: whoever admits its bearer asks the store, since it lives long. */
  readonly endsWithSession: boolean;
}

/** An access token of another kind than SDKs get: with a life of its own, and good only while its session lives. */
export interface SessionTokenOptions {
  readonly lifeSeconds: number;
}

/** The reason for a token whose key id is none of ours: forged, or signed by a key that was taken away too early. */
export const unknownKeyReason = "ERR_JWKS_NO_MATCHING_KEY";

/** `expired`: the signature is ours and the time is over; the bearer may refresh. `bad`: anything else; `reason` is for the log. */
export type TokenResult =
  | { readonly kind: "ok"; readonly claims: TokenClaims }
  | { readonly kind: "expired"; readonly claims: TokenClaims }
  | { readonly kind: "bad"; readonly reason: string };

export interface Tokens {
  /**
   * Signs an access token that lives 30 minutes from `now` (milliseconds), or with `session` as long as that says and no longer than its
   * session. `userData`: custom data, or null when there is none.
   */
  issueAccess(subject: TokenSubject, userData: JsonObject | null, now: number, session?: SessionTokenOptions): Promise<string>;
  /** Signs a refresh token that lives `lifeSeconds` from `now` (milliseconds). */
  issueRefresh(subject: TokenSubject, lifeSeconds: number, now: number): Promise<string>;
  /**
   * Verifies signature, algorithm, form and kind, and then the time. Needs no account store: whether the session was revoked is asked
   * elsewhere.
   */
  verify(token: string, kind: TokenKind, now: number): Promise<TokenResult>;
  /** The public halves, for `/.well-known/jwks.json`. */
  readonly jwks: { readonly keys: readonly JWK[] };
}

const payloadShape = z.object({
  iss: z.string(),
  sub: z.string().min(1).max(128),
  typ: z.enum(["access", "refresh"]),
  iat: z.int(),
  exp: z.int(),
  sid: z.string().refine(isId),
  realm: z.string().refine(isRealmName),
  baas_domain_id: z.string().refine(isId),
  baas_device_id: z.string(),
  user_data: z.record(z.string(), z.unknown()).optional(),
  ews: z.literal(true).optional(),
});

const readClaims = (payload: JWTPayload): TokenClaims | undefined => {
  const { success, data } = payloadShape.safeParse(payload);
  if (!success || !isRealmName(data.realm) || data.iss !== data.baas_domain_id) return undefined;
  return {
    kind: data.typ,
    realm: data.realm,
    realmId: data.baas_domain_id,
    userId: data.sub,
    sessionId: data.sid,
    deviceId: data.baas_device_id,
    issuedAt: data.iat,
    expiresAt: data.exp,
    userData: data.user_data,
    endsWithSession: data.ews === true,
  };
};

const publicHalf = ({ kty, crv, x, y, kid }: SigningKeys["keys"][number]): JWK => ({ kty, crv, x, y, kid, alg: algorithm, use: "sig" });

const importKey = async (key: JWK): Promise<CryptoKey> => {
  const imported = await importJWK(key, algorithm);
  if (imported instanceof Uint8Array) throw new TypeError("a signing key must be a key pair");
  return imported;
};

/** Imports the keys once; the result signs and verifies without further set-up. Fails when a key is not a point on the curve. */
export const createTokens = async ({ keys }: SigningKeys): Promise<Tokens> => {
  const [first] = keys;
  if (first === undefined) throw new TypeError("at least one signing key is needed");
  const signingKey = await importKey({ ...publicHalf(first), d: first.d });
  const verifyingKeys = new Map<string, CryptoKey>();
  for (const key of keys) verifyingKeys.set(key.kid, await importKey(publicHalf(key)));

  const sign = (kind: TokenKind, subject: TokenSubject, extra: JsonObject, lifeSeconds: number, now: number): Promise<string> => {
    const issuedAt = Math.floor(now / 1000);
    const claims = {
      typ: kind,
      realm: subject.realm,
      sid: subject.sessionId,
      baas_domain_id: subject.realmId,
      baas_device_id: subject.deviceId,
      ...extra,
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ: "JWT", kid: first.kid })
      .setIssuer(subject.realmId)
      .setSubject(subject.userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifeSeconds)
      .sign(signingKey);
  };

  const selectKey = ({ kid }: { kid?: string | undefined }): CryptoKey => {
    const key = kid === undefined ? undefined : verifyingKeys.get(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  };

  return {
    issueAccess: (subject, userData, now, session) => {
      const fits = userData !== null && JSON.stringify(userData).length <= maxUserDataLength;
      const extra = { ...(fits ? { user_data: userData } : {}), ...(session === undefined ? {} : { ews: true }) };
      return sign("access", subject, extra, session?.lifeSeconds ?? accessTokenSeconds, now);
    },
    issueRefresh: (subject, lifeSeconds, now) => sign("refresh", subject, {}, lifeSeconds, now),
    verify: async (token, kind, now) => {
      try {
        // The time is judged below, after the form: an expired token of the wrong kind is bad, not expired.
        const { payload } = await jwtVerify(token, selectKey, { algorithms: [algorithm], currentDate: new Date(0) });
        const claims = readClaims(payload);
        if (claims === undefined) return { kind: "bad", reason: "claims are incomplete" };
        if (claims.kind !== kind) return { kind: "bad", reason: `a ${claims.kind} token where a ${kind} token is needed` };
        return claims.expiresAt <= now / 1000 ? { kind: "expired", claims } : { kind: "ok", claims };
      } catch (error) {
        if (error instanceof errors.JOSEError) return { kind: "bad", reason: error.code };
        throw error;
      }
    },
    jwks: { keys: keys.map(publicHalf) },
  };
};
