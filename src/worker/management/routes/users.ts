import { createRoute, z } from "@hono/zod-openapi";
import { forgetUser as forgetUserOf } from "../../../accounts/entities/users.ts";
import { isId } from "../../../accounts/ids.ts";
import { normaliseLoginName } from "../../../accounts/names.ts";
import { hashPassword, isPermittedPassword, passwordLength } from "../../../accounts/passwords.ts";
import type { Session } from "../../../accounts/repositories/sessions.ts";
import type { Conflict, User } from "../../../accounts/repositories/users.ts";
import type { JsonObject } from "../../../accounts/schema.ts";
import { inputError, ManagementError } from "../../../errors/management.ts";
import { byRealmAdmin } from "../access.ts";
import { note } from "../audit.ts";
import { acceptedUser, entityUsersOf } from "../entity-users.ts";
import { given } from "../given.ts";
import { onceOnly } from "../idempotency.ts";
import type { ManagementApp, ManagementContext } from "../context.ts";
import { pageFrom, readCursor } from "../paging.ts";
import { actorOf, demandRealmAdmin, isServerAdmin } from "../principal.ts";
import {
  adminScope,
  answer,
  body,
  idempotencyHeader,
  jsonObject,
  pageOf,
  paging,
  problems,
  realmPath,
  text,
  time,
  timeOf,
  timeOrNull,
  userId,
  userState,
  userType,
} from "../schemas.ts";

const openObject = z.record(z.string(), z.unknown());

const userSchema = z
  .object({
    id: z.string(),
    realm: z.string(),
    type: userType,
    state: userState,
    fields: openObject.openapi({ description: "The entity's fields; never a password." }),
    profile: z.record(z.string(), z.string()),
    customData: openObject.nullable(),
    tags: z.array(z.string()),
    meta: openObject,
    properties: openObject,
    createdAt: time,
    updatedAt: time,
    lastSignInAt: time.nullable(),
  })
  .openapi("User");

const show = (user: User): z.input<typeof userSchema> => ({
  id: user.id,
  realm: user.realm,
  type: user.type,
  state: user.state,
  fields: { ...user.fields },
  profile: { ...user.profile },
  customData: user.customData === null ? null : { ...user.customData },
  tags: [...user.tags],
  meta: { ...user.meta },
  properties: { ...user.properties },
  createdAt: timeOf(user.createdAt),
  updatedAt: timeOf(user.updatedAt),
  lastSignInAt: timeOrNull(user.lastSignInAt),
});

const detailSchema = userSchema
  .extend({
    admin: adminScope.nullable().openapi({ description: "What the user administers; null: nothing." }),
    identities: z.array(z.object({ id: z.string(), provider: z.string(), subject: z.string(), createdAt: time })),
  })
  .openapi("UserDetail");

const tags = ["Users"];
const userPath = realmPath.extend({ userId });

const listUsers = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/users",
  operationId: "listUsers",
  summary: "List and search the realm's users in the order of their ids",
  request: {
    params: realmPath,
    query: z.object({
      ...paging,
      search: text(255).optional().openapi({ description: "Part of an id, a key field, a login name or an identity." }),
      state: userState.optional(),
    }),
  },
  responses: { ...problems, 200: answer(pageOf(userSchema), "A page of users.") },
});

const dataMembers = {
  fields: jsonObject()
    .optional()
    .openapi({ type: "object", description: "Fields of the realm's entity, checked and completed by it; null empties one." }),
  customData: jsonObject()
    .nullable()
    .optional()
    .openapi({ type: ["object", "null"] }),
  tags: z.array(text(64).min(1)).max(100).optional(),
  meta: jsonObject().optional().openapi({ type: "object" }),
  properties: jsonObject().optional().openapi({ type: "object" }),
};

const newUserBody = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{24}$/, { error: "must be 24 lower-case hex digits" })
    .optional()
    .openapi({ description: "Keeps the id of an imported user." }),
  type: userType.optional(),
  state: userState.optional(),
  username: z.string().min(1).max(255).optional(),
  password: z.string().min(passwordLength.min).max(passwordLength.max).optional(),
  ...dataMembers,
});

const createUser = createRoute({
  ...byRealmAdmin,
  middleware: [demandRealmAdmin, onceOnly] as const,
  tags,
  method: "post",
  path: "/realms/{realm}/users",
  operationId: "createUser",
  summary: "Make a user; with name and password, the name is confirmed; with fields, by the realm's entity",
  request: {
    params: realmPath,
    headers: idempotencyHeader,
    body: body(newUserBody),
  },
  responses: { ...problems, 201: answer(userSchema, "The user.") },
});

