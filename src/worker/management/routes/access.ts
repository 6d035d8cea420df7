import { createRoute, z } from "@hono/zod-openapi";
import type { RealmAccounts } from "../../../accounts/accounts.ts";
import type { AdminRight } from "../../../accounts/repositories/admins.ts";
import type { Grant, GrantSubject } from "../../../accounts/repositories/grants.ts";
import { inputError, ManagementError } from "../../../errors/management.ts";
import { byRealmAdmin } from "../access.ts";
import { note } from "../audit.ts";
import { given } from "../given.ts";
import type { ManagementApp } from "../context.ts";
import { isServerAdmin } from "../principal.ts";
import { adminScope, answer, body, pageOf, partitionKey, problems, realmPath, time, timeOf, userId } from "../schemas.ts";

const flag = z.boolean().nullable();
const subject = z.union([z.literal("*"), userId]).openapi({ type: "string", description: "A user's id, or * for everybody." });

const grantSchema = z
  .object({
    partition: z.string(),
    subject: z.string(),
    mayRead: flag,
    mayWrite: flag,
    mayManage: flag,
    updatedAt: time,
  })
  .openapi("Grant");
const showGrant = ({ partition, subject, mayRead, mayWrite, mayManage, updatedAt }: Grant): z.input<typeof grantSchema> => ({
  partition,
  subject,
  mayRead,
  mayWrite,
  mayManage,
  updatedAt: timeOf(updatedAt),
});

const grantPath = realmPath.extend({ partition: partitionKey, subject });

const listGrants = createRoute({
  ...byRealmAdmin,
  tags: ["Grants"],
  method: "get",
  path: "/realms/{realm}/grants",
  operationId: "listGrants",
  summary: "List the grants on a partition, or those of a user or of everybody; at most 1,000",
  request: { params: realmPath, query: z.object({ partition: partitionKey.optional(), subject: subject.optional() }) },
  responses: { ...problems, 200: answer(pageOf(grantSchema), "The grants.") },
});

const setGrant = createRoute({
  ...byRealmAdmin,
  tags: ["Grants"],
  method: "put",
  path: "/realms/{realm}/partitions/{partition}/grants/{subject}",
  operationId: "setGrant",
  summary: "Set flags of a grant; absent ones stay, null unsets one. Open sessions follow at once",
  request: {
    params: grantPath,
    body: body(z.strictObject({ mayRead: flag.optional(), mayWrite: flag.optional(), mayManage: flag.optional() })),
  },
  responses: { ...problems, 200: answer(grantSchema, "The grant as it is now.") },
});

const deleteGrant = createRoute({
  ...byRealmAdmin,
  tags: ["Grants"],
  method: "delete",
  path: "/realms/{realm}/partitions/{partition}/grants/{subject}",
  operationId: "deleteGrant",
  summary: "Take a grant away. Open sessions follow at once",
  request: { params: grantPath },
  responses: { ...problems, 204: { description: "It is gone." } },
});

const adminSchema = z.object({ userId: z.string(), scope: adminScope, grantedBy: z.string().nullable(), createdAt: time }).openapi("Admin");
const showAdmin = ({ userId, scope, grantedBy, createdAt }: AdminRight): z.input<typeof adminSchema> => ({
  userId,
  scope,
  grantedBy,
  createdAt: timeOf(createdAt),
});
const adminPath = realmPath.extend({ userId });

const listAdmins = createRoute({
  ...byRealmAdmin,
  tags: ["Admins"],
  method: "get",
  path: "/realms/{realm}/admins",
  operationId: "listAdmins",
  summary: "List the users of the realm who administer it, or the server",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(pageOf(adminSchema), "All admins of the realm.") },
});

