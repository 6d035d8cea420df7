import type { Context } from "hono";
import type { RealmAccounts } from "../../accounts/accounts.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import type { User } from "../../accounts/repositories/users.ts";
import type { SignInPorts } from "../../accounts/sign-in.ts";
import type { Environment } from "../environment.ts";

/** What the LoopBack-style accounts work with. */
export interface LoopBackPorts extends SignInPorts {
  /** The origin that clients reach this service by. */
  readonly origin: string;
}

/** Whoever sent a request, as a token of a live session proved. */
export interface LoopBackCaller {
  readonly realm: Realm;
  readonly accounts: RealmAccounts;
  readonly user: User;
  readonly sessionId: string;
}

export interface LoopBackHono {
  readonly Bindings: Environment;
  readonly Variables: { ports: LoopBackPorts; caller: LoopBackCaller | undefined };
}

export type LoopBackContext = Context<LoopBackHono>;
