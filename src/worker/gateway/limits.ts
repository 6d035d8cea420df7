import { defaultLimits, type Limits } from "../../protocol/wire.ts";

const mebibyte = 1024 * 1024;

/** What one client's connection may use. */
export interface GatewayLimits {
  readonly wire: Limits;
  /** Sessions bound at one time. Apps open a handful; each partition among them costs the platform one internal socket. */
  readonly sessions: number;
  /** BINDs over the connection's life; the client then opens another. Each asks the account store and a partition, and the platform counts what one invocation asks for. */
  readonly binds: number;
  /** Bytes that may wait while partitions are being opened. */
  readonly waitingBytes: number;
  /** A client sends PING every minute; one that was silent for this long is gone (milliseconds). */
  readonly silence: number;
  /** How long an ended connection is left open so that its error is read first (milliseconds). */
  readonly lingering: number;
  /** Partitions in a row that did not answer before the whole connection is given up, for a new one to find other conditions. */
  readonly failedLinks: number;
}

export const gatewayLimits: GatewayLimits = {
  // The platform closes sockets with 1009 above 32 MiB, which makes clients reset (sync-protocol C2), so larger frames than the largest that
  // a partition's memory bears are refused here, by an error that keeps the client's data.
  wire: { ...defaultLimits, frame: 24 * mebibyte },
  sessions: 256,
  binds: 400,
  waitingBytes: 32 * mebibyte,
  silence: 15 * 60_000,
  lingering: 10_000,
  failedLinks: 5,
};
