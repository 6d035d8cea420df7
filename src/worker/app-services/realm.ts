import { createMiddleware } from "hono/factory";
import { HttpError } from "../../errors/http.ts";
import { demandOrigin } from "./cors.ts";
import type { AppServicesHono } from "./ports.ts";

/** Finds the realm that the App ID in the URL stands for. */
export const demandRealm = createMiddleware<AppServicesHono>(async (context, next) => {
  const appId = context.req.param("appId") ?? "";
  const realm = await context.var.ports.accounts.realms.findByAppId(appId);
  if (realm === undefined) throw new HttpError("AppNotFound", `cannot find app using Client App ID '${appId.slice(0, 64)}'`);
  demandOrigin(context, realm);
  context.set("realm", realm);
  await next();
});
