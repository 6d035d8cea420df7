import * as oauth from "oauth4webapi";
import { z } from "zod";
import { HttpError } from "../../../errors/http.ts";
import type { RealmAccounts } from "../../accounts.ts";
import type { JsonObject } from "../../schema.ts";
import { metadataFields, readMetadata, standardProfile, verifiedEmail } from "../claims.ts";
import { readConfig, readInput } from "../input.ts";
import type { SignInAttempt, SignInOutcome, SignInProvider } from "../provider.ts";
import { authorisationUrl, completeAuthorisation, exchangeCode, readIdToken, type OpenIdClient } from "./client.ts";
import { maxTokenLength } from "./keys.ts";

/** An address of an app: an http(s) URL or one of the app's own scheme, but nothing that a browser would run. */
const redirectUri = z
  .url()
  .max(2048)
  .refine((uri) => !/^(javascript|data|vbscript|blob|file|about):/i.test(uri));

const text = z.string().min(1).max(512);

/** Settings that all issuers have in common. */
export const openIdConfig = z.object({
  clientId: text,
  /** Further clients whose ID tokens are accepted, such as the app's own ids on phones. */
  audiences: z.array(text).max(20).default([]),
  /** The name of the realm's secret that holds the client secret; absent for public clients, which prove themselves by PKCE only. */
  clientSecret: text.optional(),
  scopes: z.array(text).max(20).default(["openid", "email", "profile"]),
  /** Where browsers may be sent in the end. */
  redirectUris: z.array(redirectUri).max(50).default([]),
  /** What a native SDK's code was issued for; Google's codes for apps name none. */
  authCodeRedirectUri: z.string().max(2048).default(""),
  /** E-mail domains whose people are admitted; empty: all. */
  domainRestrictions: z.array(text).max(100).default([]),
  metadata_fields: metadataFields,
});

export type OpenIdConfig = z.output<typeof openIdConfig>;

/** Algorithms of key pairs. A token signed with a secret is never accepted: the secret would be the issuer's public key. */
export const openIdAlgorithms = ["RS256", "PS256", "ES256", "RS384", "ES384", "EdDSA"] as const;

const credentials = z
  .object({
    id_token: z.string().min(1).max(maxTokenLength).optional(),
    authCode: z.string().min(1).max(4096).optional(),
    redirectUri: z.string().max(2048).optional(),
    codeVerifier: z.string().max(256).optional(),
    nonce: z.string().min(1).max(512).optional(),
  })
  .refine(({ id_token: token, authCode }) => (token === undefined) !== (authCode === undefined), {
    error: "one of id_token and authCode",
    path: ["id_token"],
  });

/** The client secret that the settings name. */
export const revealSecret = async (accounts: RealmAccounts, name: string): Promise<string> => {
  const secret = await accounts.secrets.reveal(name);
  if (secret === undefined) throw new HttpError("ProviderMisconfigured");
  return secret;
};

/** The usual proof of a client: its secret if it has one. */
export const authenticateBySecret =
  (accounts: RealmAccounts, secretName: string | undefined): OpenIdClient["authenticate"] =>
  async () =>
    secretName === undefined ? oauth.None() : oauth.ClientSecretPost(await revealSecret(accounts, secretName));

/** What one issuer's provider adds to the common way. */
export interface OpenIdProviderParts<Config extends OpenIdConfig> {
  readonly type: string;
  readonly config: z.ZodType<Config>;
  /** This service as the issuer knows it. */
  client(config: Config, attempt: SignInAttempt): OpenIdClient;
  /** The claim by which the issuer knows a person for good; `sub` unless said. */
  readonly subjectClaim?: string;
  /** Further conditions on the claims. */
  admits?(claims: JsonObject, config: Config): boolean;
}

const refused: SignInOutcome = {
  kind: "refused",
  code: "AuthError",
  message: "the identity provider's answer was not accepted",
  counts: true,
};

/** Whether somebody's address, which their issuer must say it verified, is of one of these domains. */
const isOfDomain = (claims: JsonObject, domains: readonly string[]): boolean => {
  if (domains.length === 0) return true;
  if (claims["email_verified"] !== true && claims["email_verified"] !== "true") return false;
  const domain = verifiedEmail(claims)?.split("@").at(-1)?.toLowerCase();
  return domains.some((allowed) => allowed.toLowerCase() === domain);
};

/** A provider that is an OpenID Connect issuer. Takes ID tokens and codes from apps, and sends browsers there and back. */
export const createOpenIdProvider = <Config extends OpenIdConfig>(parts: OpenIdProviderParts<Config>): SignInProvider => {
  const { type, subjectClaim = "sub" } = parts;
  const open = (attempt: SignInAttempt) => {
    const config = readConfig(parts.config, type, attempt.config);
    return { config, client: parts.client(config, attempt) };
  };

  const judge = (claims: JsonObject | undefined, config: Config): SignInOutcome => {
    const subject = claims?.[subjectClaim];
    if (claims === undefined || typeof subject !== "string" || subject === "" || subject.length > 255) return refused;
    if (!isOfDomain(claims, config.domainRestrictions) || parts.admits?.(claims, config) === false) return refused;
    const metadata = readMetadata(claims, config.metadata_fields);
    if (metadata === undefined) return refused;
    const profile = config.metadata_fields.length === 0 ? standardProfile(claims) : metadata;
    const email = verifiedEmail(claims);
    return { kind: "identity", identity: { subject, profile, data: email === undefined ? {} : { email } } };
  };

  return {
    type,
    config: parts.config,
    onByDefault: false,
    secondFactor: "asked",
    accountName: () => undefined,
    verify: async (attempt) => {
      const { id_token: given, authCode, redirectUri: ownUri, codeVerifier, nonce } = readInput(credentials, attempt.credentials);
      const { config, client } = open(attempt);
      const codeUri = ownUri ?? config.authCodeRedirectUri;
      const token = authCode === undefined ? given : await exchangeCode(client, attempt, { authCode, redirectUri: codeUri, codeVerifier });
      return token === undefined ? refused : judge(await readIdToken(client, attempt, token, nonce), config);
    },
    redirect: {
      authorise: (attempt, request) => authorisationUrl(open(attempt).client, attempt, request),
      complete: async (attempt, answer) => {
        const { config, client } = open(attempt);
        return judge(await completeAuthorisation(client, attempt, answer), config);
      },
      allowedRedirects: (config) => readConfig(parts.config, type, config).redirectUris,
    },
  };
};
