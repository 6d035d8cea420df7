import type { Instruction } from "../changeset/model.ts";
import type { MergeInput } from "../merge/types.ts";
import type { ClientFile } from "./client-files.ts";
import type { Correction } from "./corrections.ts";
import { authorOf, serverIdent } from "./entry.ts";
import { footprintOf, footprintSetOf, isDestructive, mayMeet, type FootprintSet } from "./footprint.ts";
import type { IntegrationContext } from "./integration-context.ts";
import { asRefusal, IntegrationRefusal, type IntegrationRefusalName } from "./integration-refusal.ts";
import { RefusedObjects } from "./refused-objects.ts";
import { firstPieceVersion, snapshotTimestamp } from "./snapshots.ts";
import type { VersionPair } from "./upload-checks.ts";

/** One change of a client as it was uploaded: `clientVersion` with its base `serverVersion`. */
export interface UploadedChange extends VersionPair {
  readonly originTimestamp: number;
  readonly changeset: Uint8Array;
}

/** What one client uploaded and is to be integrated together, all or nothing. Already checked by §5.1, changes from earlier sessions left out (UP1). */
export interface UploadBatch {
  readonly file: ClientFile;
  readonly changes: readonly UploadedChange[];
  readonly progress: VersionPair;
  readonly lockedVersion: number;
  /** `correct`: without the right to write, changes of objects are undone at the author (231). `refuse`: the batch is refused (230). */
  readonly rights: "write" | "correct" | "refuse";
}

export type IntegrationOutcome =
  | {
      readonly kind: "integrated";
      readonly entries: number;
      /** Of those, how many were altered by merging. */
      readonly transformed: number;
      readonly correction: Correction | undefined;
    }
  | { readonly kind: "refused"; readonly error: IntegrationRefusalName; readonly reason: string };

/** Work that is left before others get their turn. One unit is about a microsecond. */
export interface WorkBudget {
  units: number;
}

interface PendingChange {
  readonly upload: UploadedChange;
  instructions: readonly Instruction[];
  /** Whether `upload.changeset` no longer says the same. */
  altered: boolean;
}

/** Changes with the same base are merged as one group (merge-rules §2.1). */
interface Run {
  readonly changes: readonly PendingChange[];
  /** Made when there is something to meet. */
  footprint: FootprintSet | undefined;
  /** Everything up to here was met. */
  position: number;
}

/**
 * Merges one client's uploads with what it did not know, and appends them to the history (server-semantics §5.3). `advance` may be called over
 * several turns, while the history grows; `finish` then applies and appends in one go. Until `finish` nothing is changed, so an
 * integration that is given up leaves no trace.
 */
export class Integration {
  readonly #context: IntegrationContext;
  readonly #batch: UploadBatch;
  readonly #runs: Run[] = [];
  readonly #refused = new RefusedObjects();
  /** Reciprocals that this integration made, encoded, by server version. */
  readonly #reciprocals = new Map<number, Uint8Array>();
  #refusal: IntegrationRefusal | undefined;

  constructor(context: IntegrationContext, batch: UploadBatch) {
    this.#context = context;
    this.#batch = batch;
    try {
      this.#prepare();
    } catch (error) {
      this.#refusal = asRefusal(error);
    }
  }

  /** What it integrates: enough to start anew, as when the author's rights change meanwhile. */
  get batch(): UploadBatch {
    return this.#batch;
  }

  /** Merges on. True: everything up to the current version was met, or the batch is refused; call `finish` before the history grows. */
  advance(budget: WorkBudget): boolean {
    if (this.#refusal !== undefined) return true;
    try {
      // An earlier run must have met an entry before a later one meets what became of it.
      for (const run of this.#runs) {
        while (run.position < this.#context.history.current) {
          if (budget.units <= 0) return false;
          this.#meetNext(run, budget);
        }
      }
    } catch (error) {
      this.#refusal = asRefusal(error);
    }
    return true;
  }

  finish(): IntegrationOutcome {
    if (this.#refusal !== undefined) return outcomeOf(this.#refusal);
    const { objects } = this.#context;
    const checkpoint = objects.checkpoint();
    try {
      for (const run of this.#runs) for (const change of run.changes) objects.apply(change.instructions);
    } catch (error) {
      objects.rollback(checkpoint);
      return outcomeOf(asRefusal(error));
    }
    objects.release(checkpoint);
    return this.#append();
  }

  #prepare(): void {
    const { codec, corrections } = this.#context;
    const { file, changes, rights } = this.#batch;
    const known = corrections(file);
    let run: { changes: PendingChange[]; base: number } | undefined;
    for (const upload of changes) {
      const decoded = codec.decode(upload.changeset);
      if (decoded.some(isDestructive)) throw new IntegrationRefusal("InvalidSchemaChange", "classes and properties cannot be erased");
      const instructions = this.#permitted(decoded, upload, known?.above(upload.serverVersion) ?? [], rights);
      if (run === undefined || run.base !== upload.serverVersion) {
        this.#addRun(run);
        run = { changes: [], base: upload.serverVersion };
      }
      run.changes.push({ upload, instructions, altered: instructions !== decoded });
    }
    this.#addRun(run);
  }

  #addRun(run: { readonly changes: readonly PendingChange[]; readonly base: number } | undefined): void {
    if (run === undefined) return;
    this.#runs.push({ changes: run.changes, footprint: undefined, position: run.base });
  }

  /**
   * What the author may do of a change: the input itself when that is everything. Changes of the schema pass, since every client uploads its
   * own when it first opens a file. Objects that a correction restored are left alone by changes made without knowledge of it.
   */
  #permitted(
    decoded: readonly Instruction[],
    upload: UploadedChange,
    corrected: readonly Correction[],
    rights: UploadBatch["rights"],
  ): readonly Instruction[] {
    if (rights === "write" && corrected.length === 0) return decoded;
    const kept = decoded.filter((instruction) => {
      if (!("key" in instruction)) return true;
      if (rights === "write" && !corrected.some((correction) => restores(correction, instruction.table, instruction.key.text))) return true;
      this.#refused.add(instruction.table, instruction.key, upload);
      return false;
    });
    if (kept.length === decoded.length) return decoded;
    if (rights === "refuse") throw new IntegrationRefusal("WriteNotAllowed", "the user may not write here");
    return kept;
  }

