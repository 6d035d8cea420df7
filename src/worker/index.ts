import { app } from "./app.ts";
import type { Environment } from "./environment.ts";
import { logBook } from "./log-book.ts";
import { runSchedule } from "./schedule.ts";
import { setLogKeeper } from "../platform/logging.ts";

export { Logs } from "../durable-objects/logs.ts";
export { Partition } from "../durable-objects/partition.ts";
export { RealmMeter } from "../durable-objects/realm-meter.ts";

setLogKeeper(logBook);

export default {
  fetch: app.fetch,
  scheduled: (_event, environment, context) => context.waitUntil(runSchedule(environment)),
} satisfies ExportedHandler<Environment>;
