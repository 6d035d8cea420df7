import { sessionError, writeNotAllowed } from "../protocol/refusal.ts";
import { featuresOf } from "../protocol/version.ts";
import type { ClientFile } from "../store/client-files.ts";
import type { IntegrationOutcome, UploadBatch } from "../store/integration.ts";
import type { WorkBudget } from "../store/upload-run.ts";
import { endSession, type Room } from "./room.ts";
import type { RunningSession } from "./session.ts";

/**
 * Integrates what the sessions have received (server-semantics §5.2): each client's uploads stand or fall together, and one client's bad
 * upload does not touch the others' (BC1). A merge that is too long for one turn goes on in the next. True: there is more to do.
 */
export function integrateUploads(room: Room): boolean {
  const budget: WorkBudget = { units: room.limits.mergeUnits };
  let integrated = false;
  for (const session of room.uploading) {
    budget.units = Math.max(budget.units, room.limits.leastMergeUnits);
    const outcome = advance(room, session, budget);
    if (outcome === undefined) continue;
    if (outcome.kind === "refused") refuse(room, session, outcome);
    else integrated = true;
  }
  if (integrated) room.counters.integrations += 1;
  return room.uploading.size > 0;
}

/** One client's turn; undefined while its merge is not finished. */
function advance(room: Room, session: RunningSession, budget: WorkBudget): IntegrationOutcome | undefined {
  session.job ??= room.store.integrate(batchOf(room, session));
  if (!session.job.advance(budget)) return undefined;
  const outcome = session.job.finish();
  session.job = undefined;
  if (session.pending.length === 0) {
    room.uploading.delete(session);
    // Progress that came while the merge was under way.
    if (outcome.kind === "integrated") room.store.advanceProgress(session.file, session.progress, session.lockedVersion, false);
  }
  if (outcome.kind === "integrated") {
    room.counters.merged += outcome.transformed;
    if (outcome.correction !== undefined) {
      const { version, objects } = outcome.correction;
      room.log.log("info", "A write was undone", {
        file: session.file.ident,
        user: session.connection.info.userId,
        version,
        objects: objects.length,
      });
    }
  }
  return outcome;
}

/** Integrates what a session has received before it is closed, if that is quickly done: the client need not upload it again. */
export function drain(room: Room, session: RunningSession): void {
  if (session.pending.length === 0 && session.job === undefined) return;
  const outcome = advance(room, session, { units: room.limits.mergeUnits });
  if (outcome?.kind === "refused") {
    room.log.log("warn", "The last upload of a closed session was refused", {
      file: session.file.ident,
      reason: outcome.reason.slice(0, 500),
    });
  }
}

/**
 * What of a session's uploads is integrated together: all that it has received, or as much as one turn can append. A change is always
 * whole, and the progress of a part is that of its last change, as if the client had ended an UPLOAD there.
 */
function batchOf({ limits }: Room, session: RunningSession): UploadBatch {
  const { file, pending, lockedVersion } = session;
  let count = 0;
  let bytes = 0;
  while (count < pending.length && count < limits.batchChanges && bytes < limits.batchBytes) bytes += pending[count++]!.changeset.length;
  const changes = pending.splice(0, count);
  session.pendingBytes -= bytes;
  const last = changes.at(-1);
  const { clientVersion, serverVersion } = pending.length === 0 || last === undefined ? session.progress : last;
  return { file, changes, progress: { clientVersion, serverVersion }, lockedVersion, rights: rightsOf(session) };
}

function rightsOf({ connection: { info, wire } }: RunningSession): UploadBatch["rights"] {
  if (info.access.mayWrite) return "write";
  return featuresOf(wire.version).compensatingWrites ? "correct" : "refuse";
}

/** The user's rights changed: a merge that is under way is judged by the new ones. */
export function judgeAnew(room: Room, session: RunningSession): void {
  const { job } = session;
  if (job !== undefined && job.batch.rights !== rightsOf(session))
    session.job = room.store.integrate({ ...job.batch, rights: rightsOf(session) });
}

/** Ends the session of a refused upload with the code that belongs to the reason. */
function refuse(room: Room, session: RunningSession, outcome: Extract<IntegrationOutcome, { kind: "refused" }>): void {
  const { ident, file } = session;
  room.log.log("warn", "An upload was refused", { file: file.ident, error: outcome.error, reason: outcome.reason.slice(0, 500) });
  switch (outcome.error) {
    case "BadChangeset":
      return endSession(room, session, sessionError(ident, "BadChangeset", { action: countBadReport(room, file) }));
    case "OtherSessionError":
      return endSession(
        room,
        session,
        sessionError(ident, "OtherSessionError", { action: "ApplicationBug", message: "A transaction is larger than this server takes." }),
      );
    case "InvalidSchemaChange":
      return endSession(room, session, sessionError(ident, "InvalidSchemaChange"));
    case "WriteNotAllowed": {
      const rejected = { clientVersion: session.progress.clientVersion, updates: [] };
      return endSession(room, session, writeNotAllowed(ident, rejected, { action: "ClientResetNoRecovery" }));
    }
  }
}

/** The second reset of a file for such a reason is one without recovery, or the client would go round in circles (BC3). */
export function countBadReport(room: Room, file: ClientFile): "ClientReset" | "ClientResetNoRecovery" {
  file.badReports += 1;
  room.store.files.changed(file);
  return file.badReports === 1 ? "ClientReset" : "ClientResetNoRecovery";
}
