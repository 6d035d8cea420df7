import { z } from "zod";
import { bytesToHex } from "../bytes.ts";
import { HttpError } from "../../errors/http.ts";
import { OutgoingError, type OutgoingRequest } from "../outbox/outgoing.ts";
import { metadataFields, readMetadata, standardProfile } from "./claims.ts";
import { readConfig, readInput } from "./input.ts";
import { openIdConfig, revealSecret } from "./openid/provider.ts";
import type { SignInAttempt, SignInOutcome, SignInProvider } from "./provider.ts";

const credentials = z.object({ accessToken: z.string().min(1).max(4096) });

/** Settings of `oauth2-facebook`. `clientId` is the app's id, `clientSecret` the name of the realm's secret with the app secret. */
export const facebookConfig = z.object({
  clientId: z.string().min(1).max(64),
  clientSecret: z.string().min(1).max(255),
  graphUrl: z.url({ protocol: /^https?$/ }).default("https://graph.facebook.com/v23.0"),
  dialogUrl: z.url({ protocol: /^https?$/ }).default("https://www.facebook.com/v23.0/dialog/oauth"),
  scopes: z.array(z.string().min(1).max(64)).max(20).default(["email", "public_profile"]),
  redirectUris: openIdConfig.shape.redirectUris,
  metadata_fields: metadataFields,
});

type FacebookConfig = z.output<typeof facebookConfig>;

const inspection = z.object({
  data: z.object({
    app_id: z.string().optional(),
    is_valid: z.boolean(),
    user_id: z.string().optional(),
    expires_at: z.number().optional(),
  }),
});
const person = z.looseObject({ id: z.string().min(1).max(255) });
const exchanged = z.object({ access_token: z.string().min(1).max(4096) });

const refused: SignInOutcome = { kind: "refused", code: "AuthError", message: "Facebook did not accept the token", counts: true };

/** Asks the Graph API. Undefined for an answer that refuses; a fault of Facebook's is told as such. */
const ask = async (attempt: SignInAttempt, url: URL, request?: OutgoingRequest): Promise<unknown> => {
  try {
    const response = await attempt.outgoing(url, request);
    if (response.status >= 500 || response.status === 429) throw new HttpError("ProviderUnavailable");
    return response.ok ? await response.json() : undefined;
  } catch (error) {
    if (error instanceof OutgoingError || error instanceof SyntaxError) throw new HttpError("ProviderUnavailable");
    throw error;
  }
};

const urlOf = (base: string, path: string, parameters: Readonly<Record<string, string>>): URL => {
  const url = new URL(`${base.replace(/\/+$/, "")}${path}`);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
};

/** What Facebook wants beside a token, so that a stolen one is no use to others (`appsecret_proof`). */
const proofOf = async (token: string, secret: string): Promise<string> => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const key = await crypto.subtle.importKey("raw", encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return bytesToHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(token))));
};

/**
 * Who a token belongs to. It is asked first for which app the token was made: any other app's token of the same person would otherwise do.
 */
const judge = async (attempt: SignInAttempt, config: FacebookConfig, token: string): Promise<SignInOutcome> => {
  const { clientId, graphUrl } = config;
  const secret = await revealSecret(attempt.accounts, config.clientSecret);
  const inspected = inspection.safeParse(
    await ask(attempt, urlOf(graphUrl, "/debug_token", { input_token: token }), {
      headers: { Authorization: `Bearer ${clientId}|${secret}` },
    }),
  );
  if (!inspected.success) return refused;
  const { app_id: app, is_valid: isValid, user_id: userId, expires_at: expiresAt = 0 } = inspected.data.data;
  if (!isValid || app !== clientId || (expiresAt !== 0 && expiresAt * 1000 <= attempt.now)) return refused;
  const fields = "id,name,first_name,last_name,email,picture.type(large)";
  const me = person.safeParse(
    await ask(attempt, urlOf(graphUrl, "/me", { fields, appsecret_proof: await proofOf(token, secret) }), {
      headers: { Authorization: `Bearer ${token}` },
    }),
  );
  if (!me.success || me.data.id !== userId) return refused;
  const { first_name: given, last_name: family, picture, ...rest } = me.data;
  const url = z.object({ data: z.object({ url: z.string() }) }).safeParse(picture);
  const claims = { ...rest, given_name: given, family_name: family, picture: url.success ? url.data.data.url : undefined };
  const metadata = readMetadata({ ...me.data, ...claims }, config.metadata_fields);
  if (metadata === undefined) return refused;
  const profile = config.metadata_fields.length === 0 ? standardProfile(claims) : metadata;
  return { kind: "identity", identity: { subject: me.data.id, profile, data: {} } };
};

const read = (attempt: SignInAttempt): FacebookConfig => readConfig(facebookConfig, "oauth2-facebook", attempt.config);

/** `oauth2-facebook`: an access token of Facebook Login, or a browser sent there and back (app-services-api §3). */
export const facebookProvider: SignInProvider = {
  type: "oauth2-facebook",
  config: facebookConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: () => undefined,
  verify: async (attempt) => judge(attempt, read(attempt), readInput(credentials, attempt.credentials).accessToken),
  redirect: {
    authorise: async (attempt, { callback, state }) => {
      const { clientId, dialogUrl, scopes } = read(attempt);
      const parameters = { client_id: clientId, redirect_uri: callback, state, response_type: "code", scope: scopes.join(",") };
      return urlOf(dialogUrl, "", parameters);
    },
    complete: async (attempt, { callback, state, parameters }) => {
      const config = read(attempt);
      const code = parameters.get("code");
      if (code === null || parameters.get("state") !== state) return refused;
      const secret = await revealSecret(attempt.accounts, config.clientSecret);
      const form = new URLSearchParams({ client_id: config.clientId, client_secret: secret, redirect_uri: callback, code });
      const url = urlOf(config.graphUrl, "/oauth/access_token", {});
      const answer = exchanged.safeParse(await ask(attempt, url, { method: "POST", body: form }));
      return answer.success ? judge(attempt, config, answer.data.access_token) : refused;
    },
    allowedRedirects: (config) => readConfig(facebookConfig, "oauth2-facebook", config).redirectUris,
  },
};
