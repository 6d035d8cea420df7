import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { describeFault } from "../accounts/database.ts";
import { httpErrors } from "../errors/http.ts";
import { appServices } from "./app-services/routes.ts";
import type { WorkerHono } from "./environment.ts";
import { gateway } from "./gateway/routes.ts";
import { loopback } from "./loopback/routes.ts";
import { createLog, parseLogSetting } from "../platform/logging.ts";
import { management } from "./management/index.ts";
import { limitRequests } from "./metering.ts";
import { userImports } from "./realm-files/user-imports.ts";
import { realmFiles } from "./realm-files/routes.ts";
import { requestLog } from "./request-log.ts";
import { service } from "./service.ts";
import { signInApi } from "./sign-in/index.ts";

/** Requests of apps are small; a route family that takes more says so itself, before this limit. */
const maxBodyBytes = 1024 * 1024;

const answer = (context: Context<WorkerHono>, code: "InternalServerError" | "ReadSizeLimitExceeded" | "ServiceNotFound"): Response =>
  context.json({ error: httpErrors[code].message, error_code: code }, httpErrors[code].status);

/** The HTTP side of the Worker: one route family a folder, mounted here. */
export const app = new Hono<WorkerHono>();

// Sockets first: the answer to an upgrade takes no further headers.
app.route("/", gateway);

app.use(requestLog);
app.use(secureHeaders());
app.use(limitRequests);
app.use(bodyLimit({ maxSize: maxBodyBytes, onError: (context) => answer(context, "ReadSizeLimitExceeded") }));
app.route("/", service);
app.route("/api/client/v2.0", appServices);
app.route("/api/Users", loopback);
app.route("/api/v1/realm-files", realmFiles);
app.route("/api/v1/user-imports", userImports);
app.route("/api/v1", signInApi);

// Last of the families under its prefix: what no other route takes is answered in its manner.
app.route("/api/v1", management);

app.notFound((context) => answer(context, "ServiceNotFound"));

app.onError((error, context) => {
  createLog(parseLogSetting(context.env.LOG_LEVEL), "http").log("error", "a request failed", {
    method: context.req.method,
    path: context.req.path,
    reason: describeFault(error),
  });
  return answer(context, "InternalServerError");
});
