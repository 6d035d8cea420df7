import { createMiddleware } from "hono/factory";
import { shutOutReason } from "../../accounts/access.ts";
import type { Accounts } from "../../accounts/accounts.ts";
import { equalInConstantTime } from "../../accounts/bytes.ts";
import { isRealmName, type RealmName } from "../../accounts/ids.ts";
import type { AdminScope } from "../../accounts/schema.ts";
import { ManagementError } from "../../errors/management.ts";
import { tokensOf } from "../tokens.ts";
import type { ManagementContext, ManagementHono } from "./context.ts";

/** Who manages: a tool with the admin token, or a user with the right of an admin. */
export type Principal =
  | { readonly kind: "tool" }
  | { readonly kind: "admin"; readonly realm: RealmName; readonly userId: string; readonly sessionId: string; readonly scope: AdminScope };

/** How the audit log names a principal. */
export const actorOf = (principal: Principal): string => (principal.kind === "tool" ? "admin-token" : principal.userId);

/** Whether a principal administers the server as a whole. */
export const isServerAdmin = (principal: Principal): boolean => principal.kind === "tool" || principal.scope === "server";

const maxTokenLength = 16_384;

const readBearer = (context: ManagementContext): string => {
  const [scheme, token, ...rest] = (context.req.header("Authorization") ?? "").trim().split(/\s+/);
  if (scheme?.toLowerCase() !== "bearer" || token === undefined || rest.length > 0) throw new ManagementError("TokenMissing");
  if (token.length > maxTokenLength) throw new ManagementError("TokenInvalid");
  return token;
};

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

/** Whether a token is the admin token; takes as long for a near miss as for any other. */
const isAdminToken = async (token: string, adminToken: string): Promise<boolean> =>
  adminToken !== "" && equalInConstantTime(await digest(token), await digest(adminToken));

const adminOf = async (accounts: Accounts, context: ManagementContext, token: string): Promise<Principal> => {
  const verified = await (await tokensOf(context.env)).verify(token, "access", accounts.clock());
  if (verified.kind !== "ok") throw new ManagementError("TokenInvalid");
  const { realm: name, realmId, userId, sessionId } = verified.claims;
  const handle = accounts.inRealm(name);
  const [realm, user, scope, open] = await Promise.all([
    accounts.realms.find(name),
    handle.users.find(userId),
    handle.admins.scopeOf(userId),
    handle.sessions.isOpen(sessionId),
  ]);
  if (realm?.id !== realmId || shutOutReason(realm, user) !== undefined || !open) throw new ManagementError("TokenInvalid");
  if (scope === undefined) throw new ManagementError("NotPermitted");
  return { kind: "admin", realm: name, userId, sessionId, scope };
};

const identify = async (context: ManagementContext): Promise<Principal> => {
  const token = readBearer(context);
  if (await isAdminToken(token, context.env.ADMIN_TOKEN)) return { kind: "tool" };
  return adminOf(context.var.accounts, context, token);
};

/** Demands any admin. */
export const demandAdmin = createMiddleware<ManagementHono>(async (context, next) => {
  context.set("principal", await identify(context));
  await next();
});

/** Demands an admin of the whole server. */
export const demandServerAdmin = createMiddleware<ManagementHono>(async (context, next) => {
  const principal = await identify(context);
  if (!isServerAdmin(principal)) throw new ManagementError("NotPermitted");
  context.set("principal", principal);
  await next();
});

/** Finds the realm of the path for the routes behind; only once it is clear that the caller may know of it. */
const enterRealm = async (context: ManagementContext, name: string): Promise<void> => {
  const realm = isRealmName(name) ? await context.var.accounts.realms.find(name) : undefined;
  if (realm === undefined) throw new ManagementError("RealmUnknown");
  context.set("realm", realm);
  context.set("inRealm", context.var.accounts.inRealm(realm.name));
};

/** Demands an admin of the realm in the path, or of the server. The admins of other realms learn nothing: not even whether this one exists. */
export const demandRealmAdmin = createMiddleware<ManagementHono>(async (context, next) => {
  const principal = await identify(context);
  const name = context.req.param("realm") ?? "";
  if (!isServerAdmin(principal) && (principal.kind !== "admin" || principal.realm !== name)) throw new ManagementError("NotPermitted");
  context.set("principal", principal);
  await enterRealm(context, name);
  await next();
});

/** Demands an admin of the server for what concerns the realm in the path. */
export const demandRealmByServerAdmin = createMiddleware<ManagementHono>(async (context, next) => {
  const principal = await identify(context);
  if (!isServerAdmin(principal)) throw new ManagementError("NotPermitted");
  context.set("principal", principal);
  await enterRealm(context, context.req.param("realm") ?? "");
  await next();
});
