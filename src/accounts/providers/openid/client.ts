import * as oauth from "oauth4webapi";
import { HttpError } from "../../../errors/http.ts";
import { OutgoingError, type Outgoing } from "../../outbox/outgoing.ts";
import type { JsonObject } from "../../schema.ts";
import type { AuthorisationAnswer, AuthorisationRequest, SignInAttempt } from "../provider.ts";
import { clockTolerance, keySetAt, verifyToken } from "./keys.ts";

/** This service as one issuer knows it. */
export interface OpenIdClient {
  /** The issuer's identifier, under which it publishes what it can do (OpenID Connect Discovery). */
  readonly issuer: string;
  /** Other spellings of the issuer that its tokens bear. */
  readonly otherIssuers?: readonly string[];
  readonly clientId: string;
  /** Clients whose tokens are accepted: apps on phones have ids of their own. */
  readonly audiences: readonly string[];
  /** How the client proves itself at the token endpoint. */
  readonly authenticate: () => Promise<oauth.ClientAuth>;
  readonly scopes: readonly string[];
  readonly algorithms: readonly string[];
  /** Added to the URL that browsers are sent to. */
  readonly extraParameters?: Readonly<Record<string, string>>;
}

/** What issuers say of themselves is read again after this time, in milliseconds. */
const metadataLife = 3_600_000;
const maxIssuers = 200;
const metadata = new Map<string, { readonly server: oauth.AuthorizationServer; readonly readAt: number }>();

const requestOptions = (outgoing: Outgoing) => ({
  [oauth.customFetch]: (url: string, { method, headers, body }: { method: string; headers: Record<string, string>; body?: unknown }) =>
    outgoing(url, { method, headers, ...(typeof body === "string" || body instanceof URLSearchParams ? { body } : {}) }),
  // Which addresses may be asked, and whether without TLS, is `outgoing`'s to decide.
  [oauth.allowInsecureRequests]: true,
});

/** Faults on the issuer's side: it cannot be reached, or what it says cannot be understood. */
const asUnavailable = (error: unknown): never => {
  if (error instanceof OutgoingError || error instanceof oauth.OperationProcessingError) throw new HttpError("ProviderUnavailable");
  throw error;
};

const discover = async (issuer: string, { outgoing, now }: SignInAttempt): Promise<oauth.AuthorizationServer> => {
  const known = metadata.get(issuer);
  if (known !== undefined && Math.abs(now - known.readAt) < metadataLife) return known.server;
  try {
    const url = new URL(issuer);
    const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, requestOptions(outgoing)));
    if (metadata.size >= maxIssuers) metadata.clear();
    metadata.set(issuer, { server, readAt: now });
    return server;
  } catch (error) {
    return asUnavailable(error);
  }
};

/** The claims of an ID token of this issuer for this client; undefined when it is none. `nonce`: what the token must repeat. */
export const readIdToken = async (
  client: OpenIdClient,
  attempt: SignInAttempt,
  token: string,
  nonce: string | undefined,
): Promise<JsonObject | undefined> => {
  const { jwks_uri: keysUri } = await discover(client.issuer, attempt);
  if (keysUri === undefined) throw new HttpError("ProviderUnavailable");
  const claims = await verifyToken(token, keySetAt(keysUri, attempt.outgoing), {
    algorithms: client.algorithms,
    audience: client.audiences,
    issuer: [client.issuer, ...(client.otherIssuers ?? [])],
    requiredClaims: ["iss", "sub", "aud", "exp", "iat"],
    now: attempt.now,
  });
  if (claims === undefined) return undefined;
  const { azp } = claims;
  if (azp !== undefined && !client.audiences.some((audience) => audience === azp)) return undefined;
  if (nonce !== undefined && claims["nonce"] !== nonce && claims["nonce"] !== (await sha256Hex(nonce))) return undefined;
  return claims;
};

/** Apps on Apple's systems send the hash of their nonce to the issuer. */
const sha256Hex = async (text: string): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

