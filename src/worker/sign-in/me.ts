import { Hono } from "hono";
import { z } from "zod";
import { isId } from "../../accounts/ids.ts";
import { PasswordAccounts } from "../../accounts/password-accounts.ts";
import { verifyPassword } from "../../accounts/passwords.ts";
import type { Session } from "../../accounts/repositories/sessions.ts";
import { HttpError } from "../../errors/http.ts";
import { answerNothing } from "../app-services/answers.ts";
import { readBody } from "../app-services/body.ts";
import type { AppServicesHono } from "../app-services/ports.ts";

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

const describe = ({ id, provider, deviceId, device, createdAt, lastUsedAt, expiresAt }: Session, currentId: string) => ({
  id,
  provider,
  device_id: deviceId,
  device,
  created_at: timeOf(createdAt),
  last_used_at: timeOf(lastUsedAt),
  expires_at: timeOf(expiresAt),
  current: id === currentId,
});

const passwords = z.object({ password: z.string().max(4096), newPassword: z.string().max(4096) });

/** What users see and end of their own: sessions, and the password that opens them. All behind an access token. */
export const ownSessions = new Hono<AppServicesHono>()
  .get("/me/sessions", async (context) => {
    const { accounts, user, claims } = context.var.caller;
    const sessions = await accounts.sessions.list(user.id);
    return context.json({ sessions: sessions.map((session) => describe(session, claims.sessionId)) });
  })
  .delete("/me/sessions", async (context) => {
    const { accounts, user, claims } = context.var.caller;
    const keepsCurrent = context.req.query("keep") === "current";
    const ended = await accounts.sessions.revokeAll(user.id, keepsCurrent ? claims.sessionId : undefined);
    return context.json({ ended });
  })
  .delete("/me/sessions/:id", async (context) => {
    const { accounts, user } = context.var.caller;
    const id = context.req.param("id");
    const own = isId(id) && (await accounts.sessions.list(user.id)).some((session) => session.id === id);
    if (!own || !(await accounts.sessions.revoke(id))) throw new HttpError("ServiceNotFound", "no such session");
    return answerNothing(context);
  })
  .put("/me/password", async (context) => {
    const { accounts, realm, user } = context.var.caller;
    const { password, newPassword } = await readBody(context, passwords);
    const [credential] = await accounts.credentials.listOfUser(user.id);
    const sources = [{ kind: "name", name: credential?.username ?? user.id }] as const;
    const wait = await accounts.failures.charge(sources);
    if (wait > 0) throw new HttpError("TooManyAttempts", undefined, wait);
    const matches = await verifyPassword(password, credential?.passwordHash);
    if (!matches) throw new HttpError("InvalidPassword");
    await accounts.failures.succeeded(sources);
    await new PasswordAccounts(context.var.ports, realm).changePassword(user.id, newPassword);
    await accounts.audit.append({ actor: user.id, action: "password.change", target: user.id });
    return answerNothing(context);
  });
