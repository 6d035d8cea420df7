import { decodeChangeset } from "../changeset/decode.ts";
import { encodeChangeset } from "../changeset/encode.ts";
import type { Instruction } from "../changeset/model.ts";
import { ClientFiles, type ClientFile, type ClientFileMode } from "./client-files.ts";
import { Corrections, type Correction } from "./corrections.ts";
import { footprintOf, isDestructive } from "./footprint.ts";
import { defaultHistoryLimits, History, type HistoryLimits } from "./history.ts";
import { checkIdent, type IdentClaim, type IdentRefusal } from "./identification.ts";
import type { IntegrationContext } from "./integration-context.ts";
import { asRefusal } from "./integration-refusal.ts";
import { Integration, type UploadBatch } from "./integration.ts";
import { migrate, readMeta, writeMeta } from "./migrations.ts";
import { ObjectState, SqlObjectStorage } from "./objects/index.ts";
import { Reciprocals, type ChangesetCodec } from "./reciprocals.ts";
import { ReceiverView } from "./receiver-view.ts";
import type { RefusedObjects } from "./refused-objects.ts";
import { planRetention, type RetentionPlan, type RetentionPolicy } from "./retention.ts";
import { Snapshots, type Snapshot } from "./snapshots.ts";
import type { Sql } from "./sql.ts";
import { restoringInstructions } from "./state-changesets.ts";
import type { VersionPair } from "./upload-checks.ts";

export interface StoreLimits {
  readonly history: HistoryLimits;
  /** Memory for objects, in bytes. */
  readonly objectCacheBytes: number;
  /** New clients are sent a compact state where the history is longer than this, and clearly longer than the state. Bytes. */
  readonly snapshotAboveBytes: number;
  /** Size of a snapshot's pieces. Bytes. */
  readonly snapshotPieceBytes: number;
  /** History that may wait to be applied to the objects' rows while the partition is busy; after a crash that much is applied again. Bytes. */
  readonly unflushedBytes: number;
  /** The same while it is quiet: below this, applying the history again after each sleep is cheaper than writing rows before it. Bytes. */
  readonly quietUnflushedBytes: number;
}

export const defaultStoreLimits: StoreLimits = {
  history: defaultHistoryLimits,
  objectCacheBytes: 40 * 1024 * 1024,
  snapshotAboveBytes: 1024 * 1024,
  snapshotPieceBytes: 512 * 1024,
  unflushedBytes: 3 * 1024 * 1024,
  quietUnflushedBytes: 64 * 1024,
};

export interface StoreOptions {
  readonly sql: Sql;
  /** A uniformly random integer 1 … 2^53−1. */
  readonly randomSalt: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits?: StoreLimits;
}

/** Milliseconds between 1970 and 2015: origin timestamps count from there. */
export const originEpoch = 1_420_070_400_000;

/**
 * Everything a partition knows: its history, client files, reciprocal histories, compact states, and the objects they lead to. Changes are made in
 * memory and become durable together with `commit`; nothing may be sent that rests on them before. If `commit` throws, memory is ahead
 * of what is stored: the store must be thrown away and opened again.
 */
export class PartitionStore {
  readonly history: History;
  readonly files: ClientFiles;
  readonly #sql: Sql;
  readonly #options: StoreOptions;
  readonly #limits: StoreLimits;
  readonly #snapshots: Snapshots;
  readonly #objects: ObjectState;
  readonly #context: IntegrationContext;
  readonly #reciprocals = new Map<number, Reciprocals>();
  readonly #corrections = new Map<number, Corrections>();
  /** Files whose reciprocals or corrections were added to or trimmed since the last commit. */
  readonly #touched = new Set<number>();
  /** Files known to have nothing stored beside their record. */
  readonly #plain = new Set<number>();
  #newestServerTimestamp = 0;
  /** The objects in memory reflect the history up to here. */
  #objectsAt: number;
  /** Bytes of changesets that the objects' rows reflect. */
  #flushedSize: number;
  /** No snapshot is tried again before the history has this size. */
  #snapshotTriedAt = 0;