const setAdmin = createRoute({
  ...byRealmAdmin,
  tags: ["Admins"],
  method: "put",
  path: "/realms/{realm}/users/{userId}/admin",
  operationId: "setAdmin",
  summary: "Make a user an admin of the realm; of the server only by one who is that",
  request: { params: adminPath, body: body(z.strictObject({ scope: adminScope })) },
  responses: { ...problems, 200: answer(adminSchema, "The right.") },
});

const deleteAdmin = createRoute({
  ...byRealmAdmin,
  tags: ["Admins"],
  method: "delete",
  path: "/realms/{realm}/users/{userId}/admin",
  operationId: "deleteAdmin",
  summary: "Take the right of an admin away; that over the server only by one who has it",
  request: { params: adminPath },
  responses: { ...problems, 204: { description: "The user is no admin." } },
});

const subjectOf = (text: string): GrantSubject => (text === "*" ? { kind: "everybody" } : { kind: "user", userId: text });

const findGrants = async (
  { grants }: RealmAccounts,
  partition: string | undefined,
  subject: string | undefined,
): Promise<readonly Grant[]> => {
  if (partition !== undefined && subject !== undefined) {
    const found = await grants.find(partition, subjectOf(subject));
    return found === undefined ? [] : [found];
  }
  if (partition !== undefined) return grants.listForPartition(partition);
  if (subject !== undefined) return grants.listForSubject(subjectOf(subject));
  throw inputError("query", "name a partition, a subject, or both");
};

/** Grants on partitions, and who administers. */
export const accessRoutes = (app: ManagementApp): void => {
  app.openapi(listGrants, async (context) => {
    const { partition, subject } = context.req.valid("query");
    const found = await findGrants(context.var.inRealm, partition, subject);
    return context.json({ items: found.map(showGrant), next: null }, 200);
  });

  app.openapi(setGrant, async (context) => {
    const { partition, subject } = context.req.valid("param");
    const flags = given(context.req.valid("json"));
    const grant = await context.var.inRealm.grants.set(partition, subjectOf(subject), flags);
    if (grant === undefined) throw new ManagementError("UserUnknown", { detail: "path.subject: no user of this realm has this id" });
    await note(context, "grant.set", partition, { subject, ...flags });
    return context.json(showGrant(grant), 200);
  });

  app.openapi(deleteGrant, async (context) => {
    const { partition, subject } = context.req.valid("param");
    if (!(await context.var.inRealm.grants.remove(partition, subjectOf(subject)))) throw new ManagementError("GrantUnknown");
    await note(context, "grant.delete", partition, { subject });
    return context.body(null, 204);
  });

  app.openapi(listAdmins, async (context) =>
    context.json({ items: (await context.var.inRealm.admins.list()).map(showAdmin), next: null }, 200),
  );

  app.openapi(setAdmin, async (context) => {
    const { principal, inRealm } = context.var;
    const { userId: id } = context.req.valid("param");
    const { scope } = context.req.valid("json");
    const present = await inRealm.admins.scopeOf(id);
    if ((scope === "server" || present === "server") && !isServerAdmin(principal)) throw new ManagementError("NotPermitted");
    if (!(await inRealm.admins.grant(id, scope, principal.kind === "tool" ? null : principal.userId)))
      throw new ManagementError("UserUnknown");
    await note(context, "admin.set", id, { scope });
    const right = (await inRealm.admins.list()).find((admin) => admin.userId === id);
    if (right === undefined) throw new ManagementError("UserUnknown");
    return context.json(showAdmin(right), 200);
  });

  app.openapi(deleteAdmin, async (context) => {
    const { principal, inRealm } = context.var;
    const { userId: id } = context.req.valid("param");
    const present = await inRealm.admins.scopeOf(id);
    if (present === "server" && !isServerAdmin(principal)) throw new ManagementError("NotPermitted");
    if (!(await inRealm.admins.revoke(id))) throw new ManagementError("UserUnknown", { detail: "the user is no admin" });
    await note(context, "admin.delete", id);
    return context.body(null, 204);
  });
};
