import { createRoute, z } from "@hono/zod-openapi";
import { isId } from "../../../accounts/ids.ts";
import type { ApiKey } from "../../../accounts/repositories/api-keys.ts";
import { ManagementError } from "../../../errors/management.ts";
import { byRealmAdmin } from "../access.ts";
import { note } from "../audit.ts";
import type { ManagementApp } from "../context.ts";
import { demandRealmAdmin } from "../principal.ts";
import { answer, body, idempotencyHeader, pageOf, problems, realmPath, time, timeOf, userId } from "../schemas.ts";
import { onceOnly } from "../idempotency.ts";
import { findOwn } from "./users.ts";

const keySchema = z.object({ id: z.string(), name: z.string(), disabled: z.boolean(), createdAt: time }).openapi("ApiKey");
const show = ({ id, name, disabled, createdAt }: ApiKey): z.input<typeof keySchema> => ({
  id,
  name,
  disabled,
  createdAt: timeOf(createdAt),
});

const tags = ["API keys"];
const userPath = realmPath.extend({ userId });
const keyPath = userPath.extend({ keyId: z.string().max(64) });

const listKeys = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/users/{userId}/api-keys",
  operationId: "listApiKeys",
  summary: "List a user's API keys; at most 200, never the keys' text",
  request: { params: userPath },
  responses: { ...problems, 200: answer(pageOf(keySchema), "The keys.") },
});

const createKey = createRoute({
  ...byRealmAdmin,
  middleware: [demandRealmAdmin, onceOnly] as const,
  tags,
  method: "post",
  path: "/realms/{realm}/users/{userId}/api-keys",
  operationId: "createApiKey",
  summary: "Make an API key with which the user signs in; for a program, give it a user of type server",
  request: {
    params: userPath,
    headers: idempotencyHeader,
    body: body(z.strictObject({ name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, { error: "must be 1 to 64 letters, digits, - or _" }) })),
  },
  responses: { ...problems, 201: answer(keySchema.extend({ key: z.string() }), "The key: its text is shown here and never again.") },
});

const deleteKey = createRoute({
  ...byRealmAdmin,
  tags,
  method: "delete",
  path: "/realms/{realm}/users/{userId}/api-keys/{keyId}",
  operationId: "deleteApiKey",
  summary: "Delete an API key; sign-ins made with it are ended by revoking the user's sessions",
  request: { params: keyPath },
  responses: { ...problems, 204: { description: "The key is gone." } },
});

/** API keys of users, people and programs alike. */
export const apiKeyRoutes = (app: ManagementApp): void => {
  app.openapi(listKeys, async (context) => {
    const { id } = await findOwn(context, context.req.valid("param").userId);
    return context.json({ items: (await context.var.inRealm.apiKeys.list(id)).map(show), next: null }, 200);
  });

  app.openapi(createKey, async (context) => {
    const { id } = await findOwn(context, context.req.valid("param").userId);
    const { name } = context.req.valid("json");
    const made = await context.var.inRealm.apiKeys.create(id, name);
    if (made === undefined) throw new ManagementError("NameTaken", { detail: "body.name: the user has a key of this name" });
    await note(context, "api-key.create", made.apiKey.id, { userId: id, name });
    return context.json({ ...show(made.apiKey), key: made.key }, 201);
  });

  app.openapi(deleteKey, async (context) => {
    const { userId: owner, keyId } = context.req.valid("param");
    const { id } = await findOwn(context, owner);
    if (!isId(keyId) || !(await context.var.inRealm.apiKeys.delete(id, keyId))) throw new ManagementError("ApiKeyUnknown");
    await note(context, "api-key.delete", keyId, { userId: id });
    return context.body(null, 204);
  });
};
