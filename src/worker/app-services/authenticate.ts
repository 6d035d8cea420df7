import { createMiddleware } from "hono/factory";
import { shutOutReason } from "../../accounts/access.ts";
import { unknownKeyReason, type TokenClaims, type TokenKind, type TokenResult } from "../../accounts/tokens.ts";
import { HttpError } from "../../errors/http.ts";
import { demandOrigin } from "./cors.ts";
import type { AppServicesContext, AppServicesHono, Caller } from "./ports.ts";

/** Longer tokens are refused unread. */
const maxTokenLength = 16_384;

const ended = { access: "invalid session: access token expired", refresh: "invalid session: refresh token is no longer valid" } as const;

const readBearer = (context: AppServicesContext): string => {
  const [scheme, token, ...rest] = (context.req.header("Authorization") ?? "").trim().split(/\s+/);
  if (scheme?.toLowerCase() !== "bearer" || token === undefined || rest.length > 0) throw new HttpError("MissingAuthReq");
  if (token.length > maxTokenLength) throw new HttpError("InvalidSession");
  return token;
};

/**
 * A refresh token whose key is not ours may be genuine while an operator's key is missing: 401 would sign the user out for good, 503 lets
 * the device come back. An access token is refused plainly, so that the device goes on to refresh it (app-services-api §5.2, §14).
 */
const refuse = (result: Exclude<TokenResult, { kind: "ok" }>, kind: TokenKind): HttpError => {
  if (result.kind === "expired") return new HttpError("InvalidSession", ended[kind]);
  return new HttpError(kind === "refresh" && result.reason === unknownKeyReason ? "MaintenanceInProgress" : "InvalidSession");
};

/** What a good token of this kind says; whether its session and user are still there is not asked. */
export const readToken = async (context: AppServicesContext, kind: TokenKind): Promise<TokenClaims> => {
  const { accounts, tokens } = context.var.ports;
  const result = await tokens.verify(readBearer(context), kind, accounts.clock());
  if (result.kind !== "ok") throw refuse(result, kind);
  return result.claims;
};

/**
 * Who sent the request. Any doubt about the bearer is an invalid session; a fault of keys or store is thrown as it is. Users of a realm that
 * is switched off come back later: an invalid session would sign them out for good, and SDKs delete the files of anonymous users then.
 */
export const identify = async (context: AppServicesContext, kind: TokenKind): Promise<Caller> => {
  const { accounts } = context.var.ports;
  const claims = await readToken(context, kind);
  const realm = await accounts.realms.find(claims.realm);
  // A realm that was deleted and made again under its name is another realm.
  if (realm === undefined || realm.id !== claims.realmId) throw new HttpError("InvalidSession");
  if (!realm.active) throw new HttpError("MaintenanceInProgress", "the realm is not active");
  const handle = accounts.inRealm(realm.name);
  const user = await handle.users.find(claims.userId);
  if (user === undefined || shutOutReason(realm, user) !== undefined)
    throw new HttpError("InvalidSession", `invalid session: ${shutOutReason(realm, user)}`);
  // An access token that lives as long as its session is worth nothing when that has ended.
  if (claims.endsWithSession && (await handle.sessions.findLive(claims.sessionId)) === undefined) throw new HttpError("InvalidSession");
  demandOrigin(context, realm);
  return { claims, realm, accounts: handle, user };
};

/**
 * Demands an access token. Where the URL names a realm, the token must be of that realm; the default realm's URL also serves users who
 * signed in to another realm through it.
 */
export const demandUser = createMiddleware<AppServicesHono>(async (context, next) => {
  const caller = await identify(context, "access");
  const addressed = context.var.realm;
  if (addressed !== undefined && !addressed.isDefault && addressed.name !== caller.realm.name) throw new HttpError("UserAppDomainMismatch");
  context.set("caller", caller);
  await next();
});

/** Demands the refresh token of a session that has not ended. */
export const demandSession = createMiddleware<AppServicesHono>(async (context, next) => {
  const caller = await identify(context, "refresh");
  const session = await caller.accounts.sessions.findLive(caller.claims.sessionId);
  if (session === undefined || session.userId !== caller.user.id) throw new HttpError("InvalidSession", ended.refresh);
  context.set("sessionCaller", { ...caller, session });
  await next();
});
