import type { JsonObject } from "../../accounts/schema.ts";
import type { ManagementContext } from "./context.ts";
import { actorOf } from "./principal.ts";

/** Notes an act in the audit log of the path's realm. `detail` holds names and flags, never a secret or what a person entered about themselves. */
export const note = (context: ManagementContext, action: string, target: string, detail: JsonObject = {}): Promise<void> =>
  context.var.inRealm.audit.append({ actor: actorOf(context.var.principal), action, target, detail });

/** Notes an act in the audit log of the server as a whole. */
export const noteForServer = (context: ManagementContext, action: string, target: string, detail: JsonObject = {}): Promise<void> =>
  context.var.accounts.audit.append({ actor: actorOf(context.var.principal), action, target, detail });
