import { Hono } from "hono";
import { z } from "zod";
import { openAccounts } from "../../accounts/accounts.ts";
import { findDuplicateKey } from "../../accounts/strict-json.ts";
import { applyRealmFiles } from "../../accounts/realm-files/apply.ts";
import { realmFileErrors } from "../../errors/realm-files.ts";
import { accessListener } from "../access-changes.ts";
import type { WorkerHono } from "../environment.ts";
import { hasAdminToken } from "./admin-token.ts";
import { realmDefaultsOf } from "../realm-defaults.ts";

/** Files by their paths, as text. */
const body = z.strictObject({ files: z.array(z.strictObject({ path: z.string().min(1).max(256), text: z.string() })).max(100) });

/** The request's files, or what is wrong with the body. */
const readFiles = (text: string): z.output<typeof body>["files"] | string => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) return `${duplicate.path.join(".")} stands twice in the body`;
  const parsed = body.safeParse(json);
  if (parsed.success) return parsed.data.files;
  return parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
};

/**
 * `POST /api/v1/realm-files` with the admin token: applies realm files, all or none of them; with `?dryRun=true` only says what it would do.
 * What `npm start` does with the folder `iam/`, and `reeve push` from anywhere.
 */
export const realmFiles = new Hono<WorkerHono>().post("/", async (context) => {
  const { env, executionCtx } = context;
  if (!(await hasAdminToken(context.req.header("Authorization"), env.ADMIN_TOKEN))) {
    return context.json({ error: "the admin token is needed", error_code: "TokenInvalid" }, 401);
  }
  const dryRun = context.req.query("dryRun") ?? "false";
  if (dryRun !== "true" && dryRun !== "false")
    return context.json({ error: "dryRun is true or false", error_code: "InvalidParameter" }, 400);
  const files = readFiles(await context.req.text());
  if (typeof files === "string") return context.json({ error: files, error_code: "InvalidParameter" }, 400);
  const accessChanged = accessListener(env, (work) => executionCtx.waitUntil(work));
  const accounts = openAccounts(env.DB, { accessChanged, realmDefaults: realmDefaultsOf(env) });
  const result = await applyRealmFiles(accounts, files, { dryRun: dryRun === "true", actor: "admin-token" });
  if (result.ok) return context.json({ applied: result.applied, steps: result.steps });
  const { status, message } = realmFileErrors.REALM_FILES_INVALID;
  return context.json({ error: message, error_code: "REALM_FILES_INVALID", diagnostics: result.diagnostics }, status);
});
