import { openAccounts, type Accounts } from "../../accounts/accounts.ts";
import { defaultRealmName } from "../../accounts/ids.ts";
import type { TokenClaims, Tokens } from "../../accounts/tokens.ts";
import type { Environment } from "../environment.ts";
import { tokensOf } from "../tokens.ts";

/** Who wants to connect. Every refusal has the status that makes clients do the right thing (sync-protocol §2.5, H7). */
export type Authentication =
  | { readonly kind: "user"; readonly claims: TokenClaims }
  /** 401: our own token whose time is over. The client refreshes it and comes back at once, so it is answered only where that helps. */
  | { readonly kind: "expired" }
  /** 403: no token of ours, or not for this realm. The client logs its user out. */
  | { readonly kind: "forbidden"; readonly reason: string }
  /** 503: it cannot be told. A user must not be logged out, and an anonymous one's data deleted, because keys are missing here. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** A token is at most as long as URLs may be. */
const longestToken = 16_384;

/** The token of an upgrade: in the query since core 11.10, in a header before. */
const tokenOf = (request: Request, parameter: string): string | undefined => {
  const inQuery = new URL(request.url).searchParams.get(parameter);
  if (inQuery !== null) return inQuery;
  return /^Bearer (.+)$/.exec(request.headers.get("Authorization") ?? "")?.[1];
};

/**
 * Whether a user of this realm may come in under this App ID: the realm's own name; the default realm's, under which users of every realm
 * may sign in by a prefix to their name; or that of one of the realm's applications, for which alone the account store is asked.
 */
const belongs = async (accounts: Accounts, appId: string, { realm }: TokenClaims): Promise<boolean> =>
  appId === realm || appId === defaultRealmName || (await accounts.realms.findByAppId(appId))?.name === realm;

const admit = async (environment: Environment, appId: string, claims: TokenClaims): Promise<Authentication> => {
  const accounts = openAccounts(environment.DB);
  try {
    if (claims.endsWithSession && (await accounts.inRealm(claims.realm).sessions.findLive(claims.sessionId)) === undefined) {
      return { kind: "forbidden", reason: "the session has ended" };
    }
    return (await belongs(accounts, appId, claims)) ? { kind: "user", claims } : { kind: "forbidden", reason: "a token of another realm" };
  } catch (error) {
    return { kind: "unavailable", reason: String(error) };
  }
};

/** jose's code for a token whose key id is not among the keys. */
const unknownKey = "ERR_JWKS_NO_MATCHING_KEY";

/**
 * Verifies the access token of an upgrade.
 * @param appId the App ID that the URL names
 * @param parameter the name of the query parameter that holds it
 * @param now milliseconds since 1970
 */
export const authenticate = async (
  environment: Environment,
  request: Request,
  appId: string,
  parameter: string,
  now: number,
): Promise<Authentication> => {
  const token = tokenOf(request, parameter);
  if (token === undefined || token.length > longestToken) return { kind: "forbidden", reason: "no access token" };
  let tokens: Tokens;
  try {
    tokens = await tokensOf(environment);
  } catch (error) {
    return { kind: "unavailable", reason: error instanceof Error ? error.message : String(error) };
  }
  const result = await tokens.verify(token, "access", now);
  switch (result.kind) {
    case "bad":
      // A key that is missing here may be an operator's slip. Clients refresh by themselves once the token's own time is over.
      return result.reason === unknownKey
        ? { kind: "unavailable", reason: "signed by an unknown key" }
        : { kind: "forbidden", reason: result.reason };
    case "expired":
      return { kind: "expired" };
    case "ok":
      return admit(environment, appId, result.claims);
  }
};
