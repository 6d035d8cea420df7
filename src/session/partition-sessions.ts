import type { Instruction } from "../changeset/model.ts";
import { ProtocolError } from "../protocol/protocol-error.ts";
import { refusalOf } from "../protocol/refusal.ts";
import { decodeUp, type UpMessage } from "../protocol/up.ts";
import type { Zlib } from "../protocol/wire.ts";
import type { PartitionStore } from "../store/partition-store.ts";
import { defaultRetention, type RetentionPolicy } from "../store/retention.ts";
import { handleMessage } from "./actions.ts";
import { packConnection, unpackConnection, type RestoredSession } from "./attachment.ts";
import { makeConnection } from "./connection.ts";
import { fanOut } from "./fan-out.ts";
import { drain, integrateUploads, judgeAnew } from "./integrator.ts";
import { zeroCounters } from "./metrics.ts";
import type {
  AccessDecision,
  ConnectionAttachment,
  ConnectionId,
  ConnectionInfo,
  LogPort,
  PartitionSessionsPort,
  ServerChange,
  ServerWriteResult,
  SessionMetrics,
  TurnResult,
} from "./ports.ts";
import {
  defaultSessionLimits,
  detach,
  endSession,
  failConnection,
  failWith,
  permissionDenied,
  type Room,
  type SessionLimits,
} from "./room.ts";
import { Sender } from "./sender.ts";
import type { Connection, Session } from "./session.ts";
import { Unacknowledged } from "./unacknowledged.ts";

export interface PartitionSessionsOptions {
  readonly store: PartitionStore;
  readonly zlib: Zlib;
  readonly log: LogPort;
  readonly limits?: SessionLimits;
  readonly retention?: RetentionPolicy;
  /** The lowest server version after which something of the host, as a backup, still has to read the history; it is not dropped above it. */
  readonly keepHistoryAfter?: () => number;
  /** Key of this partition (`s:part`, `i:42`); a BIND that names another is refused with 204. Without it every partition value is taken. */
  readonly partitionKey?: string;
}

/** Sessions of one connection beyond the limit that may wait for their UNBIND. */
const refusedSessions = 16;

/** What happened to a connection since the last turn, in order. */
type Event =
  | { readonly kind: "frame"; readonly connection: Connection; readonly frame: Uint8Array }
  | { readonly kind: "gone"; readonly connection: Connection };

/**
 * All sessions of one partition. See `PartitionSessionsPort` for the contract with the host.
 *
 * If `turn` throws, what is in memory is ahead of what is stored, or a rule of this code is broken: every later call throws too, and the
 * host must drop this object and its sockets, and open the partition again. Clients lose nothing: nothing unstored was acknowledged.
 */
export class PartitionSessions implements PartitionSessionsPort {
  readonly #room: Room;
  readonly #retention: RetentionPolicy;
  readonly #keepHistoryAfter: (() => number) | undefined;
  readonly #connections = new Map<ConnectionId, Connection>();
  #events: Event[] = [];
  /** All running sessions were sent the history up to here, or are in `due`. */
  #fannedOut: number;
  #failure: unknown;

