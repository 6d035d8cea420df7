import type { Payload } from "./model.ts";

/** A point in time as payloads hold it: seconds since 1970 and nanoseconds of the same sign (changeset-format §7). */
export type Timestamp = Extract<Payload, { type: "Timestamp" }>;

/** The timestamp of whole milliseconds since 1970, which may be negative. */
export function timestampOfMilliseconds(milliseconds: number): Timestamp {
  const seconds = Math.trunc(milliseconds / 1000);
  return { type: "Timestamp", seconds: BigInt(seconds), nanoseconds: (milliseconds - seconds * 1000) * 1_000_000 };
}

/** Milliseconds since 1970, rounded toward the past; beyond ±285,000 years only approximately. */
export const millisecondsOf = ({ seconds, nanoseconds }: Timestamp): number => Number(seconds) * 1000 + Math.floor(nanoseconds / 1_000_000);

const nanosecondsOf = ({ seconds, nanoseconds }: Timestamp): bigint => seconds * 1_000_000_000n + BigInt(nanoseconds);

/** Negative when `a` is earlier, 0 when both are the same, positive when `a` is later. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  const difference = nanosecondsOf(a) - nanosecondsOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
