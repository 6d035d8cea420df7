import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PartitionSessions } from "../../../src/session/partition-sessions.ts";
import type { ConnectionAttachment, ConnectionInfo, LogPort, TurnResult } from "../../../src/session/ports.ts";
import { defaultStoreLimits, PartitionStore, type StoreLimits } from "../../../src/store/partition-store.ts";
import type { Sql, SqlValue } from "../../../src/store/sql.ts";
import { NodeSql } from "../node-sql.ts";
import { wireOf } from "../wire/wires.ts";
import type { RetentionPolicy } from "../../../src/store/retention.ts";
import { defaultSessionLimits, type SessionLimits } from "../../../src/session/room.ts";
import { Random } from "./random.ts";

export class PlannedCrash extends Error {}

/** SQL that fails at a chosen write, as when the process dies in the middle of a turn. */
class CrashingSql implements Sql {
  writesUntilCrash = Number.POSITIVE_INFINITY;
  readonly #inner: NodeSql;

  constructor(inner: NodeSql) {
    this.#inner = inner;
  }

  all<Row extends Record<string, SqlValue>>(statement: string, ...parameters: SqlValue[]): Row[] {
    return this.#inner.all<Row>(statement, ...parameters);
  }

  run(statement: string, ...parameters: SqlValue[]): void {
    if (this.writesUntilCrash-- <= 0) throw new PlannedCrash();
    this.#inner.run(statement, ...parameters);
  }

  transaction<Result>(work: () => Result): Result {
    return this.#inner.transaction(work);
  }
}

export interface ServerOptions {
  readonly seed?: number;
  readonly storeLimits?: Partial<StoreLimits>;
  readonly sessionLimits?: Partial<SessionLimits>;
  readonly retention?: RetentionPolicy;
  readonly log?: LogPort;
  readonly partitionKey?: string;
}

/** A host for one partition: its database in a file, its sessions, and whatever can happen to a process. */
export class Server {
  /** Milliseconds since 1970, set by the test. */
  now = Date.UTC(2026, 0, 1);
  sessions!: PartitionSessions;
  store!: PartitionStore;
  sql!: NodeSql;
  readonly logged: { readonly level: string; readonly message: string }[] = [];
  readonly #crashing: { sql: CrashingSql | undefined } = { sql: undefined };
  readonly #folder = mkdtempSync(join(tmpdir(), "reeve-simulation-"));
  readonly #options: ServerOptions;
  readonly #random: Random;
  readonly #attachments = new Map<string, ConnectionAttachment>();

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.#random = new Random((options.seed ?? 1) ^ 0x5eed);
    this.#start();
  }

  connect(id: string, info: Partial<ConnectionInfo> & { readonly userId: string }): void {
    this.sessions.connect(id, {
      access: { mayRead: true, mayWrite: true, mayManage: false },
      mode: "partition",
      protocolVersion: 14,
      offeredMaximum: 14,
      ...info,
    });
  }

  turn(): TurnResult {
    const result = this.sessions.turn();
    this.#keepAttachments();
    return result;
  }

  /** The process dies at the `writes`-th write of this turn. True: it did. Everything in memory and all sockets are gone. */
  turnAndCrash(writes: number): boolean {
    this.#crashing.sql!.writesUntilCrash = writes;
    try {
      this.sessions.turn();
      this.#crashing.sql!.writesUntilCrash = Number.POSITIVE_INFINITY;
      // It dies before anything of the turn is sent.
    } catch (error) {
      if (!(error instanceof PlannedCrash)) throw error;
    }
    this.crash();
    return true;
  }

  crash(): void {
    this.sql.close();
    this.#attachments.clear();
    this.#start();
  }

  /** Hibernation: memory is gone, sockets and their attachments stay. */
  hibernate(): void {
    this.#keepAttachments();
    this.sql.close();
    this.#start();
    for (const [id, attachment] of this.#attachments) {
      const clone: unknown = structuredClone(attachment);
      if (!this.sessions.restore(id, clone)) throw new Error(`connection ${id} could not be restored`);
    }
  }

  disconnect(id: string): void {
    this.#attachments.delete(id);
    this.sessions.disconnect(id);
  }

  hasBackup = false;

  backUp(): void {
    this.hasBackup = true;
    this.sql.close();
    copyFileSync(this.#path("partition"), this.#path("backup"));
    this.#attachments.clear();
    this.#start();
  }

  /** All sockets drop, and the database is what it was at the last `backUp`. */
  restoreBackup(): void {
    this.sql.close();
    copyFileSync(this.#path("backup"), this.#path("partition"));
    this.#attachments.clear();
    this.#start();
  }

  close(): void {
    this.sql.close();
    rmSync(this.#folder, { recursive: true });
  }

  #start(): void {
    this.sql = new NodeSql(this.#path("partition"));
    this.sql.run("PRAGMA synchronous = OFF");
    this.#crashing.sql = new CrashingSql(this.sql);
    const { storeLimits, sessionLimits, retention, log, partitionKey } = this.#options;
    this.store = new PartitionStore({
      sql: this.#crashing.sql,
      randomSalt: () => 1 + this.#random.below(2 ** 32),
      now: () => this.now,
      limits: { ...defaultStoreLimits, ...storeLimits },
    });
    this.sessions = new PartitionSessions({
      store: this.store,
      zlib: wireOf("partition").zlib,
      log: log ?? { log: (level, message) => this.logged.push({ level, message }) },
      limits: { ...defaultSessionLimits, ...sessionLimits },
      ...(retention && { retention }),
      ...(partitionKey !== undefined && { partitionKey }),
    });
  }

  #keepAttachments(): void {
    for (const id of this.sessions.takeChangedAttachments()) {
      const attachment = this.sessions.attachment(id);
      if (attachment === undefined) continue;
      const bytes = JSON.stringify(attachment).length;
      if (bytes > 16_384) throw new Error(`an attachment of ${bytes} bytes`);
      this.#attachments.set(id, structuredClone(attachment));
    }
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.sqlite`);
  }
}
