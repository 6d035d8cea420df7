import { createMiddleware } from "hono/factory";
import type { Environment } from "./environment.ts";
import { createLog, parseLogSetting } from "../platform/logging.ts";

interface RequestLogHono {
  readonly Bindings: Environment;
  readonly Variables: { requestId?: string };
}

/** The realm, or App ID, that a path names. */
const realmOf = (path: string): string | undefined =>
  /^\/api\/(?:v1\/realms|client\/v2\.0\/app)\/([A-Za-z0-9_.-]{1,64})(?:\/|$)/.exec(path)?.[1];

/** Whoever follows the log would otherwise find a line of their own in each answer. */
const readsLog = /^\/api\/v1\/(?:realms\/[^/]+\/)?logs$/;

/** Notes each answered request, under the id that its answer names. Queries are left out: they may hold tokens. */
export const requestLog = createMiddleware<RequestLogHono>(async (context, next) => {
  const start = Date.now();
  await next();
  const { path, method } = context.req;
  if (readsLog.test(path)) return;
  const realm = realmOf(path);
  const { requestId } = context.var;
  createLog(parseLogSetting(context.env.LOG_LEVEL), "http").log("detail", "a request was answered", {
    method,
    path,
    status: context.res.status,
    milliseconds: Date.now() - start,
    ...(realm === undefined ? {} : { realm }),
    ...(requestId === undefined ? {} : { requestId }),
  });
});
