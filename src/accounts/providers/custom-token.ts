import { importSPKI } from "jose";
import { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import type { JsonObject } from "../schema.ts";
import { metadataFields, readMetadata } from "./claims.ts";
import { readConfig, readInput } from "./input.ts";
import { keySetAt, maxTokenLength, verifyToken, type TokenRules } from "./openid/keys.ts";
import type { SignInAttempt, SignInOutcome, SignInProvider } from "./provider.ts";

const credentials = z.object({ token: z.string().min(1).max(maxTokenLength) });

/**
 * Settings of `custom-token` (rules-and-config §8.5). `signingKeys` are names of the realm's secrets, for HS256 the shared secret and for
 * RS256 the public key in PEM; any of them may have signed, so that keys can be changed without a gap.
 */
export const customTokenConfig = z
  .object({
    audience: z.union([z.string(), z.array(z.string())]).default(""),
    /** Where given, the token's issuer must be it. */
    issuer: z.string().max(2048).default(""),
    signingAlgorithm: z.enum(["HS256", "RS256"]).default("HS256"),
    signingKeys: z.array(z.string()).max(10).default([]),
    useJWKURI: z.boolean().default(false),
    jwkURI: z
      .url({ protocol: /^https?$/ })
      .or(z.literal(""))
      .default(""),
    metadata_fields: metadataFields,
  })
  .refine((config) => !config.useJWKURI || config.jwkURI !== "", { error: "useJWKURI needs a jwkURI", path: ["jwkURI"] });

export type CustomTokenConfig = z.output<typeof customTokenConfig>;

const refused: SignInOutcome = { kind: "refused", code: "AuthError", message: "the token was not accepted", counts: true };

const rulesOf = ({ realm, now }: SignInAttempt, { audience, issuer, signingAlgorithm, useJWKURI }: CustomTokenConfig): TokenRules => {
  const named = [audience].flat().filter((entry) => entry !== "");
  return {
    algorithms: [useJWKURI ? "RS256" : signingAlgorithm],
    audience: named.length > 0 ? named : [realm.name],
    ...(issuer === "" ? {} : { issuer: [issuer] }),
    requiredClaims: ["exp", "sub"],
    now,
  };
};

const importKey = async (algorithm: CustomTokenConfig["signingAlgorithm"], secret: string): Promise<CryptoKey | Uint8Array> => {
  if (algorithm === "HS256") return new TextEncoder().encode(secret);
  try {
    return await importSPKI(secret, "RS256");
  } catch {
    throw new HttpError("ProviderMisconfigured");
  }
};

/** The token's claims, or undefined when no key of the realm has signed them as the settings demand. */
const readClaims = async (attempt: SignInAttempt, config: CustomTokenConfig, token: string): Promise<JsonObject | undefined> => {
  const rules = rulesOf(attempt, config);
  if (config.useJWKURI) return verifyToken(token, keySetAt(config.jwkURI, attempt.outgoing), rules);
  for (const name of config.signingKeys) {
    const secret = await attempt.accounts.secrets.reveal(name);
    if (secret === undefined) continue;
    const claims = await verifyToken(token, await importKey(config.signingAlgorithm, secret), rules);
    if (claims !== undefined) return claims;
  }
  return undefined;
};

/** `custom-token`: a JWT of somebody else's, whose `sub` is the person (app-services-api §3). */
export const customTokenProvider: SignInProvider = {
  type: "custom-token",
  config: customTokenConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: () => undefined,
  verify: async (attempt) => {
    const { token } = readInput(credentials, attempt.credentials);
    const config = readConfig(customTokenConfig, "custom-token", attempt.config);
    const claims = await readClaims(attempt, config, token);
    const subject = claims?.["sub"];
    if (claims === undefined || typeof subject !== "string" || subject === "" || subject.length > 255) return refused;
    const profile = readMetadata(claims, config.metadata_fields);
    return profile === undefined ? refused : { kind: "identity", identity: { subject, profile, data: {} } };
  },
};
