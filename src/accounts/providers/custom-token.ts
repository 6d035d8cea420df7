import { createRemoteJWKSet, errors, importSPKI, jwtVerify, type JWTPayload } from "jose";
import { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import { readConfig, readInput } from "./input.ts";
import type { SignInAttempt, SignInOutcome, SignInProvider } from "./provider.ts";

const credentials = z.object({ token: z.string().min(1).max(16_384) });

/** Settings of `custom-token` (rules-and-config §8.5). `signingKeys` are names of the realm's secrets; any of them may have signed. */
export const customTokenConfig = z
  .object({
    audience: z.union([z.string(), z.array(z.string())]).default(""),
    signingAlgorithm: z.enum(["HS256", "RS256"]).default("HS256"),
    signingKeys: z.array(z.string()).max(10).default([]),
    useJWKURI: z.boolean().default(false),
    jwkURI: z
      .url({ protocol: /^https$/ })
      .or(z.literal(""))
      .default(""),
    metadata_fields: z
      .array(
        z.object({ required: z.boolean().default(false), name: z.string().min(1).max(255), field_name: z.string().max(255).optional() }),
      )
      .max(100)
      .default([]),
  })
  .refine((config) => !config.useJWKURI || config.jwkURI !== "", { error: "useJWKURI needs a jwkURI", path: ["jwkURI"] });

export type CustomTokenConfig = z.output<typeof customTokenConfig>;

/** Claims beyond the time by which clocks may differ, in seconds. */
const clockTolerance = 5;

const refused: SignInOutcome = { kind: "refused", code: "AuthError", message: "the token was not accepted", counts: true };

// Key sets are fetched once an isolate and then as jose finds it necessary.
const remoteKeySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

const remoteKeySet = (uri: string): ReturnType<typeof createRemoteJWKSet> => {
  const known = remoteKeySets.get(uri);
  if (known !== undefined) return known;
  const keySet = createRemoteJWKSet(new URL(uri), { timeoutDuration: 5_000 });
  remoteKeySets.set(uri, keySet);
  return keySet;
};

/** The token's claims, or undefined when no key of the realm has signed them as the settings demand. */
const verifyToken = async (attempt: SignInAttempt, config: CustomTokenConfig, token: string): Promise<JWTPayload | undefined> => {
  const audience = [config.audience].flat().filter((entry) => entry !== "");
  const options = {
    algorithms: [config.useJWKURI ? "RS256" : config.signingAlgorithm],
    audience: audience.length > 0 ? audience : attempt.realm.name,
    requiredClaims: ["exp", "sub"],
    currentDate: new Date(attempt.now),
    clockTolerance,
  };
  if (config.useJWKURI) {
    try {
      return (await jwtVerify(token, remoteKeySet(config.jwkURI), options)).payload;
    } catch (error) {
      return judge(error);
    }
  }
  for (const name of config.signingKeys) {
    const secret = await attempt.accounts.secrets.reveal(name);
    if (secret === undefined) continue;
    try {
      const key = config.signingAlgorithm === "HS256" ? new TextEncoder().encode(secret) : await importSPKI(secret, "RS256");
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      judge(error);
    }
  }
  return undefined;
};

/** Tells a bad token from a key set that cannot be had at the moment, which is no verdict on the token. */
const judge = (error: unknown): undefined => {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) throw new HttpError("MaintenanceInProgress");
  if (error instanceof errors.JOSEError) return undefined;
  throw error;
};

const readPath = (claims: JWTPayload, path: string): unknown => {
  let value: unknown = claims;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return value;
};

/** The configured claims as profile entries; undefined when a required one is absent. Values that are no strings are written as JSON. */
const readMetadata = (claims: JWTPayload, config: CustomTokenConfig): Record<string, string> | undefined => {
  const profile: Record<string, string> = {};
  for (const { required, name, field_name: field = name } of config.metadata_fields) {
    const value = readPath(claims, name);
    if (value === undefined || value === null) {
      if (required) return undefined;
      continue;
    }
    profile[field] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return profile;
};

/** `custom-token`: a JWT of somebody else's, whose `sub` is the person (app-services-api §3). */
export const customTokenProvider: SignInProvider = {
  type: "custom-token",
  onByDefault: false,
  accountName: () => undefined,
  verify: async (attempt) => {
    const { token } = readInput(credentials, attempt.credentials);
    const config = readConfig(customTokenConfig, "custom-token", attempt.config);
    const claims = await verifyToken(attempt, config, token);
    const subject = claims?.sub;
    if (claims === undefined || typeof subject !== "string" || subject === "" || subject.length > 255) return refused;
    const profile = readMetadata(claims, config);
    return profile === undefined ? refused : { kind: "identity", identity: { subject, profile, data: {} } };
  },
};
