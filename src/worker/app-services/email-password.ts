import { Hono } from "hono";
import { z } from "zod";
import { PasswordAccounts } from "../../accounts/password-accounts.ts";
import { selectRealm } from "../../accounts/realm-selection.ts";
import { readBody } from "./body.ts";
import type { AppServicesContext, AppServicesHono } from "./ports.ts";
import { addressOf } from "./sign-in.ts";

const base = "/app/:appId/auth/providers/local-userpass";
const text = z.string().max(1024);
const realm = z.string().max(255).optional();
const names = z.object({ email: text, realm });
const registration = z.object({ email: text, password: z.string().max(4096), realm });
const codes = z.object({ token: text, tokenId: text });

/** The passwords of the realm that the name or the URL names, and the name without its realm. */
const open = async (context: AppServicesContext, email: string, property: string | undefined) => {
  const { ports } = context.var;
  const selected = await selectRealm(ports.accounts, context.var.realm, email, property);
  return { passwords: new PasswordAccounts(ports, selected.realm), name: selected.name };
};

/** The passwords of the realm in which a code was made, where the URL is the default realm's; elsewhere those of the URL's realm. */
const openForCode = async (context: AppServicesContext, tokenId: string): Promise<PasswordAccounts> => {
  const { ports, realm: addressed } = context.var;
  const made = addressed.isDefault ? await ports.accounts.realms.findByCode(tokenId) : undefined;
  return new PasswordAccounts(ports, made ?? addressed);
};

/** Registering, confirming and resetting names with passwords (app-services-api §8). */
export const emailPasswordRoutes = new Hono<AppServicesHono>()
  .post(`${base}/register`, async (context) => {
    const { email, password, realm: property } = await readBody(context, registration);
    const { passwords, name } = await open(context, email, property);
    await passwords.register(name, password, addressOf(context));
    return context.json({}, 201);
  })
  .post(`${base}/confirm`, async (context) => {
    const { token, tokenId } = await readBody(context, codes);
    const passwords = await openForCode(context, tokenId);
    await passwords.confirm(tokenId, token);
    return context.json({});
  })
  .post(`${base}/confirm/send`, async (context) => {
    const { email, realm: property } = await readBody(context, names);
    const { passwords, name } = await open(context, email, property);
    await passwords.resendConfirmation(name);
    return context.json({});
  })
  .post(`${base}/confirm/call`, async (context) => {
    const { email, realm: property } = await readBody(context, names);
    const { passwords, name } = await open(context, email, property);
    await passwords.rerunConfirmation(name);
    return context.json({});
  })
  .post(`${base}/reset`, async (context) => {
    const { token, tokenId, password } = await readBody(context, codes.extend({ password: z.string().max(4096) }));
    const passwords = await openForCode(context, tokenId);
    await passwords.completeReset(tokenId, token, password);
    return context.json({});
  })
  .post(`${base}/reset/send`, async (context) => {
    const { email, realm: property } = await readBody(context, names);
    const { passwords, name } = await open(context, email, property);
    await passwords.requestReset(name);
    return context.json({});
  })
  .post(`${base}/reset/call`, async (context) => {
    const body = registration.extend({ arguments: z.array(z.unknown()).max(100).default([]) });
    const { email, password, arguments: parameters, realm: property } = await readBody(context, body);
    const { passwords, name } = await open(context, email, property);
    await passwords.callReset(name, password, parameters);
    return context.json({});
  });