const getUser = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/users/{userId}",
  operationId: "getUser",
  summary: "Show a user, how they sign in and what they administer",
  request: { params: userPath },
  responses: { ...problems, 200: answer(detailSchema, "The user.") },
});

const updateUser = createRoute({
  ...byRealmAdmin,
  tags,
  method: "patch",
  path: "/realms/{realm}/users/{userId}",
  operationId: "updateUser",
  summary: "Change a user's fields (those that are given), or custom data, tags, meta or properties (each replaces what was there)",
  request: { params: userPath, body: body(z.strictObject(dataMembers)) },
  responses: { ...problems, 200: answer(userSchema, "The user as they are now.") },
});

const setUserState = createRoute({
  ...byRealmAdmin,
  tags,
  method: "put",
  path: "/realms/{realm}/users/{userId}/state",
  operationId: "setUserState",
  summary: "Lock, disable or readmit a user; open connections end at once",
  request: { params: userPath, body: body(z.strictObject({ state: userState })) },
  responses: { ...problems, 200: answer(userSchema, "The user as they are now.") },
});

const setUserPassword = createRoute({
  ...byRealmAdmin,
  tags,
  method: "put",
  path: "/realms/{realm}/users/{userId}/password",
  operationId: "setUserPassword",
  summary: "Give a user a new password and end all their sessions",
  request: { params: userPath, body: body(z.strictObject({ password: z.string().min(passwordLength.min).max(passwordLength.max) })) },
  responses: { ...problems, 204: { description: "The password is set." } },
});

const secondFactorSchema = z.object({ enrolled: z.boolean(), required: z.boolean() }).openapi("SecondFactor", {
  description: "Whether the user has an authenticator app, and whether they need one whatever the realm says.",
});

const setSecondFactor = createRoute({
  ...byRealmAdmin,
  tags,
  method: "put",
  path: "/realms/{realm}/users/{userId}/second-factor",
  operationId: "setSecondFactor",
  summary: "Demand a second factor of a user or no longer, or remove a lost one with its recovery codes",
  request: { params: userPath, body: body(z.strictObject({ required: z.boolean().optional(), remove: z.literal(true).optional() })) },
  responses: { ...problems, 200: answer(secondFactorSchema, "The second factor as it is now.") },
});

const forgetUser = createRoute({
  ...byRealmAdmin,
  tags,
  method: "post",
  path: "/realms/{realm}/users/{userId}/forget",
  operationId: "forgetUser",
  summary: "Forget who a user is: the entity is emptied, the id, grants and data stay",
  request: { params: userPath },
  responses: { ...problems, 200: answer(userSchema, "What is left of the user.") },
});

const deleteUser = createRoute({
  ...byRealmAdmin,
  tags,
  method: "delete",
  path: "/realms/{realm}/users/{userId}",
  operationId: "deleteUser",
  summary: "Delete a user with identities, sessions and grants; data in partitions stays",
  request: { params: userPath },
  responses: { ...problems, 204: { description: "The user is deleted." } },
});

const sessionSchema = z
  .object({
    id: z.string(),
    provider: z.string(),
    deviceId: z.string(),
    device: openObject,
    createdAt: time,
    lastUsedAt: time,
    expiresAt: time,
  })
  .openapi("Session");
const showSession = ({ id, provider, deviceId, device, createdAt, lastUsedAt, expiresAt }: Session): z.input<typeof sessionSchema> => ({
  id,
  provider,
  deviceId,
  device: { ...device },
  createdAt: timeOf(createdAt),
  lastUsedAt: timeOf(lastUsedAt),
  expiresAt: timeOf(expiresAt),
});

const listSessions = createRoute({
  ...byRealmAdmin,
  tags: ["Sessions"],
  method: "get",
  path: "/realms/{realm}/users/{userId}/sessions",
  operationId: "listUserSessions",
  summary: "List a user's live sign-ins, the last used first; at most 200",
  request: { params: userPath },
  responses: { ...problems, 200: answer(pageOf(sessionSchema), "The sessions.") },
});

