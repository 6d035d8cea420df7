import type { RejectedUpdate } from "../protocol/down/json-error.ts";
import { compensatingWrite } from "../protocol/refusal.ts";
import { featuresOf } from "../protocol/version.ts";
import type { Correction } from "../store/corrections.ts";
import { Downloads } from "./downloads.ts";
import type { Room } from "./room.ts";
import type { RunningSession } from "./session.ts";

/**
 * Sends every session what it has not been sent (DL4): one DOWNLOAD at least, then whenever the history is beyond its cursor, then the MARK it
 * waits for. Call after the commit: what is told is durable. True: frames for this turn are used up, and some sessions wait.
 */
export function fanOut(room: Room): boolean {
  const downloads = new Downloads(room.store.history, room.zlib, room.limits.downloadBytes);
  for (const session of room.due) {
    if (room.sender.bytes > room.limits.turnBytes) return true;
    room.due.delete(session);
    // Whoever is far behind gets one message and then stands in line again, in this turn or the next: nobody waits for all of it.
    if (!bringUpToDate(room, session, downloads)) room.due.add(session);
  }
  return false;
}

/**
 * Sends one DOWNLOAD if there is one to send, and answers the MARK that this reached. True when nothing is left to send now: a session whose
 * client does not keep up goes on when that acknowledges something.
 */
function bringUpToDate(room: Room, session: RunningSession, downloads: Downloads): boolean {
  const end = room.store.history.current;
  room.changed.add(session.connection);
  const isBehind = session.toldUpload === undefined || session.cursor.serverVersion < end;
  if (isBehind && !mustWait(room, session)) download(room, session, downloads);
  const { mark, connection, ident } = session;
  if (mark !== undefined && session.cursor.serverVersion >= mark.serverVersion) {
    room.sender.message(connection, { type: "mark", session: ident, request: mark.request });
    session.mark = undefined;
  }
  return session.cursor.serverVersion >= end || mustWait(room, session);
}

/** Up to the MARK that it waits for a client is sent everything: after a slow connect it acknowledges nothing before (sync-protocol S2). */
function mustWait(room: Room, { unacknowledged, cursor, mark }: RunningSession): boolean {
  return unacknowledged.bytes >= room.limits.unacknowledgedBytes && cursor.serverVersion >= (mark?.serverVersion ?? 0);
}

function download(room: Room, session: RunningSession, downloads: Downloads): void {
  const upload = room.store.files.durableProgress(session.file);
  const { frame, scan, cost } = downloads.next(session, upload);
  for (const correction of room.store.correctionsAfter(session.file, session.notified)) {
    if (correction.version <= scan.cursor.serverVersion) notify(room, session, correction);
  }
  room.sender.frame(session.connection, frame, cost);
  room.counters.changesetsOut += scan.entries.length;
  session.cursor = scan.cursor;
  session.unacknowledged.sent(scan.cursor.serverVersion, frame.length);
  session.toldUpload = upload;
}

/** 231, before the DOWNLOAD that brings the correction (E4). */
function notify(room: Room, session: RunningSession, correction: Correction): void {
  session.notified = correction.version;
  // An object without primary key cannot be named; a notice without any object is not shown by clients.
  const updates = correction.objects.filter((object) => object.keyBase64 !== "").map(toUpdate);
  if (updates.length === 0 || !featuresOf(session.connection.wire.version).compensatingWrites) return;
  const rejected = { serverVersion: correction.version, clientVersion: correction.rejectedClientVersion, updates };
  room.sender.message(session.connection, compensatingWrite(session.ident, rejected));
}

const toUpdate = ({ table, keyBase64, reason }: Correction["objects"][number]): RejectedUpdate => ({
  table,
  reason,
  key: Uint8Array.from(atob(keyBase64), (character) => character.charCodeAt(0)),
});
