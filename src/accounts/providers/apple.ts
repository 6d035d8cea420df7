import { importPKCS8, SignJWT } from "jose";
import * as oauth from "oauth4webapi";
import { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import { createOpenIdProvider, openIdConfig, revealSecret } from "./openid/provider.ts";
import type { SignInAttempt } from "./provider.ts";

const apple = "https://appleid.apple.com";

/**
 * Settings of `oauth2-apple`. `clientId` is the services id of the web flow, `audiences` the bundle ids of apps. `privateKey` names the
 * secret with the PKCS#8 text of Apple's key `keyId`; codes cannot be exchanged without it, ID tokens can be verified.
 */
export const appleConfig = openIdConfig.extend({
  issuer: z.url({ protocol: /^https?$/ }).default(apple),
  teamId: z.string().max(64).optional(),
  keyId: z.string().max(64).optional(),
  privateKey: z.string().max(255).optional(),
  scopes: z.array(z.string()).max(20).default(["openid", "name", "email"]),
});

type AppleConfig = z.output<typeof appleConfig>;

/** Apple's clients prove themselves by a short-lived JWT that their key signs. */
const authenticate = async (config: AppleConfig, { accounts, now }: SignInAttempt): Promise<oauth.ClientAuth> => {
  const { teamId, keyId, privateKey, clientId, issuer } = config;
  if (teamId === undefined || keyId === undefined || privateKey === undefined) throw new HttpError("ProviderMisconfigured");
  const issuedAt = Math.floor(now / 1000);
  try {
    const key = await importPKCS8(await revealSecret(accounts, privateKey), "ES256");
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: "ES256", kid: keyId })
      .setIssuer(teamId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + 300)
      .sign(key);
    return oauth.ClientSecretPost(assertion);
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError("ProviderMisconfigured");
  }
};

/** `oauth2-apple`: an ID token of Sign in with Apple, or the code that comes with it (app-services-api §3). */
export const appleProvider = createOpenIdProvider({
  type: "oauth2-apple",
  config: appleConfig,
  client: (config, attempt) => ({
    issuer: config.issuer,
    clientId: config.clientId,
    audiences: [config.clientId, ...config.audiences],
    authenticate: () => authenticate(config, attempt),
    scopes: config.scopes,
    algorithms: ["RS256", "ES256"],
    // Apple demands that the browser brings name and address back in a form.
    extraParameters: { response_mode: "form_post" },
  }),
});
