import { openAccounts } from "../../accounts/accounts.ts";
import { createRegistry, signInProviders } from "../../accounts/providers/registry.ts";
import { describeFault } from "../../accounts/database.ts";
import { accessListener } from "../access-changes.ts";
import { realmDefaultsOf } from "../realm-defaults.ts";
import { createLog, parseLogSetting } from "../../platform/logging.ts";
import { deliverOutbox, outgoingOf } from "../outbox.ts";
import { redirectSignInRoutes } from "../sign-in/redirect.ts";
import { tokensOf } from "../tokens.ts";
import { createAppServices } from "./index.ts";
import type { AppServicesContext, AppServicesPorts } from "./ports.ts";

const registry = createRegistry(signInProviders);

/** The ports of the Worker's own bindings. What changes access reaches open sessions after the answer is given. */
export const openPorts = async (context: Pick<AppServicesContext, "env" | "executionCtx">): Promise<AppServicesPorts> => {
  const { env } = context;
  const accessChanged = accessListener(env, (work) => context.executionCtx.waitUntil(work));
  const messageStored = (): void => context.executionCtx.waitUntil(deliverOutbox(env));
  return {
    accounts: openAccounts(env.DB, { accessChanged, realmDefaults: realmDefaultsOf(env), messageStored }),
    tokens: await tokensOf(env),
    providers: registry,
    functions: undefined,
    outgoing: outgoingOf(env),
    publicOrigin: env.PUBLIC_ORIGIN === "" ? undefined : env.PUBLIC_ORIGIN,
  };
};

const log = createLog(parseLogSetting(undefined), "http");

/** The client interface of App Services over the Worker's bindings; to be mounted at `/api/client/v2.0`. */
export const appServices = createAppServices({
  open: openPorts,
  fault: (error, requestId) => log.log("error", "a request failed", { requestId, reason: describeFault(error) }),
  extend: redirectSignInRoutes,
});