  constructor(options: PartitionSessionsOptions) {
    const counters = zeroCounters();
    this.#retention = options.retention ?? defaultRetention;
    this.#keepHistoryAfter = options.keepHistoryAfter;
    this.#room = {
      store: options.store,
      sender: new Sender(counters),
      counters,
      log: options.log,
      zlib: options.zlib,
      limits: options.limits ?? defaultSessionLimits,
      partitionKey: options.partitionKey,
      running: new Map(),
      uploading: new Set(),
      due: new Set(),
      changed: new Set(),
    };
    this.#fannedOut = options.store.history.current;
  }

  connect(id: ConnectionId, info: ConnectionInfo): void {
    const connection = makeConnection(id, info, this.#room.zlib);
    this.#connections.set(id, connection);
    this.#room.changed.add(connection);
  }

  disconnect(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    this.#events.push({ kind: "gone", connection });
  }

  restore(id: ConnectionId, attachment: unknown): boolean {
    const restored = unpackConnection(attachment);
    if (restored === undefined) return false;
    const connection = makeConnection(id, restored.info, this.#room.zlib);
    connection.open = restored.open;
    for (const packed of restored.sessions) {
      const session = this.#revive(connection, packed);
      if (session === undefined) return false;
      connection.sessions.set(session.ident, session);
      if (session.state !== "running") continue;
      this.#room.running.set(session.file.ident, session);
      this.#room.due.add(session);
    }
    this.#connections.set(id, connection);
    return true;
  }

  attachment(id: ConnectionId): ConnectionAttachment | undefined {
    const connection = this.#connections.get(id);
    return connection && packConnection(connection.info, connection.open, connection.sessions.values());
  }

  takeChangedAttachments(): readonly ConnectionId[] {
    const ids: ConnectionId[] = [];
    for (const connection of this.#room.changed) if (this.#connections.get(connection.id) === connection) ids.push(connection.id);
    this.#room.changed.clear();
    return ids;
  }

  receive(id: ConnectionId, frame: Uint8Array): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || !connection.open) return;
    this.#room.counters.framesIn += 1;
    this.#room.counters.bytesIn += frame.length;
    this.#events.push({ kind: "frame", connection, frame });
  }

  turn(): TurnResult {
    return this.#guarded(() => {
      const { store, sender } = this.#room;
      const before = store.history.durable;
      const events = this.#events;
      this.#events = [];
      for (const event of events) {
        if (event.kind === "frame") this.#handleFrame(event.connection, event.frame);
        else this.#handleLoss(event.connection);
      }
      const unmerged = integrateUploads(this.#room);
      store.commit();
      this.#noticeGrowth();
      const unsent = fanOut(this.#room);
      const { durable } = store.history;
      const result = { outgoing: sender.take(), more: unmerged || unsent };
      return durable > before ? { ...result, added: { from: before + 1, to: durable } } : result;
    });
  }

  reauthorise(decide: (info: ConnectionInfo) => AccessDecision): void {
    this.#guarded(() => {
      for (const connection of this.#connections.values()) this.#decideAnew(connection, decide(connection.info));
    });
  }

  writeAsServer(change: ServerChange): ServerWriteResult {
    return this.#guarded(() => {
      const instructions: readonly Instruction[] = change.instructions;
      const written = this.#room.store.writeAsServer(instructions);
      if ("refused" in written) return { kind: "refused", reason: written.refused };
      this.#room.store.commit();
      return { kind: "written", version: written.version };
    });
  }

  settle(): boolean {
    return this.#guarded(() => {
      const { store, running } = this.#room;
      store.trimMemory((ident) => running.has(ident));
      return store.settle();
    });
  }

  maintain(): void {
    this.#guarded(() => {
      const { store, running, log } = this.#room;
      for (const { file } of running.values()) store.noteUse(file);
      store.flushObjects();
      let readFrom = Math.min(store.history.durable, this.#keepHistoryAfter?.() ?? store.history.durable);
      for (const session of running.values())
        readFrom = Math.min(readFrom, Math.max(session.cursor.serverVersion, session.file.snapshotVersion));
      const plan = store.planRetention(this.#retention, readFrom);
      for (const ident of plan.expire) log.log("warn", "A client file was away too long; it starts over when it returns", { file: ident });
      const before = store.history.base;
      const base = store.retain(plan);
      if (base > before) log.log("info", "History that nobody needs was dropped", { from: before + 1, to: base });
    });
  }

  metrics(): SessionMetrics {
    let sessions = 0;
    for (const connection of this.#connections.values()) sessions += connection.sessions.size;
    return { ...this.#room.counters, connections: this.#connections.size, sessions };
  }

  #handleFrame(connection: Connection, frame: Uint8Array): void {
    if (!connection.open) return;
    this.#interpret(connection, frame);
    // Refused sessions are remembered until their UNBIND; somebody who never sends one must not make that grow.
    if (connection.sessions.size > this.#room.limits.sessionsPerConnection + refusedSessions) {
      failWith(this.#room, connection, "OtherConnectionError", { message: "Too many sessions on this connection." });
    }
  }

  #interpret(connection: Connection, frame: Uint8Array): void {
    let message: UpMessage;
    try {
      message = decodeUp(frame, connection.wire);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#refuseFrame(connection, error);
    }
    handleMessage(this.#room, connection, message);
  }

  /** Only a BIND is refused on the level of its session (SS4); everything else that cannot be parsed ends the connection. */
  #refuseFrame(connection: Connection, error: ProtocolError): void {
    this.#room.log.log("warn", "A message could not be read", { connection: connection.id, reason: error.reason, detail: error.message });
    if (error.level === "connection") return failConnection(this.#room, connection, refusalOf(error));
    if (connection.sessions.has(error.session)) return failWith(this.#room, connection, "SessionIdentReused");
    endSession(this.#room, { state: "waitIdent", ident: error.session, connection }, refusalOf(error));
  }

  #handleLoss(connection: Connection): void {
    connection.open = false;
    for (const session of connection.sessions.values()) {
      if (session.state === "running") drain(this.#room, session);
      detach(this.#room, session);
    }
    connection.sessions.clear();
    this.#room.changed.delete(connection);
  }

  #decideAnew(connection: Connection, decision: AccessDecision): void {
    switch (decision.kind) {
      case "keep":
        return;
      case "access":
        connection.info = { ...connection.info, access: decision.access };
        this.#room.changed.add(connection);
        for (const session of connection.sessions.values()) {
          if (session.state === "running") judgeAnew(this.#room, session);
          if (session.state !== "ended" && !decision.access.mayRead) endSession(this.#room, session, permissionDenied(session));
        }
        return;
      case "close":
        for (const session of connection.sessions.values()) detach(this.#room, session);
        connection.sessions.clear();
        this.#room.sender.close(connection, decision.code, decision.reason);
        this.#connections.delete(connection.id);
        return;
    }
  }

  /** When the history grew, everybody has something to be sent, the author of the change included (DL4). */
  #noticeGrowth(): void {
    const { store, running, due } = this.#room;
    if (store.history.current === this.#fannedOut) return;
    this.#fannedOut = store.history.current;
    for (const session of running.values()) due.add(session);
  }

  #revive(connection: Connection, packed: RestoredSession): Session | undefined {
    if (packed.state !== "running") return { ...packed, connection };
    const { fileIdent, ...rest } = packed;
    const { store } = this.#room;
    const file = store.files.get(fileIdent);
    if (file === undefined) return undefined;
    store.advanceProgress(file, packed.progress, packed.lockedVersion, false);
    const unacknowledged = new Unacknowledged();
    return { ...rest, connection, file, view: store.viewOf(file), unacknowledged, pending: [], pendingBytes: 0, job: undefined };
  }

  #guarded<Result>(work: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return work();
    } catch (error) {
      this.#failure = error ?? new Error("unknown failure");
      throw error;
    }
  }
}
