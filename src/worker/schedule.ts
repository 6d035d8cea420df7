import { openAccounts } from "../accounts/accounts.ts";
import { createLog, parseLogSetting } from "../platform/logging.ts";
import type { Environment } from "./environment.ts";
import { deliverOutbox } from "./outbox.ts";

/** What is done every five minutes: messages whose delivery failed are tried again, and what has expired is forgotten. Never rejects. */
export const runSchedule = async (environment: Environment): Promise<void> => {
  await deliverOutbox(environment);
  try {
    await openAccounts(environment.DB).forgetExpired();
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    createLog(parseLogSetting(environment.LOG_LEVEL), "schedule").log("error", "what has expired could not be forgotten", { reason });
  }
};