const revokeSession = createRoute({
  ...byRealmAdmin,
  tags: ["Sessions"],
  method: "delete",
  path: "/realms/{realm}/users/{userId}/sessions/{sessionId}",
  operationId: "revokeUserSession",
  summary: "End one sign-in: its connections end at once",
  request: { params: userPath.extend({ sessionId: z.string().max(64) }) },
  responses: { ...problems, 204: { description: "It is ended." } },
});

const revokeSessions = createRoute({
  ...byRealmAdmin,
  tags: ["Sessions"],
  method: "delete",
  path: "/realms/{realm}/users/{userId}/sessions",
  operationId: "revokeUserSessions",
  summary: "Sign a user out everywhere",
  request: { params: userPath },
  responses: { ...problems, 200: answer(z.object({ ended: z.int() }), "How many sign-ins ended.") },
});

/** The user of the path. */
const findUser = async (context: ManagementContext, id: string): Promise<User> => {
  const user = await context.var.inRealm.users.find(id);
  if (user === undefined) throw new ManagementError("UserUnknown");
  return user;
};

/**
 * The user of the path, to be changed. Users who administer the server are changed by their like only: whoever could set their password
 * would be one of them.
 */
export const findOwn = async (context: ManagementContext, id: string): Promise<User> => {
  const user = await findUser(context, id);
  if (!isServerAdmin(context.var.principal) && (await context.var.inRealm.admins.scopeOf(id)) === "server")
    throw new ManagementError("NotPermitted");
  return user;
};

const takenPlace: Readonly<Record<Conflict, string>> = {
  id: "body.id",
  key: "body.username",
  name: "body.username",
  identity: "body.username",
};

const readPassword = async (username: string, password: string) => {
  const read = normaliseLoginName(username);
  if (!read.ok) throw inputError("body.username", read.problem);
  if (!isPermittedPassword(password)) throw inputError("body.password", "contains characters that a password may not have");
  return { username: read.name.key, displayName: read.name.display, passwordHash: await hashPassword(password) };
};

interface NewEntityUser {
  readonly fields: JsonObject;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly members: Pick<z.output<typeof newUserBody>, "id" | "type" | "state" | "customData" | "tags" | "meta" | "properties">;
}

/** A user by the realm's entity. Its id is new, and whom it stands for is a person: what keeps an old id is the import. */
const createByEntity = async (context: ManagementContext, { fields, username, password, members }: NewEntityUser): Promise<User> => {
  const { id, type, state, customData, ...data } = members;
  if (id !== undefined) throw inputError("body.id", "does not go with fields: the id is made");
  if (type === "server") throw inputError("body.type", "server users have no fields");
  const users = await entityUsersOf(context);
  const user = acceptedUser(await users.create({ ...fields, ...given({ username, password, ...data }) }, "administrator"));
  const { inRealm } = context.var;
  if (customData !== undefined) await inRealm.users.update(user.id, { customData });
  if (state !== undefined && state !== user.state) await inRealm.users.setState(user.id, state);
  return (await inRealm.users.find(user.id)) ?? user;
};

