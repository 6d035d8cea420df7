import type { Context, Hono } from "hono";
import type { RealmAccounts } from "../../accounts/accounts.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import type { Session } from "../../accounts/repositories/sessions.ts";
import type { User } from "../../accounts/repositories/users.ts";
import type { SignInPorts } from "../../accounts/sign-in.ts";
import type { TokenClaims } from "../../accounts/tokens.ts";
import type { Environment } from "../environment.ts";

/** The Worker's bindings as these routes see them. */
export interface AppServicesBindings extends Environment {
  /**
   * Setting: the origin that clients reach the service by, where it stands behind a proxy; otherwise the origin of each request is used.
   */
  readonly PUBLIC_ORIGIN?: string;
}

/** What the client interface works with. */
export interface AppServicesPorts extends SignInPorts {
  /** The origin that clients reach this service by (`https://sync.example.net`), where it is not the origin of the requests. */
  readonly publicOrigin: string | undefined;
}

/** Whoever sent a request, as its token proved. */
export interface Caller {
  readonly claims: TokenClaims;
  readonly realm: Realm;
  readonly accounts: RealmAccounts;
  readonly user: User;
}

/** A caller who showed a refresh token of a live session. */
export interface SessionCaller extends Caller {
  readonly session: Session;
}

/** Hono's view of these routes. Each variable is there behind the middleware that sets it; the first three always are. */
export interface AppServicesHono {
  readonly Bindings: AppServicesBindings;
  readonly Variables: {
    ports: AppServicesPorts;
    requestId: string;
    fault: (error: unknown, requestId: string) => void;
    caller: Caller;
    sessionCaller: SessionCaller;
    /** The realm that the App ID in the URL stands for. */
    realm: Realm;
  };
}

export type AppServicesRouter = Hono<AppServicesHono>;
export type AppServicesContext = Context<AppServicesHono>;

/** The origin that clients are told to use. */
export const originOf = (context: AppServicesContext): string =>
  (context.var.ports.publicOrigin ?? new URL(context.req.url).origin).replace(/\/+$/, "");
