import { openDatabase } from "../accounts/database.ts";
import { deliverDue, deliveryPauses, type Webhook } from "../accounts/outbox/delivery.ts";
import { createOutgoing, type Outgoing } from "../accounts/outbox/outgoing.ts";
import type { Environment } from "./environment.ts";
import { createLog, parseLogSetting } from "../platform/logging.ts";

/** Requests to the servers that providers' settings and the outbox name. */
export const outgoingOf = ({ OUTGOING_HOSTS: hosts = "" }: Environment): Outgoing =>
  createOutgoing({
    permittedHosts: hosts
      .split(",")
      .map((host) => host.trim())
      .filter((host) => host !== ""),
  });

/** Where messages go; undefined where they wait in the mailbox of development. */
export const webhookOf = ({ OUTBOX_URL: url = "", OUTBOX_SECRET: secret = "" }: Environment): Webhook | undefined =>
  url === "" ? undefined : { url, secret };

/** Tries made at once after a message was stored; later ones are the scheduled trigger's. */
const immediateTries = 3;

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Delivers what is due, and once more after each short pause as long as something fails. Never rejects. */
export const deliverOutbox = async (environment: Environment): Promise<void> => {
  const webhook = webhookOf(environment);
  if (webhook === undefined) return;
  const log = createLog(parseLogSetting(environment.LOG_LEVEL), "outbox");
  try {
    for (const pause of deliveryPauses.slice(0, immediateTries)) {
      await wait(pause);
      const { delivered, failed } = await deliverDue(openDatabase(environment.DB), webhook, outgoingOf(environment), Date.now);
      if (failed === 0) return;
      log.log("warn", "messages could not be delivered", { delivered, failed });
    }
  } catch (error) {
    log.log("error", "the outbox could not be worked off", { reason: error instanceof Error ? error.message : "unknown" });
  }
};
