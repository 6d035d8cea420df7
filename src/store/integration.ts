import type { Instruction } from "../changeset/model.ts";
import type { ClientFile } from "./client-files.ts";
import type { Correction } from "./corrections.ts";
import { footprintOf, isDestructive } from "./footprint.ts";
import type { IntegrationContext } from "./integration-context.ts";
import { asRefusal, IntegrationRefusal, type IntegrationRefusalName } from "./integration-refusal.ts";
import { RefusedObjects } from "./refused-objects.ts";
import type { VersionPair } from "./upload-checks.ts";
import { UploadRun, type PreparedChange, type RunOwner, type UploadedChange, type WorkBudget } from "./upload-run.ts";

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

/**
 * Merges one client's uploads with what it did not know, and appends them to the history (server-semantics §5.3). `advance` may be called over
 * several turns, while the history grows; `finish` then applies and appends in one go. Until `finish` nothing is changed, so an
 * integration that is given up leaves no trace.
 */
export class Integration {
  readonly #context: IntegrationContext;
  readonly #batch: UploadBatch;
  readonly #owner: RunOwner;
  readonly #runs: UploadRun[] = [];
  readonly #refused = new RefusedObjects();
  /** How many of the batch's changes are in runs. */
  #prepared = 0;
  #refusal: IntegrationRefusal | undefined;

  constructor(context: IntegrationContext, batch: UploadBatch) {
    this.#context = context;
    this.#batch = batch;
    this.#owner = { file: batch.file, reciprocals: new Map() };
  }

  /** What it integrates: enough to start anew, as when the author's rights change meanwhile. */
  get batch(): UploadBatch {
    return this.#batch;
  }

  /** Goes on. True: everything up to the current version was met, or the batch is refused; call `finish` before the history grows. */
  advance(budget: WorkBudget): boolean {
    if (this.#refusal !== undefined) return true;
    try {
      return this.#prepare(budget) && this.#meet(budget);
    } catch (error) {
      this.#refusal = asRefusal(error);
      return true;
    }
  }

  finish(): IntegrationOutcome {
    if (this.#refusal !== undefined) return outcomeOf(this.#refusal);
    const { objects } = this.#context;
    const checkpoint = objects.checkpoint();
    const changes = this.#runs.flatMap((run) => run.outcome());
    try {
      for (const { instructions } of changes) objects.apply(instructions);
    } catch (error) {
      objects.rollback(checkpoint);
      return outcomeOf(asRefusal(error));
    }
    objects.release(checkpoint);
    return this.#append(changes);
  }

  /** Decodes, judges and groups what was uploaded. True: all of it. */
  #prepare(budget: WorkBudget): boolean {
    const { codec, corrections } = this.#context;
    const { file, changes, rights } = this.#batch;
    const known = corrections(file);
    for (; this.#prepared < changes.length; this.#prepared++) {
      if (budget.units <= 0) return false;
      const upload = changes[this.#prepared]!;
      const decoded = codec.decode(upload.changeset);
      budget.units -= unitsOfChange + upload.changeset.length * unitsOfByte;
      if (decoded.some(isDestructive)) throw new IntegrationRefusal("InvalidSchemaChange", "classes and properties cannot be erased");
      const instructions = this.#permitted(decoded, upload, known?.above(upload.serverVersion) ?? [], rights);
      this.#runOn(upload.serverVersion).add({ upload, instructions, altered: instructions !== decoded });
    }
    return true;
  }

  #runOn(base: number): UploadRun {
    const newest = this.#runs.at(-1);
    if (newest?.base === base) return newest;
    const run = new UploadRun(this.#context, this.#owner, base);
    this.#runs.push(run);
    return run;
  }

  /** True: everything up to the current version was met. An earlier run must have met an entry before a later one meets what became of it. */
  #meet(budget: WorkBudget): boolean {
    for (const run of this.#runs) {
      while (run.position < this.#context.history.current) {
        if (budget.units <= 0) return false;
        run.meetNext(budget);
      }
    }
    return true;
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

  #append(changes: readonly PreparedChange[]): IntegrationOutcome {
    const { history, codec } = this.#context;
    const { file, progress, lockedVersion } = this.#batch;
    const made = this.#owner.reciprocals;
    let transformed = 0;
    for (const { upload, instructions, altered } of changes) {
      const entry = history.append({
        origin: file.ident,
        clientVersion: upload.clientVersion,
        timestamp: upload.originTimestamp,
        changeset: altered ? codec.encode(instructions) : upload.changeset,
        footprint: footprintOf(instructions),
        instructions: undefined,
      });
      history.remember(entry, instructions);
      if (altered) transformed += 1;
    }
    if (made.size > 0) {
      const reciprocals = this.#context.reciprocalsFor(file);
      for (const [version, changeset] of made) reciprocals.set(version, changeset);
    }
    const correction = this.#refused.isEmpty ? undefined : this.#context.correct(file, this.#refused);
    this.#context.advanceProgress(file, progress, lockedVersion, changes.length > 0 || correction !== undefined);
    return { kind: "integrated", entries: changes.length, transformed, correction };
  }
}

/** What decoding and judging a change costs, and each byte of it. */
const unitsOfChange = 2;
const unitsOfByte = 0.02;

const restores = (correction: Correction, table: string, keyText: string): boolean =>
  correction.objects.some((object) => object.table === table && object.keyText === keyText);

const outcomeOf = (refusal: IntegrationRefusal): IntegrationOutcome => ({ kind: "refused", error: refusal.error, reason: refusal.message });
