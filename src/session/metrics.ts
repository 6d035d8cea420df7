import type { SessionMetrics } from "./ports.ts";

/** The counters of `SessionMetrics` while they are counted; what can be looked up is not among them. */
export type Counters = { -readonly [Name in Exclude<keyof SessionMetrics, "connections" | "sessions">]: number };

export const zeroCounters = (): Counters => ({
  framesIn: 0,
  framesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  changesetsIn: 0,
  changesetsOut: 0,
  integrations: 0,
  merged: 0,
  sessionErrors: 0,
  connectionErrors: 0,
});
