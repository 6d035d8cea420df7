import { demandAdmin, demandRealmAdmin, demandRealmByServerAdmin, demandServerAdmin } from "./principal.ts";

/** Who may call a route; in the OpenAPI document as `x-reeve-access`. */
export type RouteAccess = "public" | "admin" | "realm" | "server";

const bearer = [{ bearer: [] as string[] }];

/** Anybody, without a token. */
export const byAnybody = { "x-reeve-access": "public" satisfies RouteAccess, security: [] as Record<string, string[]>[] };
/** The admins of any realm; what they see is their realm's. */
export const byAdmin = { "x-reeve-access": "admin" satisfies RouteAccess, security: bearer, middleware: demandAdmin };
/** The admins of the realm in the path, and those of the server. */
export const byRealmAdmin = { "x-reeve-access": "realm" satisfies RouteAccess, security: bearer, middleware: demandRealmAdmin };
/** The admins of the server only. */
export const byServerAdmin = { "x-reeve-access": "server" satisfies RouteAccess, security: bearer, middleware: demandServerAdmin };
/** The same, for what concerns the realm in the path. */
export const byServerAdminInRealm = { ...byServerAdmin, middleware: demandRealmByServerAdmin };
