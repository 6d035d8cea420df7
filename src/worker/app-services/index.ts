import { Hono, type MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { HttpError } from "../../errors/http.ts";
import { answerError } from "./answers.ts";
import { apiKeyRoutes } from "./api-keys.ts";
import { limitBody } from "./body.ts";
import { cors } from "./cors.ts";
import { emailPasswordRoutes } from "./email-password.ts";
import { locationRoutes } from "./location.ts";
import type { AppServicesContext, AppServicesHono, AppServicesPorts, AppServicesRouter } from "./ports.ts";
import { profileRoutes } from "./profile.ts";
import { demandRealm } from "./realm.ts";
import { sessionRoutes } from "./session.ts";
import { signInRoutes } from "./sign-in.ts";

export type { AppServicesContext, AppServicesHono, AppServicesPorts, AppServicesRouter, Caller, SessionCaller } from "./ports.ts";
export { demandSession, demandUser } from "./authenticate.ts";

export interface AppServicesOptions {
  /** Gives the ports of one request. A failure is answered as 503: it says nothing of the caller. */
  readonly open: (context: AppServicesContext) => Promise<AppServicesPorts>;
  /** Told of faults, never of refusals. The answer's link names the same request id. */
  readonly fault: (error: unknown, requestId: string) => void;
  /**
   * Adds route families under the same prefix (functions, push, the sync socket). They get the realm of the URL, CORS and the error answers
   * of these routes.
   */
  readonly extend?: (router: AppServicesRouter) => void;
}

/** Gives a request its id and ports. */
export const openRequest = ({ open, fault }: Pick<AppServicesOptions, "open" | "fault">): MiddlewareHandler<AppServicesHono> =>
  createMiddleware<AppServicesHono>(async (context, next) => {
    const requestId = crypto.randomUUID();
    context.set("requestId", requestId);
    context.set("fault", fault);
    try {
      context.set("ports", await open(context));
    } catch (error) {
      fault(error, requestId);
      throw new HttpError("MaintenanceInProgress");
    }
    await next();
  });

/** The interface that Realm SDKs call, to be mounted at `/api/client/v2.0` (app-services-api). */
export const createAppServices = ({ open, fault, extend }: AppServicesOptions): AppServicesRouter => {
  const router: AppServicesRouter = new Hono<AppServicesHono>();
  router.onError(answerError);
  router.use(cors);
  router.use(openRequest({ open, fault }));
  router.use(limitBody);
  router.use("/app/:appId/*", demandRealm);
  router.route("/", locationRoutes);
  router.route("/", signInRoutes);
  router.route("/", emailPasswordRoutes);
  router.route("/", profileRoutes);
  router.route("/", sessionRoutes);
  router.route("/", apiKeyRoutes);
  extend?.(router);
  router.all("*", () => {
    throw new HttpError("ServiceNotFound", "unknown route");
  });
  return router;
};
