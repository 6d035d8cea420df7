import { createRoute, z } from "@hono/zod-openapi";
import { normaliseLoginName } from "../../../accounts/names.ts";
import { hashPassword, isPermittedPassword, passwordLength } from "../../../accounts/passwords.ts";
import { accessTokenSeconds } from "../../../accounts/tokens.ts";
import { newId } from "../../../accounts/ids.ts";
import type { AuditEntry } from "../../../accounts/repositories/journal.ts";
import { ServerFacts, setUpAction } from "../../../accounts/repositories/server-facts.ts";
import { inputError, ManagementError } from "../../../errors/management.ts";
import { tokensOf } from "../../tokens.ts";
import { version } from "../../version.ts";
import { byAdmin, byAnybody, byRealmAdmin, byServerAdmin } from "../access.ts";
import { note } from "../audit.ts";
import type { ManagementApp, ManagementContext } from "../context.ts";
import { pageFrom, readCursor } from "../paging.ts";
import { adminScope, answer, body, pageOf, paging, problems, realmPath, time, timeOf, userId } from "../schemas.ts";

const principalSchema = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("tool") }),
    z.object({ kind: z.literal("admin"), realm: z.string(), userId: z.string(), scope: adminScope }),
  ])
  .openapi("Principal");

const getPrincipal = createRoute({
  ...byAdmin,
  tags: ["Server"],
  method: "get",
  path: "/principal",
  operationId: "getPrincipal",
  summary: "Say who the token's bearer is, and that the token is good",
  responses: { ...problems, 200: answer(principalSchema, "The admin token, or an admin.") },
});

const getStatus = createRoute({
  ...byServerAdmin,
  tags: ["Server"],
  method: "get",
  path: "/status",
  operationId: "getStatus",
  summary: "Show the service's release and how much it holds",
  responses: {
    ...problems,
    200: answer(z.object({ version: z.string(), realms: z.int(), users: z.int(), partitions: z.int() }).openapi("Status"), "The status."),
  },
});

const getSetup = createRoute({
  ...byAnybody,
  tags: ["Server"],
  method: "get",
  path: "/setup",
  operationId: "getSetup",
  summary: "Say whether the first admin has still to be made",
  responses: { ...problems, 200: answer(z.object({ needed: z.boolean() }), "Whether the first visit is this one.") },
});

const setUp = createRoute({
  ...byAnybody,
  tags: ["Server"],
  method: "post",
  path: "/setup",
  operationId: "setUp",
  summary: "Make the first admin, a user of the default realm; works once in the life of a server",
  request: {
    body: body(
      z.strictObject({ username: z.string().min(1).max(255), password: z.string().min(passwordLength.min).max(passwordLength.max) }),
    ),
  },
  responses: { ...problems, 201: answer(z.object({ realm: z.string(), userId: z.string() }), "The first admin, who can sign in now.") },
});

const auditSchema = z
  .object({
    id: z.string(),
    realm: z.string().nullable(),
    actor: z.string().openapi({ description: "A user's id, `admin-token`, or `system`." }),
    action: z.string(),
    target: z.string(),
    detail: z.record(z.string(), z.unknown()),
    at: time,
  })
  .openapi("AuditEntry");
const showAudit = ({ id, realm, actor, action, target, detail, createdAt }: AuditEntry): z.input<typeof auditSchema> => ({
  id,
  realm,
  actor,
  action,
  target,
  detail: { ...detail },
  at: timeOf(createdAt),
});

const listAudit = createRoute({
  ...byServerAdmin,
  tags: ["Audit"],
  method: "get",
  path: "/audit",
  operationId: "listAudit",
  summary: "List what was done by whom in all realms, newest first",
  request: { query: z.object(paging) },
  responses: { ...problems, 200: answer(pageOf(auditSchema), "A page of the audit log.") },
});

const listRealmAudit = createRoute({
  ...byRealmAdmin,
  tags: ["Audit"],
  method: "get",
  path: "/realms/{realm}/audit",
  operationId: "listRealmAudit",
  summary: "List what was done by whom in this realm, newest first",
  request: { params: realmPath, query: z.object(paging) },
  responses: { ...problems, 200: answer(pageOf(auditSchema), "A page of the audit log.") },
});

