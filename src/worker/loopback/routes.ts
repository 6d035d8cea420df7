import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { describeFault } from "../../accounts/database.ts";
import { openPorts } from "../app-services/routes.ts";
import { createLog, parseLogSetting } from "../../platform/logging.ts";
import {
  changeAccount,
  changePassword,
  completeReset,
  confirmAccount,
  createAccount,
  deleteAccount,
  login,
  readAccount,
  requestReset,
} from "./accounts.ts";
import { demandCaller, demandSelf, findCaller, readToken } from "./authenticate.ts";
import { maxBodyBytes, readBody } from "./body.ts";
import type { LoopBackContext, LoopBackHono, LoopBackPorts } from "./ports.ts";
import { asLoopBackError, describeRefusal, LoopBackError } from "./refusal.ts";

/** The address that Cloudflare saw; nothing that a client can write itself. */
const addressOf = (context: LoopBackContext): string | undefined => context.req.header("cf-connecting-ip");

const openLoopBackPorts = async (context: LoopBackContext): Promise<LoopBackPorts> => {
  const ports = await openPorts(context);
  return { ...ports, origin: (ports.publicOrigin ?? new URL(context.req.url).origin).replace(/\/+$/, "") };
};

const answerError = (error: unknown, context: LoopBackContext): Response => {
  const refusal = asLoopBackError(error);
  if (refusal.code === "INTERNAL" || refusal.code === "UNAVAILABLE") {
    const reason = describeFault(error);
    createLog(parseLogSetting(context.env.LOG_LEVEL), "http").log("error", "a request failed", { path: "/api/Users", reason });
  }
  if (refusal.retryAfterSeconds !== undefined) context.header("Retry-After", String(refusal.retryAfterSeconds));
  return context.json(describeRefusal(refusal), refusal.status);
};

/** `include=user` in LoopBack's several spellings. */
const includesUser = (context: LoopBackContext): boolean =>
  [...(context.req.queries("include") ?? []), ...(context.req.queries("include[]") ?? [])].some((name) => name.toLowerCase() === "user");

/** Accounts as LoopBack's user model has them, to be mounted at `/api/Users` (seed of the realm-prefixed sign-in). */
export const loopback = new Hono<LoopBackHono>()
  .use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new LoopBackError("PAYLOAD_TOO_LARGE");
      },
    }),
  )
  .use(async (context, next) => {
    context.header("Cache-Control", "no-store");
    context.set("ports", await openLoopBackPorts(context));
    await next();
  })
  .use(findCaller)
  .post("/", async (context) => context.json(await createAccount(context.var.ports, await readBody(context), addressOf(context))))
  .get("/", () => {
    // Nobody may list users here; administrators use the management interface.
    throw new LoopBackError("AUTHORIZATION_REQUIRED");
  })
  .post("/login", async (context) => {
    const options = { includesUser: includesUser(context), address: addressOf(context) };
    return context.json(await login(context.var.ports, await readBody(context), options));
  })
  .post("/logout", async (context) => {
    const { caller } = context.var;
    if (caller === undefined) throw new LoopBackError("LogoutWithoutToken");
    await caller.accounts.sessions.revoke(caller.sessionId);
    return context.body(null, 204);
  })
  .post("/change-password", async (context) => {
    await changePassword(context.var.ports, demandCaller(context), await readBody(context));
    return context.body(null, 204);
  })
  .post("/reset", async (context) => {
    await requestReset(context.var.ports, await readBody(context));
    return context.body(null, 204);
  })
  .post("/reset-password", async (context) => {
    await completeReset(context.var.ports, readToken(context), await readBody(context));
    return context.body(null, 204);
  })
  .get("/confirm", async (context) => {
    const { uid = "", token = "", redirect } = context.req.query();
    const target = await confirmAccount(context.var.ports, { uid, token, redirect });
    return target === undefined ? context.body(null, 204) : context.redirect(target);
  })
  .get("/:id", async (context) => context.json(await readAccount(context.var.ports, demandSelf(context, context.req.param("id")))))
  .patch("/:id", async (context) => {
    const caller = demandSelf(context, context.req.param("id"));
    return context.json(await changeAccount(context.var.ports, caller, await readBody(context)));
  })
  .delete("/:id", async (context) => {
    await deleteAccount(demandSelf(context, context.req.param("id")));
    return context.json({ count: 1 });
  })
  .all("*", (context) => {
    const path = context.req.path.replace(/^\/api\/Users/, "");
    throw new LoopBackError("NoSuchMethod", {
      message: `Shared class "User" has no method handling ${context.req.method} ${path.slice(0, 200)}`,
    });
  });

loopback.onError(answerError);
