import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { openAccounts } from "../../accounts/accounts.ts";
import { ManagementError } from "../../errors/management.ts";
import { createLog, parseLogSetting } from "../../platform/logging.ts";
import { realmDefaultsOf } from "../realm-defaults.ts";
import { version } from "../version.ts";
import { answerProblem, inputProblems } from "./answers.ts";
import { checkBody, maxBodyBytes } from "./body.ts";
import type { ManagementApp, ManagementContext, ManagementHono } from "./context.ts";
import { openApiDocument, referencePage } from "./reference.ts";
import { accessRoutes } from "./routes/access.ts";
import { catalogueRoutes } from "./routes/catalogue.ts";
import { limitRoutes } from "./routes/limits.ts";
import { logRoutes } from "./routes/logs.ts";
import { partitionRoutes } from "./routes/partitions.ts";
import { realmRoutes } from "./routes/realms.ts";
import { serverRoutes } from "./routes/server.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { userRoutes } from "./routes/users.ts";
import { accessListener } from "../access-changes.ts";

const openAccountsOf = (context: ManagementContext) =>
  openAccounts(context.env.DB, {
    accessChanged: accessListener(context.env, (work) => context.executionCtx.waitUntil(work)),
    realmDefaults: realmDefaultsOf(context.env),
  });

const reportFault =
  (context: ManagementContext) =>
  (reason: string): void =>
    createLog(parseLogSetting(context.env.LOG_LEVEL), "management").log("error", "a request failed", {
      requestId: context.var.requestId,
      method: context.req.method,
      path: context.req.path,
      reason,
    });

/** The management interface, to be mounted at `/api/v1`: realms, users, grants, partitions and the server itself, described by OpenAPI. */
export const management: ManagementApp = new OpenAPIHono<ManagementHono>({
  defaultHook: (result) => {
    if (result.success) return;
    const problems = inputProblems(result.target, result.error.issues);
    throw new ManagementError("InputInvalid", {
      detail: problems.map(({ place, problem }) => `${place}: ${problem}`).join("; "),
      problems,
    });
  },
});

management.onError((error, context) => answerProblem(error, context, reportFault(context)));

management.use(async (context, next) => {
  context.set("requestId", crypto.randomUUID());
  context.set("accounts", openAccountsOf(context));
  await next();
});
management.use(
  bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new ManagementError("BodyTooLarge");
    },
  }),
);
management.use(checkBody);

management.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
  type: "http",
  scheme: "bearer",
  description: "The admin token, or the access token of a user with the right of an admin.",
});

serverRoutes(management);
realmRoutes(management);
catalogueRoutes(management);
userRoutes(management);
apiKeyRoutes(management);
accessRoutes(management);
partitionRoutes(management);
limitRoutes(management);
logRoutes(management);

management.get("/openapi.json", (context) => context.json(openApiDocument(management, version)));
management.get("/docs", (context) => referencePage(context, openApiDocument(management, version)));

management.all("*", () => {
  throw new ManagementError("RouteUnknown");
});