  /** Opens a partition: migrates its tables and reads what must be in memory. Cheap; objects are brought up to date when first needed. */
  constructor(options: StoreOptions) {
    migrate(options.sql);
    this.#options = options;
    this.#limits = options.limits ?? defaultStoreLimits;
    this.#sql = options.sql;
    this.history = new History(options.sql, options.randomSalt(), this.#limits.history);
    this.files = new ClientFiles(options.sql);
    this.#snapshots = new Snapshots(options.sql);
    this.#objects = new ObjectState(new SqlObjectStorage(options.sql), { cacheBytes: this.#limits.objectCacheBytes });
    this.#objectsAt = this.#objects.cursor;
    this.#flushedSize = this.history.sizeUpTo(this.#objectsAt);
    this.#context = {
      history: this.history,
      snapshots: this.#snapshots,
      objects: this.#objects,
      codec,
      reciprocals: (file) => this.#reciprocalsOf(file),
      reciprocalsFor: (file) => this.#reciprocalsFor(file),
      corrections: (file) => this.#correctionsOf(file),
      correct: (file, refused) => this.#correct(file, refused),
      advanceProgress: (file, progress, locked, durably) => this.advanceProgress(file, progress, locked, durably),
    };
  }

  /** The objects after the newest version. Read only: every change must go through the history (SV4). */
  get objects(): ObjectState {
    this.#catchUp();
    return this.#objects;
  }

