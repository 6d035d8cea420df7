import { createRoute, z } from "@hono/zod-openapi";
import type { Realm } from "../../../accounts/repositories/realms.ts";
import type { RealmSettingsInput } from "../../../accounts/settings.ts";
import { inputError, ManagementError } from "../../../errors/management.ts";
import { byAdmin, byRealmAdmin, byServerAdmin, byServerAdminInRealm } from "../access.ts";
import { note, noteForServer } from "../audit.ts";
import { given } from "../given.ts";
import { onceOnly } from "../idempotency.ts";
import type { ManagementApp } from "../context.ts";
import { pageFrom, readCursor } from "../paging.ts";
import { demandServerAdmin, isServerAdmin } from "../principal.ts";
import {
  answer,
  body,
  idempotencyHeader,
  identifier,
  pageOf,
  paging,
  problems,
  queryFlag,
  realmName,
  realmPath,
  time,
  timeOf,
} from "../schemas.ts";
import { followLimits } from "../../metering.ts";
import { settingsPatch, settingsSchema, type SettingsPatch } from "../settings-schema.ts";

const realmSchema = z
  .object({
    name: realmName,
    id: z.string(),
    isDefault: z.boolean(),
    active: z.boolean().openapi({ description: "An inactive realm admits nobody and keeps everything." }),
    entity: z.string().openapi({ description: "The entity whose fields its users have." }),
    createdAt: time,
  })
  .openapi("Realm");

const show = ({ name, id, isDefault, active, entity, createdAt }: Realm): z.input<typeof realmSchema> => ({
  name,
  id,
  isDefault,
  active,
  entity,
  createdAt: timeOf(createdAt),
});

const tags = ["Realms"];

const listRealms = createRoute({
  ...byAdmin,
  tags,
  method: "get",
  path: "/realms",
  operationId: "listRealms",
  summary: "List realms by name; the admin of one realm sees that one",
  request: { query: z.object({ ...paging, active: queryFlag.optional() }) },
  responses: { ...problems, 200: answer(pageOf(realmSchema), "A page of realms.") },
});

const createRealm = createRoute({
  ...byServerAdmin,
  middleware: [demandServerAdmin, onceOnly] as const,
  tags,
  method: "post",
  path: "/realms",
  operationId: "createRealm",
  summary: "Make a realm",
  request: {
    headers: idempotencyHeader,
    body: body(
      z.strictObject({
        name: realmName,
        active: z.boolean().optional(),
        entity: identifier.optional(),
        settings: settingsPatch.optional(),
      }),
    ),
  },
  responses: { ...problems, 201: answer(realmSchema, "The realm.") },
});

const getRealm = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}",
  operationId: "getRealm",
  summary: "Show a realm",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(realmSchema, "The realm.") },
});

const updateRealm = createRoute({
  ...byServerAdminInRealm,
  tags,
  method: "patch",
  path: "/realms/{realm}",
  operationId: "updateRealm",
  summary: "Switch a realm on or off, give it another entity, or make it the default one",
  request: {
    params: realmPath,
    body: body(z.strictObject({ active: z.boolean().optional(), entity: identifier.optional(), isDefault: z.literal(true).optional() })),
  },
  responses: { ...problems, 200: answer(realmSchema, "The realm as it is now.") },
});

const deleteRealm = createRoute({
  ...byServerAdminInRealm,
  tags,
  method: "delete",
  path: "/realms/{realm}",
  operationId: "deleteRealm",
  summary: "Delete a realm with its users, grants and settings; the data of its partitions stays in their storage",
  request: { params: realmPath },
  responses: { ...problems, 204: { description: "It is deleted." } },
});

const getSettings = createRoute({
  ...byRealmAdmin,
  tags,
  method: "get",
  path: "/realms/{realm}/settings",
  operationId: "getRealmSettings",
  summary: "Show a realm's settings, defaults included",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(settingsSchema, "All settings.") },
});

