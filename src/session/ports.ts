/**
 * What the session room needs from its host and what it offers to it. The host (a Durable Object, a test, an embedded server) owns
 * sockets, timers and storage; this room owns every rule of sync. Nothing here does I/O: frames in, frames out.
 */
import type { Instruction } from "../changeset/model.ts";

/** Names one socket for as long as it lives, also across hibernation; chosen by the host, unique within the partition. */
export type ConnectionId = string;

/** The three flags of a grant as decided for one user on this partition; the caller has already made write imply read. */
export interface PartitionAccess {
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  readonly mayManage: boolean;
}

/** `partition`: one history for all (PBS). `flexible`: queries (FLX). Fixed by the sub-protocol's name (sync-protocol §2.3). */
export type SyncMode = "partition" | "flexible";

/** Who is at the other end of a socket; checked by the host before it connects it. */
export interface ConnectionInfo {
  readonly userId: string;
  readonly access: PartitionAccess;
  readonly mode: SyncMode;
  /** The version that the 101 answered. */
  readonly protocolVersion: number;
  /** The newest version the client offered: tells how its build parses (sync-protocol §3.3). */
  readonly offeredMaximum: number;
}

/**
 * What survives hibernation of one socket: a structured-clonable value below 16 KB, to be kept by the host and given back to
 * `restore`. Its inside is this room's business and may change with the version of the code.
 */
export interface ConnectionAttachment {
  readonly format: number;
  readonly [part: string]: unknown;
}

/** What the host does for the room after a turn, in order. A connection that was closed gets nothing more. */
export type Outgoing =
  /** One binary WebSocket message. The bytes may be shared by several connections: never write into them. */
  | { readonly kind: "frame"; readonly connection: ConnectionId; readonly frame: Uint8Array }
  /** Close the socket with this code (sync-protocol §11); `disconnect` need not be called for it. */
  | { readonly kind: "close"; readonly connection: ConnectionId; readonly code: number; readonly reason: string };

export interface TurnResult {
  readonly outgoing: readonly Outgoing[];
  /** There is work left that was put off so that others need not wait (a long merge, a reader far behind): call `turn` again soon. */
  readonly more: boolean;
  /** The server versions this turn added, both inclusive; absent when it added none. */
  readonly added?: { readonly from: number; readonly to: number };
}

/** What becomes of an open connection whose user's rights are decided anew. */
export type AccessDecision =
  | { readonly kind: "keep" }
  /** These rights hold from now on. */
  | { readonly kind: "access"; readonly access: PartitionAccess }
  /** The user may not be here at all any more (locked, deleted, signed out everywhere): close, 4002 logs the user out, 4001 makes the client refresh its token. */
  | { readonly kind: "close"; readonly code: 4001 | 4002 | 4003 | 1011; readonly reason: string };

/** A change the server makes on its own: imports, triggers, the data browser (server-semantics §7). */
export interface ServerChange {
  readonly instructions: readonly Instruction[];
}
export type ServerWriteResult =
  | { readonly kind: "written"; readonly version: number }
  /** The change does not fit the schema or the objects as they are now; nothing was stored. */
  | { readonly kind: "refused"; readonly reason: string };

/** Cumulative counters since this object started; the host turns them into rates. */
export interface SessionMetrics {
  readonly connections: number;
  readonly sessions: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly changesetsIn: number;
  readonly changesetsOut: number;
  /** Transactions in which uploads were integrated. */
  readonly integrations: number;
  /** Uploaded changesets that met concurrent ones and were transformed. */
  readonly merged: number;
  readonly sessionErrors: number;
  readonly connectionErrors: number;
}

export type LogLevel = "trace" | "debug" | "detail" | "info" | "warn" | "error" | "fatal";
export interface LogPort {
  /** `details` never holds contents of objects or secrets. */
  log(level: LogLevel, message: string, details?: Readonly<Record<string, string | number | boolean>>): void;
}

/**
 * All sessions of one partition; implemented by `PartitionSessions`. Every method is synchronous. Call `turn` soon (a timer of 0 ms)
 * after any `receive`, `disconnect`, `reauthorise` or `writeAsServer`, with everything that has arrived until then: one turn is one commit.
 */
export interface PartitionSessionsPort {
  /** A socket was accepted. */
  connect(connection: ConnectionId, info: ConnectionInfo): void;
  /** A socket is gone; its sessions end. Unknown connections are ignored. */
  disconnect(connection: ConnectionId): void;
  /** A socket that slept through hibernation is back. False: its state cannot be understood any more; close it with 1011. */
  restore(connection: ConnectionId, attachment: unknown): boolean;
  /** The state to be kept for `restore`; absent for unknown connections. */
  attachment(connection: ConnectionId): ConnectionAttachment | undefined;
  /**
   * Connections whose attachment changed since the last call. They must be stored before the object may hibernate; while any timer is
   * pending it cannot, so it is enough to do this when the partition has been quiet for a moment.
   */
  takeChangedAttachments(): readonly ConnectionId[];
  /** One WebSocket message arrived. Queues it only. */
  receive(connection: ConnectionId, frame: Uint8Array): void;
  /** Works off what arrived in one transaction and says what to send. */
  turn(): TurnResult;
  /** Decides the rights of all open connections anew (a grant, rule, role or user changed). What follows goes out with the next turn. */
  reauthorise(decide: (info: ConnectionInfo) => AccessDecision): void;
  writeAsServer(change: ServerChange): ServerWriteResult;
  /** Frees memory and, when enough has changed, brings the objects' rows up to date. True: call again. For a partition that is quiet, before it hibernates. */
  settle(): boolean;
  /** Marks client files as expired that were not seen for long and drops what nobody needs any more (server-semantics §8). For alarms, daily. */
  maintain(): void;
  metrics(): SessionMetrics;
}
