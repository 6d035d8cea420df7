import type { Wire } from "../protocol/wire.ts";
import type { ClientFile } from "../store/client-files.ts";
import type { Integration } from "../store/integration.ts";
import type { ReceiverView, ScanCursor } from "../store/receiver-view.ts";
import type { VersionPair } from "../store/upload-checks.ts";
import type { UploadedChange } from "../store/upload-run.ts";
import type { ConnectionId, ConnectionInfo } from "./ports.ts";
import type { Unacknowledged } from "./unacknowledged.ts";

/** One socket and its sessions. */
export interface Connection {
  readonly id: ConnectionId;
  info: ConnectionInfo;
  readonly wire: Wire;
  /** By session ident; the client chooses them. */
  readonly sessions: Map<number, Session>;
  /** False after a connection-level error: what arrives is ignored, nothing more is sent (§9.2). */
  open: boolean;
}

/** A MARK that waits until everything that existed when it came has been sent (MK3). Only the newest is kept (MK2). */
export interface PendingMark {
  readonly request: number;
  readonly serverVersion: number;
}

/** A session whose client file is known (server-semantics §1.4). */
export interface RunningSession {
  readonly state: "running";
  readonly ident: number;
  readonly connection: Connection;
  readonly file: ClientFile;
  readonly view: ReceiverView;
  /** What was sent: every later message goes on from here. */
  cursor: ScanCursor;
  /** The upload cursor last told; undefined before the first DOWNLOAD of the session. */
  toldUpload: VersionPair | undefined;
  /** Fixed by IDENT: changes up to here were integrated earlier (UP1). */
  readonly threshold: VersionPair;
  /** Progress of the UPLOADs received in this session. */
  progress: VersionPair;
  lockedVersion: number;
  mark: PendingMark | undefined;
  readonly unacknowledged: Unacknowledged;
  /** Corrections up to this version were announced by a 231. */
  notified: number;
  /** Received and checked, not yet integrated. */
  readonly pending: UploadedChange[];
  pendingBytes: number;
  /** An integration that needs more than one turn. */
  job: Integration | undefined;
}

/** What a session ident of a connection stands for; the states are those of `transitions.ts`. */
export type Session =
  | RunningSession
  | { readonly state: "waitIdent"; readonly ident: number; readonly connection: Connection }
  | { readonly state: "ended"; readonly ident: number; readonly connection: Connection };