const oauthClient = ({ clientId }: OpenIdClient, now: number): oauth.Client => ({
  client_id: clientId,
  [oauth.clockSkew]: Math.round((now - Date.now()) / 1000),
  [oauth.clockTolerance]: clockTolerance,
});

/** A code that is wrong, used or of another client is the caller's fault, not the issuer's. */
const refusedByIssuer = (error: unknown): boolean =>
  error instanceof oauth.AuthorizationResponseError ||
  (error instanceof oauth.ResponseBodyError && (error.error === "invalid_grant" || error.error === "invalid_request"));

/** Whether the token endpoint said that this service's own id or secret is wrong. */
const isMisconfiguration = (error: unknown): boolean =>
  (error instanceof oauth.ResponseBodyError && (error.error === "invalid_client" || error.error === "unauthorized_client")) ||
  error instanceof oauth.WWWAuthenticateChallengeError;

const judgeExchange = (error: unknown): undefined => {
  if (refusedByIssuer(error)) return undefined;
  if (isMisconfiguration(error)) throw new HttpError("ProviderMisconfigured");
  if (error instanceof oauth.ResponseBodyError) throw new HttpError("ProviderUnavailable");
  return asUnavailable(error);
};

/** Exchanges a code that an app on a device was given for an ID token. */
export const exchangeCode = async (
  client: OpenIdClient,
  attempt: SignInAttempt,
  code: { readonly authCode: string; readonly redirectUri: string; readonly codeVerifier: string | undefined },
): Promise<string | undefined> => {
  const server = await discover(client.issuer, attempt);
  const own = oauthClient(client, attempt.now);
  const parameters: Record<string, string> = { code: code.authCode };
  if (code.redirectUri !== "") parameters["redirect_uri"] = code.redirectUri;
  if (code.codeVerifier !== undefined) parameters["code_verifier"] = code.codeVerifier;
  try {
    const options = requestOptions(attempt.outgoing);
    const answer = await oauth.genericTokenEndpointRequest(
      server,
      own,
      await client.authenticate(),
      "authorization_code",
      parameters,
      options,
    );
    return (await oauth.processGenericTokenEndpointResponse(server, own, answer)).id_token;
  } catch (error) {
    return judgeExchange(error);
  }
};

/** The URL to which a browser is sent to sign in at the issuer. */
export const authorisationUrl = async (client: OpenIdClient, attempt: SignInAttempt, request: AuthorisationRequest): Promise<URL> => {
  const { authorization_endpoint: endpoint } = await discover(client.issuer, attempt);
  if (endpoint === undefined) throw new HttpError("ProviderUnavailable");
  const url = new URL(endpoint);
  const parameters = {
    ...client.extraParameters,
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: request.callback,
    scope: client.scopes.join(" "),
    state: request.state,
    nonce: request.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(request.codeVerifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
};

/** The claims of whoever came back from the issuer; undefined when they refused, or the answer is not the one that was asked for. */
export const completeAuthorisation = async (
  client: OpenIdClient,
  attempt: SignInAttempt,
  answer: AuthorisationAnswer,
): Promise<JsonObject | undefined> => {
  const server = await discover(client.issuer, attempt);
  const own = oauthClient(client, attempt.now);
  try {
    const parameters = oauth.validateAuthResponse(server, own, answer.parameters, answer.state);
    const authentication = await client.authenticate();
    const options = requestOptions(attempt.outgoing);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      own,
      authentication,
      parameters,
      answer.callback,
      answer.codeVerifier,
      options,
    );
    const { id_token: token } = await oauth.processGenericTokenEndpointResponse(server, own, response);
    return token === undefined ? undefined : await readIdToken(client, attempt, token, answer.nonce);
  } catch (error) {
    // The state or issuer in the answer is not ours: whoever brought it did not come from where we sent them.
    if (error instanceof oauth.OperationProcessingError && error.code === oauth.INVALID_RESPONSE) return undefined;
    if (error instanceof HttpError) throw error;
    return judgeExchange(error);
  }
};