  /** Gives a new client file its ident; durable with the next `commit`, before which it must not be told (ID2). */
  allocate(owner: string, mode: ClientFileMode): ClientFile {
    const file = this.files.allocate(this.#options.randomSalt(), owner, mode, this.#options.now());
    this.#plain.add(file.ident);
    return file;
  }

  /** Checks an IDENT (server-semantics §4) and notes that the file is in use. */
  identify(claim: IdentClaim, userId: string, mode: ClientFileMode): { readonly file: ClientFile } | { readonly refusal: IdentRefusal } {
    const file = this.files.get(claim.fileIdent);
    const partitionIsEmpty = this.files.allocated === 0 && this.history.current === 0;
    const checked = checkIdent(claim, {
      file,
      hasSnapshot: file !== undefined && this.#hasSnapshotOf(file),
      partitionIsEmpty,
      lossIsFinal: partitionIsEmpty && readMeta(this.#sql, "loss_is_final") === 1,
      userId,
      mode,
      currentVersion: this.history.current,
      baseVersion: this.history.base,
      saltOf: (version) => this.history.salt(version),
    });
    if ("refusal" in checked) return checked;
    this.noteUse(checked.file);
    if (claim.download.serverVersion === 0) this.#chooseBeginning(checked.file);
    return checked;
  }

  /** Notes, to the day, that a file is in use, so that it is not taken for one that was given up. */
  noteUse(file: ClientFile): void {
    this.files.seen(file, this.#options.now());
  }

  /** The operator gives up on data that is missing: files of the lost history are told to start over instead of to wait (IN6). */
  declareLossFinal(): void {
    writeMeta(this.#sql, "loss_is_final", 1);
  }

  viewOf(file: ClientFile): ReceiverView {
    const { history } = this;
    return new ReceiverView({ history, snapshots: this.#snapshots, corrections: (of) => this.#correctionsOf(of) }, file);
  }

  /** Corrections that the file's cursor has not passed, in order (E7). */
  correctionsAfter(file: ClientFile, serverVersion: number): readonly Correction[] {
    return this.#correctionsOf(file)?.above(serverVersion) ?? [];
  }

  /** Starts to integrate what one client uploaded. */
  integrate(batch: UploadBatch): Integration {
    this.#catchUp();
    return new Integration(this.#context, batch);
  }

  /** Moves a file's progress, never back (UP2, UP3). Unless `durably`, it is written whenever something else is. */
  advanceProgress(file: ClientFile, progress: VersionPair, lockedVersion: number, durably: boolean): void {
    if (progress.clientVersion > file.clientVersion) {
      file.clientVersion = progress.clientVersion;
      file.baseVersion = Math.max(file.baseVersion, progress.serverVersion);
      this.#passBase(file);
    }
    file.lockedVersion = Math.max(file.lockedVersion, lockedVersion);
    if (durably) this.files.changed(file);
    else this.files.progressed(file);
  }

  /**
   * Appends a change the server makes on its own (SV1–SV4): based on the current state, with a timestamp not older than any of its
   * earlier ones. Returns the version, or why it does not apply; then nothing has changed.
   */
  writeAsServer(instructions: readonly Instruction[]): { readonly version: number } | { readonly refused: string } {
    // Devices that use them would be stuck (SC6).
    if (instructions.some(isDestructive)) return { refused: "classes and properties cannot be erased" };
    this.#catchUp();
    try {
      this.#objects.apply(instructions);
    } catch (error) {
      return { refused: asRefusal(error).message };
    }
    const entry = this.history.append({
      origin: 0,
      clientVersion: 0,
      timestamp: this.#serverTimestamp(0),
      changeset: codec.encode(instructions),
      footprint: footprintOf(instructions),
      instructions: undefined,
    });
    this.history.remember(entry, instructions);
    this.#objectsAt = entry.version;
    return { version: entry.version };
  }

  /** Makes everything so far durable, in one transaction: usually one row of history and one for each client file that uploaded. */
  commit(): void {
    // Whoever appended had brought the objects up to date before, and applied what was appended.
    const objectsAreCurrent = this.#objectsAt >= this.history.durable;
    if (this.history.current > this.history.durable || this.files.hasDue) {
      this.#sql.transaction(() => {
        this.history.flush();
        for (const ident of this.files.flush()) {
          if (!this.#touched.has(ident)) continue;
          this.#reciprocals.get(ident)?.flush();
          this.#corrections.get(ident)?.flush();
          this.#touched.delete(ident);
        }
      });
    }
    if (!objectsAreCurrent) return;
    this.#objectsAt = this.history.durable;
    if (this.#objects.shouldFlush || this.#unflushedCost() > this.#limits.unflushedBytes) this.flushObjects();
  }

  /** Writes the objects' rows. True: there was something to write. */
  flushObjects(): boolean {
    this.#catchUp();
    if (this.#objects.cursor === this.history.durable || this.#objectsAt !== this.history.durable) return false;
    this.#flushObjectsAt(this.#objectsAt);
    return true;
  }

  /** The partition is quiet: writes the objects' rows if enough has changed to be worth it. True: call again. */
  settle(): boolean {
    return this.#unflushedCost() > this.#limits.quietUnflushedBytes && this.flushObjects();
  }

  /** Lets go of what was kept in memory for a file; its progress becomes due. */
  release(file: ClientFile): void {
    this.files.settle(file);
    if (this.#touched.has(file.ident)) this.files.changed(file);
  }

  /** Frees memory of files that nobody uses. Call after `commit`. */
  trimMemory(inUse: (ident: number) => boolean): void {
    this.files.trim(inUse);
    for (const ident of this.#reciprocals.keys()) if (!inUse(ident) && !this.#touched.has(ident)) this.#reciprocals.delete(ident);
    for (const ident of this.#corrections.keys()) if (!inUse(ident) && !this.#touched.has(ident)) this.#corrections.delete(ident);
    for (const ident of this.#plain) if (!inUse(ident)) this.#plain.delete(ident);
  }

  /** What a compaction would drop, and whom it would reset. `readFrom`: the lowest cursor of an open session, or of a backup. */
  planRetention(policy: RetentionPolicy, readFrom: number): RetentionPlan {
    const from = Math.min(readFrom, this.#objects.cursor);
    const facts = { files: this.files.living(), now: this.#options.now(), currentVersion: this.history.durable, readFrom: from };
    return planRetention(facts, policy);
  }

  /** Carries out a plan. Returns the new base version. */
  retain(plan: RetentionPlan): number {
    for (const ident of plan.expire) {
      const file = this.files.get(ident);
      if (file === undefined) continue;
      file.expired = true;
      this.files.changed(file);
    }
    this.files.settleAll();
    this.commit();
    return this.#sql.transaction(() => {
      for (const ident of plan.expire) this.#forgetExtras(ident);
      const newest = this.#snapshots.newest?.version;
      for (const { version } of this.#snapshots.all()) {
        if (version !== newest && !plan.snapshotsInUse.has(version)) this.#snapshots.remove(version);
      }
      return this.history.dropUpTo(plan.dropUpTo);
    });
  }

  /** Objects are a view of the history with a cursor of its own; after a restart the part not in rows yet is applied again. */
  #catchUp(): void {
    if (this.#objectsAt >= this.history.durable) return;
    for (const entry of this.history.entries(this.#objectsAt + 1, this.history.durable)) {
      if (entry.changeset.length > 0) this.#objects.apply(entry.instructions ?? codec.decode(entry.changeset));
      this.#objectsAt = entry.version;
      if (this.#objects.shouldFlush) this.#flushObjectsAt(entry.version);
    }
  }

  #flushObjectsAt(version: number): void {
    this.#objects.flush(version);
    this.#flushedSize = this.history.sizeUpTo(version);
  }

  /** What applying the history again would cost: bytes, and something for each entry. */
  #unflushedCost(): number {
    const { history } = this;
    return history.totalSize - this.#flushedSize + (history.durable - this.#objects.cursor) * costOfEntry;
  }

  #serverTimestamp(atLeast: number): number {
    this.#newestServerTimestamp = Math.max(this.#newestServerTimestamp, this.#options.now() - originEpoch, atLeast);
    return this.#newestServerTimestamp;
  }

  /** FX12 for partitions: an entry that is empty for all but the author, whom it restores. */
  #correct(file: ClientFile, refused: RefusedObjects): Correction {
    const changeset = codec.encode(restoringInstructions(this.#objects, refused));
    const { version } = this.history.append({
      origin: 0,
      clientVersion: 0,
      timestamp: this.#serverTimestamp(refused.timestamp),
      changeset: new Uint8Array(),
      footprint: footprintOf([]),
      instructions: undefined,
    });
    const correction: Correction = { version, rejectedClientVersion: refused.clientVersion, changeset, objects: refused.rejected() };
    this.#plain.delete(file.ident);
    let corrections = this.#correctionsOf(file);
    if (corrections === undefined) this.#corrections.set(file.ident, (corrections = new Corrections(this.#sql, file.ident)));
    corrections.add(correction);
    this.#touched.add(file.ident);
    return correction;
  }

  #passBase(file: ClientFile): void {
    if (file.snapshotVersion > 0 && file.baseVersion >= file.snapshotVersion) file.snapshotVersion = 0;
    if (this.#plain.has(file.ident)) return;
    const reciprocals = this.#reciprocalsOf(file);
    const corrections = this.#correctionsOf(file);
    if (reciprocals?.trim(file.baseVersion) === true || corrections?.trim(file.baseVersion) === true) this.#touched.add(file.ident);
  }

  #reciprocalsOf(file: ClientFile): Reciprocals | undefined {
    this.#loadExtras(file);
    return this.#reciprocals.get(file.ident);
  }

  #reciprocalsFor(file: ClientFile): Reciprocals {
    this.#plain.delete(file.ident);
    const existing = this.#reciprocalsOf(file) ?? new Reciprocals(this.#sql, codec, file.ident);
    this.#reciprocals.set(file.ident, existing);
    this.#touched.add(file.ident);
    return existing;
  }

  #correctionsOf(file: ClientFile): Corrections | undefined {
    this.#loadExtras(file);
    return this.#corrections.get(file.ident);
  }

  /** Reads once what is stored beside a file's record; most files have nothing. */
  #loadExtras(file: ClientFile): void {
    const { ident } = file;
    if (this.#plain.has(ident) || this.#reciprocals.has(ident) || this.#corrections.has(ident)) return;
    const reciprocals = new Reciprocals(this.#sql, codec, ident);
    const corrections = new Corrections(this.#sql, ident);
    reciprocals.trim(file.baseVersion);
    corrections.trim(file.baseVersion);
    if (reciprocals.size === 0 && corrections.isEmpty) this.#plain.add(ident);
    else {
      this.#reciprocals.set(ident, reciprocals);
      this.#corrections.set(ident, corrections);
    }
  }

  /** An expired file never merges again. */
  #forgetExtras(ident: number): void {
    for (const table of ["reciprocal", "correction"]) this.#sql.run(`DELETE FROM ${table} WHERE file_ident = ?`, ident);
    this.#reciprocals.delete(ident);
    this.#corrections.delete(ident);
    this.#touched.delete(ident);
    this.#plain.add(ident);
  }

  /** A file at the very beginning reads a compact state where that is shorter, or all there is (NB2, NB3). */
  #chooseBeginning(file: ClientFile): void {
    if (file.clientVersion !== 0 || this.#hasSnapshotOf(file)) return;
    const version = this.#snapshotForNewFile()?.version ?? 0;
    if (version === file.snapshotVersion) return;
    file.snapshotVersion = version;
    this.files.changed(file);
  }

  #hasSnapshotOf(file: ClientFile): boolean {
    return file.snapshotVersion > 0 && file.snapshotVersion >= this.history.base && this.#snapshots.get(file.snapshotVersion) !== undefined;
  }

  #snapshotForNewFile(): Snapshot | undefined {
    const { history } = this;
    const newest = this.#snapshots.newest;
    const usable = newest !== undefined && newest.version >= history.base ? newest : undefined;
    const toRead = usable === undefined ? history.totalSize : usable.size + history.totalSize - history.sizeUpTo(usable.version);
    const needed = history.base > 0 && usable === undefined;
    if (!needed && toRead <= Math.max(this.#limits.snapshotAboveBytes, 2 * (usable?.size ?? 0))) return usable;
    if (!needed && history.totalSize < this.#snapshotTriedAt) return usable;
    this.#snapshotTriedAt = 2 * history.totalSize;
    return this.#makeSnapshot(needed ? Number.POSITIVE_INFINITY : toRead / 2) ?? usable;
  }

  /** Builds and stores a compact state of the newest version; undefined when it is larger than `worthBytes`. */
  #makeSnapshot(worthBytes: number): Snapshot | undefined {
    this.commit();
    this.#catchUp();
    const version = this.history.durable;
    // Each piece takes a version, so there may not be more of them than versions.
    for (let pieceBytes = this.#limits.snapshotPieceBytes; ; pieceBytes *= 2) {
      const pieces = this.#snapshotPieces(pieceBytes, worthBytes);
      if (pieces === undefined) return undefined;
      if (pieces.length <= version) return this.#sql.transaction(() => this.#snapshots.add(version, pieces));
    }
  }

  #snapshotPieces(pieceBytes: number, worthBytes: number): Uint8Array[] | undefined {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (const instructions of this.#objects.changesets({ maxBytes: pieceBytes })) {
      const piece = codec.encode(instructions);
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > worthBytes) return undefined;
    }
    return pieces.length === 0 ? [new Uint8Array()] : pieces;
  }
}

/** Applying a small changeset takes as long as applying this many bytes of a large one. */
const costOfEntry = 200;
const noInstructions: readonly Instruction[] = [];
const codec: ChangesetCodec = {
  encode: (instructions) => (instructions.length === 0 ? new Uint8Array() : encodeChangeset(instructions)),
  decode: (bytes) => (bytes.length === 0 ? noInstructions : decodeChangeset(bytes)),
};
