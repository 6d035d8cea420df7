import { Hono } from "hono";
import { HttpError } from "../../errors/http.ts";
import { answerNothing } from "./answers.ts";
import { demandSession, demandUser, readToken } from "./authenticate.ts";
import type { AppServicesHono } from "./ports.ts";

/** Sessions, and the end of a user (app-services-api §5). */
export const sessionRoutes = new Hono<AppServicesHono>()
  .post("/auth/session", demandSession, async (context) => {
    const { claims, accounts, user, session } = context.var.sessionCaller;
    const { tokens, accounts: store } = context.var.ports;
    await accounts.sessions.noteUse(session.id);
    return context.json({ access_token: await tokens.issueAccess(claims, user.customData, store.clock()) }, 201);
  })
  .delete("/auth/session", async (context) => {
    // Users who were shut out may sign out, and those who were deleted are told the text that SDKs for the web take as "signed out already".
    const { realm, sessionId } = await readToken(context, "refresh");
    const { sessions } = context.var.ports.accounts.inRealm(realm);
    if (!(await sessions.revoke(sessionId))) throw new HttpError("InvalidSession", "failed to find refresh token");
    return answerNothing(context);
  })
  .delete("/auth/delete", demandUser, async (context) => {
    const { accounts, user } = context.var.caller;
    await accounts.users.delete(user.id);
    await accounts.audit.append({ actor: user.id, action: "user.delete", target: user.id });
    return answerNothing(context);
  });
