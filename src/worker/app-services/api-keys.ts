import { Hono } from "hono";
import { z } from "zod";
import type { ApiKey } from "../../accounts/repositories/api-keys.ts";
import { HttpError } from "../../errors/http.ts";
import { answerNothing } from "./answers.ts";
import { demandSession } from "./authenticate.ts";
import { readBody } from "./body.ts";
import type { AppServicesContext, AppServicesHono, SessionCaller } from "./ports.ts";

const creation = z.object({ name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });

const describe = ({ id, name, disabled }: ApiKey) => ({ _id: id, name, disabled });

/** The key in the URL, if it is the caller's. */
const demandKey = async ({ accounts, user }: SessionCaller, id: string): Promise<ApiKey> => {
  const key = await accounts.apiKeys.find(user.id, id);
  if (key === undefined) throw new HttpError("APIKeyNotFound");
  return key;
};

const setDisabled = async (context: AppServicesContext, id: string, disabled: boolean): Promise<Response> => {
  const caller = context.var.sessionCaller;
  const key = await demandKey(caller, id);
  await caller.accounts.apiKeys.setDisabled(caller.user.id, key.id, disabled);
  return answerNothing(context);
};

/** A user's own API keys. SDKs show the refresh token here, not the access token (app-services-api §10). */
export const apiKeyRoutes = new Hono<AppServicesHono>()
  .use("/auth/api_keys/*", demandSession)
  .post("/auth/api_keys", async (context) => {
    const { accounts, user } = context.var.sessionCaller;
    const { name } = await readBody(context, creation);
    const identities = await accounts.users.identitiesOf(user.id);
    // A key would keep alive an account that nobody can return to.
    if (identities.every((identity) => identity.provider === "anon-user"))
      throw new HttpError("Forbidden", "anonymous users cannot own API keys");
    const created = await accounts.apiKeys.create(user.id, name);
    if (created === undefined) throw new HttpError("APIKeyAlreadyExists");
    return context.json({ ...describe(created.apiKey), key: created.key }, 201);
  })
  .get("/auth/api_keys", async (context) => {
    const { accounts, user } = context.var.sessionCaller;
    return context.json((await accounts.apiKeys.list(user.id)).map(describe));
  })
  .get("/auth/api_keys/:id", async (context) => context.json(describe(await demandKey(context.var.sessionCaller, context.req.param("id")))))
  .put("/auth/api_keys/:id/enable", (context) => setDisabled(context, context.req.param("id"), false))
  .put("/auth/api_keys/:id/disable", (context) => setDisabled(context, context.req.param("id"), true))
  .delete("/auth/api_keys/:id", async (context) => {
    const caller = context.var.sessionCaller;
    const key = await demandKey(caller, context.req.param("id"));
    if (caller.session.apiKeyId === key.id)
      throw new HttpError("Forbidden", "a session cannot delete the API key that it was signed in with");
    await caller.accounts.apiKeys.delete(caller.user.id, key.id);
    return answerNothing(context);
  });
