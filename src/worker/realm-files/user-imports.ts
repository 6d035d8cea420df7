import { Hono } from "hono";
import { z } from "zod";
import { openAccounts } from "../../accounts/accounts.ts";
import { EntityUsers, loadEntity, type UserResult } from "../../accounts/entities/users.ts";
import { parseRealmName } from "../../accounts/ids.ts";
import { isPasswordHash } from "../../accounts/passwords.ts";
import { findDuplicateKey } from "../../accounts/strict-json.ts";
import type { WorkerHono } from "../environment.ts";
import { hasAdminToken } from "./admin-token.ts";

/** Users of one request: each takes some ten statements, of which a request may make a thousand. */
const maxUsers = 80;

const body = z.strictObject({
  users: z
    .array(
      z.strictObject({
        /** Fields of the realm's entity. */
        values: z.record(z.string(), z.unknown()),
        passwordHash: z.string().max(512).refine(isPasswordHash, { error: "is no password hash of Reeve's" }).optional(),
      }),
    )
    .min(1)
    .max(maxUsers),
});

type Import = z.output<typeof body>["users"];

/** The request's users, or what is wrong with the body. */
const readUsers = (text: string): Import | string => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) return `${duplicate.path.join(".")} stands twice in the body`;
  const parsed = body.safeParse(json);
  if (parsed.success) return parsed.data.users;
  return parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
};

const describe = (result: UserResult) =>
  result.ok ? { id: result.user.id } : { issues: result.issues.map(({ field, code, message }) => ({ field, code, message })) };

/**
 * `POST /api/v1/user-imports/{realm}` with the admin token: makes users by the realm's entity, each on its own, and answers for each with its
 * id or with what is wrong with it. What was imported before is refused as not unique, so that an import may be repeated.
 */
export const userImports = new Hono<WorkerHono>().post("/:realm", async (context) => {
  const { env } = context;
  if (!(await hasAdminToken(context.req.header("Authorization"), env.ADMIN_TOKEN))) {
    return context.json({ error: "the admin token is needed", error_code: "TokenInvalid" }, 401);
  }
  const accounts = openAccounts(env.DB);
  const name = parseRealmName(context.req.param("realm"));
  const realm = name === undefined ? undefined : await accounts.realms.find(name);
  if (realm === undefined) return context.json({ error: "realm not found", error_code: "RealmNotFound" }, 404);
  if (realm.settings.remote !== null) {
    return context.json({ error: "the users of this realm are kept elsewhere", error_code: "BadRequest" }, 400);
  }
  const given = readUsers(await context.req.text());
  if (typeof given === "string") return context.json({ error: given, error_code: "InvalidParameter" }, 400);
  const handle = accounts.inRealm(realm.name);
  const users = new EntityUsers(handle, await loadEntity(handle, realm), accounts.clock);
  const results = [];
  for (const { values, passwordHash } of given) {
    results.push(describe(await users.create(values, "administrator", passwordHash === undefined ? {} : { passwordHash })));
  }
  return context.json({ results });
});