/** Users and their sign-ins. */
export const userRoutes = (app: ManagementApp): void => {
  app.openapi(listUsers, async (context) => {
    const { cursor, limit, search, state } = context.req.valid("query");
    const after = readCursor(cursor);
    const states = state === undefined ? undefined : [state];
    const rows = await context.var.inRealm.users.list(given({ search, states, after, limit: limit + 1 }));
    return context.json(
      pageFrom(rows, limit, ({ id }) => id, show),
      200,
    );
  });

  app.openapi(createUser, async (context) => {
    const { username, password, fields, ...members } = context.req.valid("json");
    if (fields !== undefined) return context.json(show(await createByEntity(context, { fields, username, password, members })), 201);
    if ((username === undefined) !== (password === undefined)) {
      throw inputError(username === undefined ? "body.username" : "body.password", "username and password come together");
    }
    const { inRealm } = context.var;
    const credentials = username === undefined || password === undefined ? undefined : await readPassword(username, password);
    const taken =
      credentials !== undefined &&
      (await inRealm.users.findByKey(context.var.realm.settings.signInFields, credentials.username)) !== undefined;
    if (taken) throw new ManagementError("NameTaken", { detail: "body.username: another user signs in by it" });
    const created = await inRealm.users.create({
      ...given(members),
      ...(credentials === undefined ? {} : { password: credentials, profile: { name: credentials.displayName } }),
    });
    if (!created.ok) throw new ManagementError("NameTaken", { detail: `${takenPlace[created.conflict]} is taken` });
    await note(context, "user.create", created.value.id);
    return context.json(show(created.value), 201);
  });

  app.openapi(getUser, async (context) => {
    const { inRealm } = context.var;
    const user = await findUser(context, context.req.valid("param").userId);
    const [admin, identities] = await Promise.all([inRealm.admins.scopeOf(user.id), inRealm.users.identitiesOf(user.id)]);
    const shown = identities.map(({ id, provider, subject, createdAt }) => ({ id, provider, subject, createdAt: timeOf(createdAt) }));
    return context.json({ ...show(user), admin: admin ?? null, identities: shown }, 200);
  });

  app.openapi(updateUser, async (context) => {
    const user = await findOwn(context, context.req.valid("param").userId);
    const { fields, ...members } = context.req.valid("json");
    if (fields !== undefined) acceptedUser(await (await entityUsersOf(context)).change(user, fields, "administrator"));
    const updated = await context.var.inRealm.users.update(user.id, given(members));
    if (!updated.ok || updated.value === undefined) throw new ManagementError("UserUnknown");
    await note(context, "user.update", user.id, { members: Object.keys(given({ fields, ...members })) });
    return context.json(show(await findUser(context, user.id)), 200);
  });

  app.openapi(setUserState, async (context) => {
    const { id } = await findOwn(context, context.req.valid("param").userId);
    const { state } = context.req.valid("json");
    if (!(await context.var.inRealm.users.setState(id, state))) throw new ManagementError("UserUnknown");
    await note(context, "user.state", id, { state });
    return context.json(show(await findUser(context, id)), 200);
  });

  app.openapi(setSecondFactor, async (context) => {
    const { secondFactors } = context.var.inRealm;
    const { id } = await findOwn(context, context.req.valid("param").userId);
    const { required, remove } = context.req.valid("json");
    if (remove === true) await secondFactors.remove(id);
    if (required !== undefined) await secondFactors.setRequired(id, required);
    await note(context, "user.second-factor", id, given({ required, remove }));
    return context.json(await secondFactors.find(id), 200);
  });

  app.openapi(setUserPassword, async (context) => {
    const { inRealm } = context.var;
    const { id } = await findOwn(context, context.req.valid("param").userId);
    const names = await inRealm.credentials.listOfUser(id);
    if (names.length === 0) throw new ManagementError("PasswordMissing");
    for (const { username } of names) {
      const { passwordHash } = await readPassword(username, context.req.valid("json").password);
      await inRealm.credentials.setPassword(username, passwordHash);
      await inRealm.failures.forget(username);
    }
    await inRealm.sessions.revokeAll(id);
    await note(context, "user.password", id);
    return context.body(null, 204);
  });

  app.openapi(forgetUser, async (context) => {
    const { id } = await findOwn(context, context.req.valid("param").userId);
    if (!(await forgetUserOf(context.var.inRealm, id, actorOf(context.var.principal)))) throw new ManagementError("UserUnknown");
    return context.json(show(await findUser(context, id)), 200);
  });

  app.openapi(deleteUser, async (context) => {
    const { id } = await findOwn(context, context.req.valid("param").userId);
    if (!(await context.var.inRealm.users.delete(id))) throw new ManagementError("UserUnknown");
    await note(context, "user.delete", id);
    return context.body(null, 204);
  });

  app.openapi(listSessions, async (context) => {
    const { id } = await findOwn(context, context.req.valid("param").userId);
    return context.json({ items: (await context.var.inRealm.sessions.list(id)).map(showSession), next: null }, 200);
  });

  app.openapi(revokeSession, async (context) => {
    const { userId: id, sessionId } = context.req.valid("param");
    const { sessions } = context.var.inRealm;
    await findOwn(context, id);
    const session = isId(sessionId) ? await sessions.findLive(sessionId) : undefined;
    if (session?.userId !== id || !(await sessions.revoke(sessionId))) throw new ManagementError("SessionUnknown");
    await note(context, "session.revoke", sessionId, { userId: id });
    return context.body(null, 204);
  });

  app.openapi(revokeSessions, async (context) => {
    const { id } = await findOwn(context, context.req.valid("param").userId);
    const ended = await context.var.inRealm.sessions.revokeAll(id);
    await note(context, "session.revokeAll", id, { ended });
    return context.json({ ended }, 200);
  });
};
