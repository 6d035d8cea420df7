import type { RealmMeter } from "./realm-meter.ts";

/** What the Durable Objects use of the Worker's bindings and settings, which `worker/environment.ts` explains. */
export interface ObjectEnvironment {
  readonly DB: D1Database;
  readonly METERS: DurableObjectNamespace<RealmMeter>;
  readonly LOG_LEVEL?: string;
}
