import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Accounts, RealmAccounts } from "../../accounts/accounts.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import type { Environment } from "../environment.ts";
import type { Principal } from "./principal.ts";

/** Hono's view of the management interface. `requestId` and `accounts` are always there, `principal` and `realm` behind the checks that set them. */
export interface ManagementHono {
  readonly Bindings: Environment;
  readonly Variables: {
    requestId: string;
    accounts: Accounts;
    principal: Principal;
    /** The realm that the path names, and the handle to all that belongs to it. */
    realm: Realm;
    inRealm: RealmAccounts;
  };
}

export type ManagementApp = OpenAPIHono<ManagementHono>;
export type ManagementContext = Context<ManagementHono>;
