import { z } from "zod";
import { authenticateBySecret, createOpenIdProvider, openIdConfig } from "./openid/provider.ts";
import type { SignInProvider } from "./provider.ts";

/**
 * Settings of `azuread` and `o365`. `tenantId` is the Directory ID: people of other directories are refused, so `common` and
 * `organizations`, which stand for all of them, are not permitted.
 */
export const azureAdConfig = openIdConfig.extend({
  tenantId: z
    .string()
    .regex(/^[0-9a-zA-Z-]{1,64}$/)
    .refine((id) => !["common", "organizations", "consumers"].includes(id.toLowerCase())),
  /** Where the directory is; national clouds have hosts of their own. */
  authority: z.url({ protocol: /^https?$/ }).default("https://login.microsoftonline.com"),
  /** The issuer, where it cannot be told from authority and tenant. */
  issuer: z.url({ protocol: /^https?$/ }).optional(),
});

/** `azuread` and `o365`: people of one Microsoft Entra directory (Azure AD, Office 365), by ID token or code. */
export const azureAdProvider = (type: "azuread" | "o365"): SignInProvider =>
  createOpenIdProvider({
    type,
    config: azureAdConfig,
    client: ({ tenantId, authority, issuer, clientId, audiences, clientSecret, scopes }, { accounts }) => ({
      issuer: issuer ?? `${authority.replace(/\/+$/, "")}/${tenantId}/v2.0`,
      clientId,
      audiences: [clientId, ...audiences],
      authenticate: authenticateBySecret(accounts, clientSecret),
      scopes,
      algorithms: ["RS256"],
    }),
    // `sub` differs from app to app; `oid` is the person, in all apps of the directory.
    subjectClaim: "oid",
    admits: (claims, { tenantId }) => claims["tid"] === tenantId,
  });
