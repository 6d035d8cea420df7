import { sessionError } from "../protocol/refusal.ts";
import type { Bind } from "../protocol/up/bind.ts";
import type { ClientIdent } from "../protocol/up/ident.ts";
import type { ClientError } from "../protocol/up/json-error.ts";
import type { Mark } from "../protocol/up/mark.ts";
import type { Upload } from "../protocol/up/upload.ts";
import type { UpMessage } from "../protocol/up.ts";
import type { IdentRefusal } from "../store/identification.ts";
import { checkUpload } from "../store/upload-checks.ts";
import { countBadReport, drain } from "./integrator.ts";
import { detach, endSession, failWith, permissionDenied, type Room } from "./room.ts";
import type { Connection, RunningSession, Session } from "./session.ts";
import { transitions } from "./transitions.ts";
import { Unacknowledged } from "./unacknowledged.ts";

/** Carries out one message from a client as the table of transitions says. */
export function handleMessage(room: Room, connection: Connection, message: UpMessage): void {
  if (message.type === "ping") {
    room.sender.pong(connection, message.timestamp);
    return;
  }
  const session = connection.sessions.get(message.session);
  const transition = transitions[session?.state ?? "none"][message.type];
  if (transition === "ignore") return;
  if (transition !== "act") {
    failWith(room, connection, transition);
    return;
  }
  room.changed.add(connection);
  if (message.type === "bind") bind(room, connection, message);
  else if (session !== undefined) act(room, session, message);
}

/** What a bound session does; the table has made sure that the state fits. */
function act(room: Room, session: Session, message: Exclude<UpMessage, { type: "ping" | "bind" }>): void {
  const { connection } = session;
  switch (message.type) {
    case "ident":
      return identify(room, session, message);
    case "upload":
      return session.state === "running" ? upload(room, session, message) : undefined;
    case "mark":
      return session.state === "running" ? mark(room, session, message) : undefined;
    case "json_error":
      return session.state === "running" ? clientError(room, session, message) : undefined;
    case "test_command":
      return room.sender.message(connection, { type: "test_command", session: session.ident, request: message.request, answer: "{}" });
    case "unbind":
      return unbind(room, session);
    case "query":
    case "refresh":
      return undefined;
  }
}

function bind(room: Room, connection: Connection, message: Bind): void {
  const ident = message.session;
  if (message.mode !== "partition") return failWith(room, connection, "AppIsPartitioned");
  const session: Session = { state: "waitIdent", ident, connection };
  if (connection.sessions.size >= room.limits.sessionsPerConnection) {
    return endSession(room, session, sessionError(ident, "SessionClosed", { message: "Too many sessions on this connection; try again." }));
  }
  if (room.partitionKey !== undefined && message.partition.key !== room.partitionKey) {
    return endSession(room, session, sessionError(ident, "IllegalPartition"));
  }
  if (!connection.info.access.mayRead) return endSession(room, session, permissionDenied(session));
  connection.sessions.set(ident, session);
  if (!message.needIdent) return;
  // Made durable by this turn's commit, before anything of the turn is sent (ID2).
  const file = room.store.allocate(connection.info.userId, "partition");
  room.sender.message(connection, { type: "ident", session: ident, fileIdent: file.ident, salt: BigInt(file.salt) });
}

