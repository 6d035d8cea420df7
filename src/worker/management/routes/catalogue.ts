import { createRoute, z } from "@hono/zod-openapi";
import type { Application } from "../../../accounts/repositories/catalogue.ts";
import type { ProviderRow } from "../../../accounts/repositories/providers.ts";
import { checkProviderConfig, providerTypeOf, signInProviders } from "../../../accounts/providers/registry.ts";
import { inputError, ManagementError } from "../../../errors/management.ts";
import { byRealmAdmin } from "../access.ts";
import { note } from "../audit.ts";
import { given } from "../given.ts";
import { onceOnly } from "../idempotency.ts";
import type { ManagementApp } from "../context.ts";
import { demandRealmAdmin } from "../principal.ts";
import {
  answer,
  body,
  idempotencyHeader,
  identifier,
  jsonObject,
  pageOf,
  problems,
  providerType,
  realmPath,
  text,
  time,
  timeOf,
} from "../schemas.ts";

const applicationSchema = z.object({ id: z.string(), name: z.string(), createdAt: time }).openapi("Application");
const showApplication = ({ id, name, createdAt }: Application) => ({ id, name, createdAt: timeOf(createdAt) });
const applicationPath = realmPath.extend({ application: z.string().max(64) });

const listApplications = createRoute({
  ...byRealmAdmin,
  tags: ["Applications"],
  method: "get",
  path: "/realms/{realm}/applications",
  operationId: "listApplications",
  summary: "List the realm's applications",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(pageOf(applicationSchema), "All applications.") },
});

const createApplication = createRoute({
  ...byRealmAdmin,
  middleware: [demandRealmAdmin, onceOnly] as const,
  tags: ["Applications"],
  method: "post",
  path: "/realms/{realm}/applications",
  operationId: "createApplication",
  summary: "Make an application: its id may stand as the App ID in clients' URLs",
  request: { params: realmPath, headers: idempotencyHeader, body: body(z.strictObject({ id: identifier, name: text(255).min(1) })) },
  responses: { ...problems, 201: answer(applicationSchema, "The application.") },
});

const deleteApplication = createRoute({
  ...byRealmAdmin,
  tags: ["Applications"],
  method: "delete",
  path: "/realms/{realm}/applications/{application}",
  operationId: "deleteApplication",
  summary: "Delete an application; users and data stay with the realm",
  request: { params: applicationPath },
  responses: { ...problems, 204: { description: "It is deleted." } },
});

const providerSchema = z
  .object({
    type: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    configured: z.boolean().openapi({ description: "False: the provider is as Reeve brings it." }),
    config: z.record(z.string(), z.unknown()),
  })
  .openapi("Provider");
const showProvider = ({ type, name, disabled, config }: ProviderRow): z.input<typeof providerSchema> => ({
  type,
  name,
  enabled: !disabled,
  configured: true,
  config: { ...config },
});
const providerPath = realmPath.extend({ provider: providerType });

const listProviders = createRoute({
  ...byRealmAdmin,
  tags: ["Providers"],
  method: "get",
  path: "/realms/{realm}/providers",
  operationId: "listProviders",
  summary: "List the sign-in providers, those that are not configured included",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(pageOf(providerSchema), "All providers.") },
});

const setProvider = createRoute({
  ...byRealmAdmin,
  tags: ["Providers"],
  method: "put",
  path: "/realms/{realm}/providers/{provider}",
  operationId: "setProvider",
  summary: "Switch a sign-in provider on or off and configure it; members that are absent stay",
  request: {
    params: providerPath,
    body: body(
      z.strictObject({
        enabled: z.boolean().optional(),
        name: text(64).min(1).optional(),
        config: jsonObject(32 * 1024)
          .optional()
          .openapi({
            type: "object",
            description: "Replaces the provider's settings as a whole. Secrets are named, not written: keep their values under /secrets.",
          }),
      }),
    ),
  },
  responses: { ...problems, 200: answer(providerSchema, "The provider as it is now.") },
});

const deleteProvider = createRoute({
  ...byRealmAdmin,
  tags: ["Providers"],
  method: "delete",
  path: "/realms/{realm}/providers/{provider}",
  operationId: "deleteProvider",
  summary: "Forget a provider's settings: it is then as Reeve brings it",
  request: { params: providerPath },
  responses: { ...problems, 204: { description: "They are forgotten." } },
});

const secretSchema = z.object({ id: z.string(), name: z.string() }).openapi("Secret");
const secretPath = realmPath.extend({ secret: identifier });
const secretValue = z.string().min(1).max(16_384);

