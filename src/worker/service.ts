import { Hono } from "hono";
import type { Environment, WorkerHono } from "./environment.ts";
import { tokensOf } from "./tokens.ts";
import { version } from "./version.ts";

/** What must work for this Worker to serve anybody, each with its own check. */
const checks = {
  database: async (environment: Environment): Promise<void> => {
    await environment.DB.prepare("SELECT 1 FROM realms LIMIT 1").run();
  },
  signingKeys: async (environment: Environment): Promise<void> => {
    await tokensOf(environment);
  },
} as const;

const passes = async (check: Promise<void>): Promise<"ok" | "failed"> => {
  try {
    await check;
    return "ok";
  } catch {
    return "failed";
  }
};

/** What load balancers, operators and other servers ask about the service itself; no sign-in, no secrets. */
export const service = new Hono<WorkerHono>();

service.get("/health", async (context) => {
  const [database, signingKeys] = await Promise.all([passes(checks.database(context.env)), passes(checks.signingKeys(context.env))]);
  const healthy = database === "ok" && signingKeys === "ok";
  return context.json({ status: healthy ? "ok" : "unavailable", checks: { database, signingKeys } }, healthy ? 200 : 503);
});

service.get("/version", (context) => context.json({ name: "reeve", version }));

service.get("/.well-known/jwks.json", async (context) => {
  const { jwks } = await tokensOf(context.env);
  return context.json(jwks, 200, { "Cache-Control": "public, max-age=300" });
});