  /** Lets a run meet the next stretch of what its author did not know. */
  #meetNext(run: Run, budget: WorkBudget): void {
    const { history, merge, codec } = this.#context;
    const { file } = this.#batch;
    const end = history.current;
    if (file.snapshotVersion <= run.position && history.lastForeignTo(file.ident) <= run.position) {
      run.position = end;
      return;
    }
    const footprint = (run.footprint ??= footprintSetOf(run.changes.map((change) => change.instructions)));
    const versions: number[] = [];
    const local: MergeInput[] = [];
    let weight = 0;
    let position = run.position;
    while (position < end && weight < stretchWeight && budget.units > 0) {
      position += 1;
      budget.units -= 1;
      const input = this.#partner(position, footprint, codec.decode);
      if (input === undefined) continue;
      versions.push(position);
      local.push(input);
      weight += input.instructions.length;
    }
    run.position = position;
    if (local.length === 0) return;
    const incoming = run.changes.map(({ upload, instructions }): MergeInput => ({
      originTimestamp: upload.originTimestamp,
      originFileIdent: file.ident,
      instructions,
    }));
    const merged = merge(local, incoming);
    budget.units -= 4 * (weight + incoming.reduce((sum, { instructions }) => sum + instructions.length, 0));
    merged.local.forEach((output, index) => {
      if (output.changed) this.#reciprocals.set(versions[index]!, codec.encode(output.instructions));
    });
    merged.incoming.forEach((output, index) => {
      const change = run.changes[index]!;
      change.instructions = output.instructions;
      change.altered ||= output.changed;
    });
  }

  /** The foreign change at a version in the form this client knows it, or undefined when there is nothing to meet (§5.3, 1). */
  #partner(version: number, footprint: FootprintSet, decode: (bytes: Uint8Array) => readonly Instruction[]): MergeInput | undefined {
    const { history, snapshots, reciprocals } = this.#context;
    const { file } = this.#batch;
    const made = this.#reciprocals.get(version);
    const reciprocal = made === undefined ? reciprocals(file)?.get(version) : decode(made);
    if (version <= file.snapshotVersion) {
      const snapshot = snapshots.get(file.snapshotVersion);
      if (snapshot === undefined || version < firstPieceVersion(snapshot)) return undefined;
      const instructions = reciprocal ?? decode(snapshots.piece(snapshot, version));
      return instructions.length === 0 ? undefined : { originTimestamp: snapshotTimestamp, originFileIdent: serverIdent, instructions };
    }
    const entry = history.entry(version);
    if (entry.origin === file.ident || !mayMeet(entry.footprint, footprint)) return undefined;
    const instructions = reciprocal ?? entry.instructions ?? (entry.changeset.length === 0 ? [] : decode(entry.changeset));
    if (reciprocal === undefined && instructions.length > 0) history.remember(entry, instructions);
    return instructions.length === 0 ? undefined : { originTimestamp: entry.timestamp, originFileIdent: authorOf(entry), instructions };
  }

  #append(): IntegrationOutcome {
    const { history, codec } = this.#context;
    const { file, progress, lockedVersion } = this.#batch;
    let entries = 0;
    let transformed = 0;
    for (const run of this.#runs) {
      for (const { upload, instructions, altered } of run.changes) {
        const entry = history.append({
          origin: file.ident,
          clientVersion: upload.clientVersion,
          timestamp: upload.originTimestamp,
          changeset: altered ? codec.encode(instructions) : upload.changeset,
          footprint: footprintOf(instructions),
          instructions: undefined,
        });
        history.remember(entry, instructions);
        entries += 1;
        if (altered) transformed += 1;
      }
    }
    if (this.#reciprocals.size > 0) {
      const reciprocals = this.#context.reciprocalsFor(file);
      for (const [version, changeset] of this.#reciprocals) reciprocals.set(version, changeset);
    }
    const correction = this.#refused.isEmpty ? undefined : this.#context.correct(file, this.#refused);
    this.#context.advanceProgress(file, progress, lockedVersion, entries > 0 || correction !== undefined);
    return { kind: "integrated", entries, transformed, correction };
  }
}

/** Instructions of others that are merged at a stretch. */
const stretchWeight = 4000;

const restores = (correction: Correction, table: string, keyText: string): boolean =>
  correction.objects.some((object) => object.table === table && object.keyText === keyText);

const outcomeOf = (refusal: IntegrationRefusal): IntegrationOutcome => ({ kind: "refused", error: refusal.error, reason: refusal.message });