const mintToken = createRoute({
  ...byRealmAdmin,
  tags: ["Sessions"],
  method: "post",
  path: "/realms/{realm}/users/{userId}/tokens",
  operationId: "mintToken",
  summary: "Give out an access token of a user, for tools and tests; it opens a session that can be ended",
  request: { params: realmPath.extend({ userId }) },
  responses: {
    ...problems,
    201: answer(z.object({ accessToken: z.string(), sessionId: z.string(), expiresAt: time }), "The token; it is not shown again."),
  },
});

const setupNeeded = async ({ env }: ManagementContext): Promise<boolean> => !(await new ServerFacts(env.DB).wasSetUp());

/** The server itself: who asks, the first admin, the audit log, tokens for tools. */
export const serverRoutes = (app: ManagementApp): void => {
  app.openapi(getPrincipal, (context) => {
    const { principal } = context.var;
    if (principal.kind === "tool") return context.json(principal, 200);
    const { kind, realm, userId: id, scope } = principal;
    return context.json({ kind, realm, userId: id, scope }, 200);
  });

  app.openapi(getStatus, async (context) => {
    const totals = await new ServerFacts(context.env.DB).totals();
    return context.json({ version, ...totals }, 200);
  });

  app.openapi(getSetup, async (context) => context.json({ needed: await setupNeeded(context) }, 200));

  app.openapi(setUp, async (context) => {
    const { username, password } = context.req.valid("json");
    const { accounts } = context.var;
    if (!(await setupNeeded(context))) throw new ManagementError("AlreadySetUp");
    const name = normaliseLoginName(username);
    if (!name.ok) throw inputError("body.username", name.problem);
    if (!isPermittedPassword(password)) throw inputError("body.password", "contains characters that a password may not have");
    const realm = await accounts.realms.default();
    const inRealm = accounts.inRealm(realm.name);
    const credentials = { username: name.name.key, displayName: name.name.display, passwordHash: await hashPassword(password) };
    const created = await inRealm.users.create({ password: credentials, profile: { name: name.name.display } });
    if (!created.ok) throw new ManagementError("NameTaken", { detail: "body.username is taken" });
    const { id } = created.value;
    // Of two first visits at once one wins; the user of the other is taken back.
    if (!(await inRealm.admins.grantFirst(id))) {
      await inRealm.users.delete(id);
      throw new ManagementError("AlreadySetUp");
    }
    await accounts.audit.append({ actor: id, action: setUpAction, target: id });
    return context.json({ realm: realm.name, userId: id }, 201);
  });

  app.openapi(listAudit, async (context) => {
    const { cursor, limit } = context.req.valid("query");
    const rows = await context.var.accounts.audit.list(readCursor(cursor), limit + 1);
    return context.json(
      pageFrom(rows, limit, ({ id }) => id, showAudit),
      200,
    );
  });

  app.openapi(listRealmAudit, async (context) => {
    const { cursor, limit } = context.req.valid("query");
    const rows = await context.var.inRealm.audit.list(readCursor(cursor), limit + 1);
    return context.json(
      pageFrom(rows, limit, ({ id }) => id, showAudit),
      200,
    );
  });

  app.openapi(mintToken, async (context) => {
    const { inRealm, realm, accounts, principal } = context.var;
    const user = await inRealm.users.find(context.req.valid("param").userId);
    if (user === undefined) throw new ManagementError("UserUnknown");
    // Whoever could borrow the token of an admin of the server would be one.
    const borrowed = await inRealm.admins.scopeOf(user.id);
    if (borrowed === "server" && principal.kind === "admin" && principal.scope !== "server") throw new ManagementError("NotPermitted");
    const now = accounts.clock();
    const sessionId = newId(now);
    const deviceId = newId(now);
    const expiresAt = now + accessTokenSeconds * 1000;
    const device = { platform: "management" };
    await inRealm.sessions.create({ id: sessionId, userId: user.id, provider: "management", apiKeyId: null, deviceId, device, expiresAt });
    const subject = { realm: realm.name, realmId: realm.id, userId: user.id, sessionId, deviceId };
    const accessToken = await (await tokensOf(context.env)).issueAccess(subject, user.customData, now);
    await note(context, "token.mint", user.id, { sessionId });
    return context.json({ accessToken, sessionId, expiresAt: timeOf(expiresAt) }, 201);
  });
};
