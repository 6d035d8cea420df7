import { sessionError, connectionError, type RefusalOptions } from "../protocol/refusal.ts";
import type { SentServerError } from "../protocol/down/json-error.ts";
import { featuresOf } from "../protocol/version.ts";
import type { Zlib } from "../protocol/wire.ts";
import type { ConnectionErrorName } from "../errors/sync.ts";
import type { PartitionStore } from "../store/partition-store.ts";
import { Downloads } from "./downloads.ts";
import type { Counters } from "./metrics.ts";
import type { LogPort } from "./ports.ts";
import type { Sender } from "./sender.ts";
import type { Connection, RunningSession, Session } from "./session.ts";

export interface SessionLimits {
  /** Changesets in one DOWNLOAD, in bytes; one larger changeset still goes (DL2). */
  readonly downloadBytes: number;
  /** DOWNLOADs that may wait for a client to integrate them, in bytes of frames; a reader that stops must not fill the memory with what others write. */
  readonly unacknowledgedBytes: number;
  /** Frames made in one turn, in bytes; readers that are left over get theirs in the next. Making them takes most of a turn. */
  readonly turnBytes: number;
  /** Work of reading and merging uploads in one turn, in units of about a microsecond. */
  readonly mergeUnits: number;
  /** However long another client's merge takes, each client gets this much of a turn. */
  readonly leastMergeUnits: number;
  /** Changes of one client that are applied and appended in one turn, and their bytes; one larger change still goes. */
  readonly batchChanges: number;
  readonly batchBytes: number;
  /** Sessions of one connection; their state must fit the host's attachment. */
  readonly sessionsPerConnection: number;
  /** Uploads of one session that wait for a long merge, in bytes (UP6). */
  readonly pendingBytes: number;
}

export const defaultSessionLimits: SessionLimits = {
  downloadBytes: 512 * 1024,
  unacknowledgedBytes: 4 * 1024 * 1024,
  turnBytes: 512 * 1024,
  mergeUnits: 10_000,
  leastMergeUnits: 4000,
  batchChanges: 5000,
  batchBytes: 4 * 1024 * 1024,
  sessionsPerConnection: 64,
  pendingBytes: 64 * 1024 * 1024,
};

/** What the parts of this room share. */
export interface Room {
  readonly store: PartitionStore;
  readonly sender: Sender;
  readonly counters: Counters;
  readonly log: LogPort;
  readonly zlib: Zlib;
  readonly limits: SessionLimits;
  /** Key of the partition (`s:part`) when BIND must name it; undefined when the host has routed by it. */
  readonly partitionKey: string | undefined;
  /** Sessions with a client file, by its ident: one file has at most one. */
  readonly running: Map<number, RunningSession>;
  /** Running sessions that have uploads to integrate. */
  readonly uploading: Set<RunningSession>;
  /** Running sessions that may have to be sent something although the history did not grow. */
  readonly due: Set<RunningSession>;
  /** Connections whose state for hibernation changed. */
  readonly changed: Set<Connection>;
}

/** Takes the client file from the session; what it uploaded and was not integrated counts as never received (SS1, IN2). */
export function detach(room: Room, session: Session): void {
  if (session.state !== "running") return;
  session.pending.length = 0;
  session.job = undefined;
  room.uploading.delete(session);
  room.due.delete(session);
  if (room.running.get(session.file.ident) === session) room.running.delete(session.file.ident);
  room.store.release(session.file);
}

/** Sends a session error; afterwards nothing is sent for it until it is bound again (S9, SS2). */
export function endSession(room: Room, session: Session, error: SentServerError): void {
  const { connection, ident } = session;
  if (session.state === "running") acknowledgeBefore(room, session);
  detach(room, session);
  room.sender.message(connection, error);
  room.counters.sessionErrors += 1;
  connection.sessions.set(ident, { state: "ended", ident, connection });
  room.changed.add(connection);
  room.log.log("info", "Session ended", {
    connection: connection.id,
    session: ident,
    user: connection.info.userId,
    code: error.code,
    action: error.action,
    ...(session.state === "running" && { file: session.file.ident }),
  });
}

/** What was integrated must be known to the client before it recovers the rest under another ident (R9). */
function acknowledgeBefore(room: Room, session: RunningSession): void {
  const upload = room.store.files.durableProgress(session.file);
  if (session.toldUpload === undefined || session.toldUpload.clientVersion === upload.clientVersion) return;
  if (upload.serverVersion > session.cursor.serverVersion) return;
  const downloads = new Downloads(room.store.history, room.zlib, 0);
  const frame = downloads.acknowledgement(session, upload);
  room.sender.frame(session.connection, frame, frame.length);
}

/** Sends a connection-level error; what arrives afterwards is ignored (§9.2). */
export function failConnection(room: Room, connection: Connection, error: SentServerError): void {
  for (const session of connection.sessions.values()) detach(room, session);
  connection.sessions.clear();
  room.sender.message(connection, error);
  room.counters.connectionErrors += 1;
  connection.open = false;
  room.changed.add(connection);
  room.log.log("warn", "Connection refused", { connection: connection.id, user: connection.info.userId, code: error.code });
}

export const failWith = <Name extends ConnectionErrorName>(
  room: Room,
  connection: Connection,
  name: Name,
  options?: RefusalOptions<Name>,
): void => failConnection(room, connection, connectionError(name, options));

/** 206; builds that decide by the number would delete their file, so they are told that the partition cannot be used. */
export const permissionDenied = (session: Session | { readonly ident: number; readonly connection: Connection }): SentServerError =>
  featuresOf(session.connection.wire.version).actions
    ? sessionError(session.ident, "PermissionDenied")
    : sessionError(session.ident, "IllegalPartition", { message: "You may not open this partition." });
