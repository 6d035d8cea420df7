import { createMiddleware } from "hono/factory";
import type { Realm } from "../../accounts/repositories/realms.ts";
import { HttpError } from "../../errors/http.ts";
import type { AppServicesContext, AppServicesHono } from "./ports.ts";

const allows = (realm: Realm, origin: string): boolean =>
  realm.settings.allowedRequestOrigins.some((allowed) => allowed === "*" || allowed.replace(/\/+$/, "") === origin);

/**
 * Refuses a web page of an origin that the realm does not permit. Native SDKs send no origin; a page of our own origin needs no permission.
 */
export const demandOrigin = (context: AppServicesContext, realm: Realm): void => {
  const origin = context.req.header("Origin");
  if (origin === undefined || origin === new URL(context.req.url).origin || allows(realm, origin)) return;
  throw new HttpError("DomainNotAllowed");
};

/**
 * What browsers need in order to call from a page of another origin (app-services-api §1). The origin is always reflected, so that a page
 * can read why it was refused: the decision is `demandOrigin`'s, on the request itself. Credentials in the browser's sense are cookies,
 * which nothing here reads; the flag is for the OAuth link flow, whose `fetch` asks for it.
 */
export const cors = createMiddleware<AppServicesHono>(async (context, next) => {
  const origin = context.req.header("Origin");
  if (origin === undefined) return next();
  context.header("Access-Control-Allow-Origin", origin);
  context.header("Access-Control-Allow-Credentials", "true");
  context.header("Access-Control-Expose-Headers", "x-baas-location");
  context.header("Vary", "Origin");
  if (context.req.method !== "OPTIONS") return next();
  context.header("Access-Control-Allow-Headers", "authorization, content-type, accept");
  context.header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
  context.header("Access-Control-Max-Age", "600");
  return context.body(null, 204);
});
