import { createMiddleware } from "hono/factory";
import { isRealmName, type RealmName } from "../accounts/ids.ts";
import type { Verdict } from "../accounts/limits/meter.ts";
import { meterOf } from "../durable-objects/meter-of.ts";
import type { RequestTerms } from "../durable-objects/realm-meter.ts";
import { managementErrors } from "../errors/management.ts";
import type { Environment } from "./environment.ts";
import { createLog, parseLogSetting } from "../platform/logging.ts";
import { tokensOf } from "./tokens.ts";

/** How long this isolate believes what it was told about a realm's limits (milliseconds). */
const termsAge = 10_000;
const maxKnown = 1000;

const known = new Map<string, { readonly terms: RequestTerms; readonly until: number }>();

/** Tells the realm's meter, and this isolate, that its limits were changed; other isolates follow within seconds. */
export const followLimits = async (environment: Environment, realm: RealmName): Promise<void> => {
  known.clear();
  await meterOf(environment, realm).limitsChanged();
};

const termsOf = async (environment: Environment, appId: string, now: number): Promise<RequestTerms> => {
  const found = known.get(appId);
  if (found !== undefined && found.until > now) return found.terms;
  const terms = await meterOf(environment, appId).terms(appId);
  if (known.size >= maxKnown) known.clear();
  known.set(appId, { terms, until: now + termsAge });
  return terms;
};

/** The user of an access or refresh token; undefined for anybody else, who is counted for the realm only. */
const userOf = async (environment: Environment, header: string | undefined, now: number): Promise<string | undefined> => {
  const token = /^Bearer (\S{1,16384})$/i.exec(header ?? "")?.[1];
  if (token === undefined || token === environment.ADMIN_TOKEN) return undefined;
  const tokens = await tokensOf(environment);
  for (const kind of ["access", "refresh"] as const) {
    const result = await tokens.verify(token, kind, now);
    if (result.kind === "ok") return result.claims.userId;
  }
  return undefined;
};

const appIdOf = (path: string): string | undefined => /^\/api\/(?:v1\/realms|client\/v2\.0\/app)\/([^/]+)(?:\/|$)/.exec(path)?.[1];

const judge = async (environment: Environment, path: string, header: string | undefined): Promise<Verdict> => {
  const appId = appIdOf(path);
  if (appId === undefined || !isRealmName(appId)) return { over: false };
  const now = Date.now();
  const { realm, limited, byUser } = await termsOf(environment, appId, now);
  if (!limited || realm === undefined || !isRealmName(realm)) return { over: false };
  return meterOf(environment, realm).request(realm, byUser ? await userOf(environment, header, now) : undefined);
};

interface MeteringHono {
  readonly Bindings: Environment;
}

/**
 * Refuses requests of a realm, or of one of its users, that has used up its minute. The admin token is not counted, so that limits can be
 * raised. When the meter cannot be asked, requests go on: limits protect the service, and are no right of anybody's.
 */
export const limitRequests = createMiddleware<MeteringHono>(async (context, next) => {
  const header = context.req.header("Authorization");
  if (header === `Bearer ${context.env.ADMIN_TOKEN}`) return next();
  let verdict: Verdict;
  try {
    verdict = await judge(context.env, context.req.path, header);
  } catch (error) {
    createLog(parseLogSetting(context.env.LOG_LEVEL), "limits").log("warn", "requests could not be counted", { reason: String(error) });
    return next();
  }
  if (!verdict.over) return next();
  const { status, message: title, explanation: detail } = managementErrors.LimitReached;
  const headers = { "Retry-After": String(verdict.retryAfterSeconds) };
  if (context.req.path.startsWith("/api/v1/")) {
    const body = {
      code: "LimitReached",
      title,
      status,
      detail,
      requestId: crypto.randomUUID(),
      problems: [{ place: verdict.limit, problem: title }],
    };
    return context.body(JSON.stringify(body), status, { ...headers, "Content-Type": "application/problem+json" });
  }
  return context.json({ error: title, error_code: "LimitReached" }, status, headers);
});
