import { z } from "zod";
import { authenticateBySecret, createOpenIdProvider, openIdAlgorithms, openIdConfig } from "./openid/provider.ts";
import type { SignInProvider } from "./provider.ts";

/** Settings of `oidc` and `oidc-…`. */
export const openIdConnectConfig = openIdConfig.extend({
  /** The issuer's identifier; its abilities are read from `/.well-known/openid-configuration` below it. */
  issuer: z.url({ protocol: /^https?$/ }).max(2048),
  signingAlgorithms: z.array(z.enum(openIdAlgorithms)).min(1).default(["RS256", "PS256", "ES256"]),
});

/** Any OpenID Connect issuer. A realm may have several, as `oidc-keycloak` and `oidc-okta`. */
export const openIdConnectProvider = (type: string): SignInProvider =>
  createOpenIdProvider({
    type,
    config: openIdConnectConfig,
    client: ({ issuer, clientId, audiences, clientSecret, scopes, signingAlgorithms }, { accounts }) => ({
      issuer,
      clientId,
      audiences: [clientId, ...audiences],
      authenticate: authenticateBySecret(accounts, clientSecret),
      scopes,
      algorithms: signingAlgorithms,
    }),
  });
