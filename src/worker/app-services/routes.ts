import { openAccounts } from "../../accounts/accounts.ts";
import { createRegistry, signInProviders } from "../../accounts/providers/registry.ts";
import { createLog, parseLogSetting } from "../logging.ts";
import { tokensOf } from "../tokens.ts";
import { createAppServices } from "./index.ts";
import type { AppServicesPorts, AppServicesBindings } from "./ports.ts";

const registry = createRegistry(signInProviders);

/** The ports of the Worker's own bindings. */
export const openPorts = async (bindings: AppServicesBindings): Promise<AppServicesPorts> => ({
  accounts: openAccounts(bindings.DB),
  tokens: await tokensOf(bindings),
  providers: registry,
  functions: undefined,
  publicOrigin: bindings.PUBLIC_ORIGIN === "" ? undefined : bindings.PUBLIC_ORIGIN,
});

const log = createLog(parseLogSetting(undefined), "http");

/** The client interface of App Services over the Worker's bindings; to be mounted at `/api/client/v2.0`. */
export const appServices = createAppServices({
  open: openPorts,
  fault: (error, requestId) =>
    log.log("error", "a request failed", { requestId, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
});