const listSecrets = createRoute({
  ...byRealmAdmin,
  tags: ["Secrets"],
  method: "get",
  path: "/realms/{realm}/secrets",
  operationId: "listSecrets",
  summary: "List the names of the realm's secrets; no route gives a value back",
  request: { params: realmPath },
  responses: { ...problems, 200: answer(pageOf(secretSchema), "All secrets, without their values.") },
});

const setSecret = createRoute({
  ...byRealmAdmin,
  tags: ["Secrets"],
  method: "put",
  path: "/realms/{realm}/secrets/{secret}",
  operationId: "setSecret",
  summary: "Write a secret that providers and functions use by its name",
  request: { params: secretPath, body: body(z.strictObject({ value: secretValue })) },
  responses: { ...problems, 200: answer(secretSchema, "The secret, without its value.") },
});

const deleteSecret = createRoute({
  ...byRealmAdmin,
  tags: ["Secrets"],
  method: "delete",
  path: "/realms/{realm}/secrets/{secret}",
  operationId: "deleteSecret",
  summary: "Delete a secret",
  request: { params: secretPath },
  responses: { ...problems, 204: { description: "It is deleted." } },
});

/** Types, and of families one each: a realm may have `oidc-keycloak`, `otp2`. */
const knownTypes = [...signInProviders.map(({ type }) => type), "oidc", "otp", "passwordotp", "magiclink", "magicnumbers"];

/** What a realm consists of besides its users: applications, sign-in providers, secrets. */
export const catalogueRoutes = (app: ManagementApp): void => {
  app.openapi(listApplications, async (context) => {
    const items = (await context.var.inRealm.applications.list()).map(showApplication);
    return context.json({ items, next: null }, 200);
  });

  app.openapi(createApplication, async (context) => {
    const { id, name } = context.req.valid("json");
    const application = await context.var.inRealm.applications.create(id, name);
    if (application === undefined)
      throw new ManagementError("NameTaken", { detail: "body.id or body.name: a realm or an application has it" });
    await note(context, "application.create", id);
    return context.json(showApplication(application), 201);
  });

  app.openapi(deleteApplication, async (context) => {
    const { application } = context.req.valid("param");
    if (!(await context.var.inRealm.applications.delete(application))) throw new ManagementError("ApplicationUnknown");
    await note(context, "application.delete", application);
    return context.body(null, 204);
  });

  app.openapi(listProviders, async (context) => {
    const configured = (await context.var.inRealm.providers.list()).map(showProvider);
    const types = new Set(configured.map(({ type }) => type));
    const others = signInProviders
      .filter(({ type }) => !types.has(type))
      .map(({ type, onByDefault }) => ({ type, name: type, enabled: onByDefault, configured: false, config: {} }));
    return context.json({ items: [...configured, ...others], next: null }, 200);
  });

  app.openapi(setProvider, async (context) => {
    const { provider } = context.req.valid("param");
    const { enabled, ...settings } = context.req.valid("json");
    if (providerTypeOf(provider) !== provider)
      throw new ManagementError("ProviderUnknown", { detail: `path.provider: known are ${knownTypes.join(", ")}` });
    const wrong = settings.config === undefined ? undefined : checkProviderConfig(provider, settings.config);
    if (wrong !== undefined) throw inputError(["body", "config", ...wrong.path].join("."), wrong.problem);
    const row = await context.var.inRealm.providers.set(
      provider,
      given({ ...settings, disabled: enabled === undefined ? undefined : !enabled }),
    );
    await note(context, "provider.set", provider, { ...given({ enabled }), configured: settings.config !== undefined });
    return context.json(showProvider(row), 200);
  });

  app.openapi(deleteProvider, async (context) => {
    const { provider } = context.req.valid("param");
    if (!(await context.var.inRealm.providers.remove(provider))) throw new ManagementError("ProviderUnknown");
    await note(context, "provider.delete", provider);
    return context.body(null, 204);
  });

  app.openapi(listSecrets, async (context) => {
    const items = (await context.var.inRealm.secrets.list()).map((secret) => ({ ...secret }));
    return context.json({ items, next: null }, 200);
  });

  app.openapi(setSecret, async (context) => {
    const { secret } = context.req.valid("param");
    const { value } = context.req.valid("json");
    if (!value.isWellFormed()) throw inputError("body.value", "contains half a surrogate pair");
    const stored = await context.var.inRealm.secrets.set(secret, value);
    await note(context, "secret.set", secret);
    return context.json(stored, 200);
  });

  app.openapi(deleteSecret, async (context) => {
    const { secret } = context.req.valid("param");
    const { secrets } = context.var.inRealm;
    const found = (await secrets.list()).find(({ name }) => name === secret);
    if (found === undefined || !(await secrets.delete(found.id))) throw new ManagementError("SecretUnknown");
    await note(context, "secret.delete", secret);
    return context.body(null, 204);
  });
};
