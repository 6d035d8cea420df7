import { z } from "zod";
import { authenticateBySecret, createOpenIdProvider, openIdConfig } from "./openid/provider.ts";

const google = "https://accounts.google.com";

/** Settings of `oauth2-google`. `issuer` is Google's unless a test says otherwise. */
export const googleConfig = openIdConfig.extend({ issuer: z.url({ protocol: /^https?$/ }).default(google) });

/** `oauth2-google`: an ID token of Google's sign-in, or the code that it gives to servers (app-services-api §3). */
export const googleProvider = createOpenIdProvider({
  type: "oauth2-google",
  config: googleConfig,
  client: ({ issuer, clientId, audiences, clientSecret, scopes }, { accounts }) => ({
    issuer,
    // Google's older tokens leave out the scheme.
    otherIssuers: issuer === google ? ["accounts.google.com"] : [],
    clientId,
    audiences: [clientId, ...audiences],
    authenticate: authenticateBySecret(accounts, clientSecret),
    scopes,
    algorithms: ["RS256"],
  }),
});