const updateSettings = createRoute({
  ...byRealmAdmin,
  tags,
  method: "patch",
  path: "/realms/{realm}/settings",
  operationId: "updateRealmSettings",
  summary: "Change settings of a realm; those that are absent stay",
  request: { params: realmPath, body: body(settingsPatch) },
  responses: { ...problems, 200: answer(settingsSchema, "All settings as they are now.") },
});

/** Limits are set one by one, like all settings. */
const mergeSettings = (present: RealmSettingsInput, { limits, ...settings }: SettingsPatch): RealmSettingsInput =>
  given({ ...settings, limits: limits === undefined ? undefined : { ...present.limits, ...given(limits) } });

/** Limits protect the server from its realms, so a realm's own admins cannot move them. */
const demandMayChange = (settings: SettingsPatch, serverAdmin: boolean): void => {
  if (settings.limits !== undefined && !serverAdmin)
    throw new ManagementError("NotPermitted", { detail: "body.limits: only an admin of the server may change limits" });
};

/** Realms and their settings. */
export const realmRoutes = (app: ManagementApp): void => {
  app.openapi(listRealms, async (context) => {
    const { cursor, limit, active } = context.req.valid("query");
    const { principal, accounts } = context.var;
    const after = readCursor(cursor);
    const seen = isServerAdmin(principal)
      ? await accounts.realms.list()
      : (await accounts.realms.list()).filter(({ name }) => principal.kind === "admin" && name === principal.realm);
    const wanted = seen.filter((realm) => (after === undefined || realm.name > after) && (active === undefined || realm.active === active));
    return context.json(
      pageFrom(wanted, limit, ({ name }) => name, show),
      200,
    );
  });

  app.openapi(createRealm, async (context) => {
    const { name, active, entity, settings } = context.req.valid("json");
    const stored = settings === undefined ? undefined : mergeSettings({}, settings);
    const realm = await context.var.accounts.realms.create(given({ name, active, entity, settings: stored }));
    if (realm === undefined) throw new ManagementError("NameTaken", { detail: `body.name: a realm or an application "${name}" exists` });
    await noteForServer(context, "realm.create", name);
    return context.json(show(realm), 201);
  });

  app.openapi(getRealm, (context) => context.json(show(context.var.realm), 200));

  app.openapi(updateRealm, async (context) => {
    const { isDefault, ...patch } = context.req.valid("json");
    const { accounts, realm } = context.var;
    const known =
      patch.entity === undefined || patch.entity === "users" || (await context.var.inRealm.entities.find(patch.entity)) !== undefined;
    if (!known) throw inputError("body.entity", "the realm has no entity of this name");
    if (isDefault === true) await accounts.realms.makeDefault(realm.name);
    const updated = await accounts.realms.update(realm.name, given(patch));
    if (updated === undefined) throw new ManagementError("RealmUnknown");
    await note(context, "realm.update", realm.name, context.req.valid("json"));
    return context.json(show(updated), 200);
  });

  app.openapi(deleteRealm, async (context) => {
    const { accounts, realm } = context.var;
    if (realm.isDefault) throw new ManagementError("DefaultRealmStays");
    if (!(await accounts.realms.delete(realm.name))) throw new ManagementError("RealmUnknown");
    await noteForServer(context, "realm.delete", realm.name);
    return context.body(null, 204);
  });

  app.openapi(getSettings, (context) => context.json(context.var.realm.settings, 200));

  app.openapi(updateSettings, async (context) => {
    const settings = context.req.valid("json");
    const { accounts, realm, principal } = context.var;
    demandMayChange(settings, isServerAdmin(principal));
    const updated = await accounts.realms.update(realm.name, { settings: mergeSettings(realm.settings, settings) });
    if (updated === undefined) throw new ManagementError("RealmUnknown");
    if (settings.limits !== undefined) await followLimits(context.env, realm.name);
    await note(context, "settings.update", realm.name, { members: Object.keys(settings) });
    return context.json(updated.settings, 200);
  });
};
