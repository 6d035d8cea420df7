import { createMiddleware } from "hono/factory";
import { shutOutReason } from "../../accounts/access.ts";
import type { LoopBackCaller, LoopBackContext, LoopBackHono } from "./ports.ts";
import { LoopBackError } from "./refusal.ts";

const maxTokenLength = 16_384;

/** The token as LoopBack's clients send it: bare or as a bearer in the header, in a header of its own, or in the query. */
export const readToken = (context: LoopBackContext): string | undefined => {
  const given =
    context.req.header("Authorization")?.replace(/^Bearer\s+/i, "") ??
    context.req.header("X-Access-Token") ??
    context.req.query("access_token");
  const token = given?.trim();
  return token === undefined || token === "" || token.length > maxTokenLength ? undefined : token;
};

const identify = async (context: LoopBackContext): Promise<LoopBackCaller | undefined> => {
  const { tokens, accounts } = context.var.ports;
  const token = readToken(context);
  if (token === undefined) return undefined;
  const result = await tokens.verify(token, "access", accounts.clock());
  if (result.kind !== "ok") return undefined;
  const { claims } = result;
  const realm = await accounts.realms.find(claims.realm);
  if (realm === undefined || realm.id !== claims.realmId) return undefined;
  const handle = accounts.inRealm(realm.name);
  const [user, session] = await Promise.all([handle.users.find(claims.userId), handle.sessions.findLive(claims.sessionId)]);
  if (user === undefined || session?.userId !== user.id || shutOutReason(realm, user) !== undefined) return undefined;
  return { realm, accounts: handle, user, sessionId: session.id };
};

/** Finds out who calls, if anybody does. Access tokens of every sign-in of ours are good here while their session lives. */
export const findCaller = createMiddleware<LoopBackHono>(async (context, next) => {
  context.set("caller", await identify(context));
  await next();
});

export const demandCaller = (context: LoopBackContext): LoopBackCaller => {
  const { caller } = context.var;
  if (caller === undefined) throw new LoopBackError("AUTHORIZATION_REQUIRED");
  return caller;
};

/** The caller, who must be the user in the URL: everybody sees and changes themselves only. */
export const demandSelf = (context: LoopBackContext, id: string): LoopBackCaller => {
  const caller = demandCaller(context);
  if (caller.user.id !== id) throw new LoopBackError("AUTHORIZATION_REQUIRED");
  return caller;
};