function identify(room: Room, session: Session, message: ClientIdent): void {
  const { connection, ident } = session;
  const older = room.running.get(message.fileIdent);
  // What the older session had received is integrated, or given up, before the new one learns where to go on (IN2).
  if (older !== undefined) drain(room, older);
  const checked = room.store.identify(message, connection.info.userId, "partition");
  if ("refusal" in checked) return refuseIdent(room, session, message, checked.refusal);
  if (older !== undefined) {
    if (older.connection === connection) return failWith(room, connection, "ClientFileBoundTwice");
    room.log.log("info", "A newer session takes over a client file", { file: checked.file.ident, connection: older.connection.id });
    endSession(room, older, sessionError(older.ident, "SessionClosed", { message: "A newer session of this file took over." }));
  }
  const { file } = checked;
  const running: RunningSession = {
    state: "running",
    ident,
    connection,
    file,
    view: room.store.viewOf(file),
    cursor: message.download,
    toldUpload: undefined,
    threshold: { clientVersion: file.clientVersion, serverVersion: file.baseVersion },
    progress: { clientVersion: 0, serverVersion: 0 },
    lockedVersion: file.lockedVersion,
    mark: undefined,
    unacknowledged: new Unacknowledged(),
    notified: message.download.serverVersion,
    pending: [],
    pendingBytes: 0,
    job: undefined,
  };
  connection.sessions.set(ident, running);
  room.running.set(file.ident, running);
  room.due.add(running);
}

function refuseIdent(room: Room, session: Session, message: ClientIdent, refusal: IdentRefusal): void {
  const { ident, connection } = session;
  if (refusal === "InitialSyncNotFinished") {
    room.log.log("fatal", "A device presented a file of a history that is missing here; restore the partition, or declare the loss final", {
      file: message.fileIdent,
      user: connection.info.userId,
    });
    const backoff = { firstSeconds: 10, maximumSeconds: 300, factor: 2 };
    return endSession(room, session, sessionError(ident, refusal, { backoff }));
  }
  return endSession(room, session, sessionError(ident, refusal));
}

function upload(room: Room, session: RunningSession, message: Upload): void {
  const claim = { progress: message.progress, lockedServerVersion: message.lockedServerVersion, entries: message.entries };
  const refusal = checkUpload(claim, {
    threshold: session.threshold,
    progress: session.progress,
    sentVersion: session.cursor.serverVersion,
    lockedVersion: session.lockedVersion,
  });
  if (refusal !== undefined) return endSession(room, session, sessionError(session.ident, refusal));
  session.progress = message.progress;
  session.lockedVersion = message.lockedServerVersion;
  session.unacknowledged.acknowledge(message.lockedServerVersion);
  if (session.cursor.serverVersion < room.store.history.current) room.due.add(session);
  for (const entry of message.entries) {
    if (entry.clientVersion <= session.threshold.clientVersion) continue;
    session.pending.push(entry);
    session.pendingBytes += entry.changeset.length;
  }
  room.counters.changesetsIn += message.entries.length;
  if (session.pending.length > 0) room.uploading.add(session);
  if (session.pending.length === 0 && session.job === undefined) {
    room.store.advanceProgress(session.file, session.progress, session.lockedVersion, false);
  } else if (session.pendingBytes > room.limits.pendingBytes) {
    endSession(room, session, sessionError(session.ident, "SessionClosed", { message: "Too much waits to be merged; try again." }));
  }
}

function mark(room: Room, session: RunningSession, message: Mark): void {
  session.mark = { request: message.request, serverVersion: room.store.history.current };
  room.due.add(session);
}

/** §9.4: the client ignores everything from now on; only a reset helps, and one without recovery when it says so again. */
function clientError(room: Room, session: RunningSession, message: ClientError): void {
  const { file, ident } = session;
  room.log.log("error", "A client cannot integrate what it was sent", {
    file: file.ident,
    user: session.connection.info.userId,
    code: message.code,
    reason: message.message.slice(0, 500),
    fromVersion: file.lockedVersion,
    toVersion: session.cursor.serverVersion,
  });
  const action = countBadReport(room, file);
  endSession(room, session, sessionError(ident, "UnusableClientFile", { action }));
}

function unbind(room: Room, session: Session): void {
  const { connection, ident } = session;
  if (session.state === "running") drain(room, session);
  detach(room, session);
  connection.sessions.delete(ident);
  if (session.state !== "ended") room.sender.message(connection, { type: "unbound", session: ident });
}
