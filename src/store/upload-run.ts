import type { Instruction } from "../changeset/model.ts";
import { MergeRun } from "../merge/run.ts";
import type { MergeInput } from "../merge/types.ts";
import { authorOf, serverIdent } from "./entry.ts";
import { footprintSetOf, mayMeet, type FootprintSet } from "./footprint.ts";
import type { IntegrationContext } from "./integration-context.ts";
import type { ClientFile } from "./client-files.ts";
import { firstPieceVersion, snapshotTimestamp } from "./snapshots.ts";
import type { VersionPair } from "./upload-checks.ts";

/** One change of a client as it was uploaded: `clientVersion` with its base `serverVersion`. */
export interface UploadedChange extends VersionPair {
  readonly originTimestamp: number;
  readonly changeset: Uint8Array;
}

/** Work that is left before others get their turn. One unit is about a microsecond. */
export interface WorkBudget {
  units: number;
}

/** A change that its author may make, decoded. */
export interface PreparedChange {
  readonly upload: UploadedChange;
  readonly instructions: readonly Instruction[];
  /** Whether `upload.changeset` no longer says the same. */
  readonly altered: boolean;
}

/** What is integrated of one client: whose it is, and the reciprocals it has made so far, encoded, by server version. */
export interface RunOwner {
  readonly file: ClientFile;
  readonly reciprocals: Map<number, Uint8Array>;
}

/**
 * Changes with the same base, merged as one group (merge-rules §2.1) with what their author did not know, one window of the history after the
 * other: only the group itself and one window are in memory, and others have their turn between two windows.
 */
export class UploadRun {
  readonly base: number;
  readonly #context: IntegrationContext;
  readonly #owner: RunOwner;
  readonly #changes: PreparedChange[] = [];
  /** Both are made when there is something to meet. */
  #footprint: FootprintSet | undefined;
  #merge: MergeRun | undefined;
  #position: number;

  constructor(context: IntegrationContext, owner: RunOwner, base: number) {
    this.base = base;
    this.#context = context;
    this.#owner = owner;
    this.#position = base;
  }

  /** Only before the first call of `meetNext`. */
  add(change: PreparedChange): void {
    this.#changes.push(change);
  }

  /** Everything up to here was met. */
  get position(): number {
    return this.#position;
  }

  /** The changes after all they have met so far. */
  outcome(): readonly PreparedChange[] {
    if (this.#merge === undefined) return this.#changes;
    return this.#merge.output().map(({ instructions, changed }, index) => {
      const { upload, altered } = this.#changes[index]!;
      return { upload, instructions, altered: altered || changed };
    });
  }

  /**
   * Meets the next window of what the author did not know.
   * @throws MergeError, ChangesetError: the changes cannot be integrated
   */
  meetNext(budget: WorkBudget): void {
    const { history, codec } = this.#context;
    const { file, reciprocals } = this.#owner;
    const end = history.current;
    if (file.snapshotVersion <= this.#position && history.lastForeignTo(file.ident) <= this.#position) {
      this.#position = end;
      return;
    }
    const footprint = (this.#footprint ??= this.#makeFootprint(budget));
    const versions: number[] = [];
    const window: MergeInput[] = [];
    let weight = 0;
    while (this.#position < end && weight < windowInstructions && budget.units > 0) {
      this.#position += 1;
      budget.units -= 1;
      const input = this.#partner(this.#position, footprint);
      if (input === undefined) continue;
      versions.push(this.#position);
      window.push(input);
      weight += input.instructions.length;
    }
    if (window.length === 0) return;
    this.#merge ??= this.#startMerge(budget);
    const { local } = this.#merge.step(window);
    budget.units -= unitsOfMeeting * weight;
    local.forEach((output, index) => {
      if (output.changed) reciprocals.set(versions[index]!, codec.encode(output.instructions));
    });
  }

  #makeFootprint(budget: WorkBudget): FootprintSet {
    budget.units -= this.#weight();
    return footprintSetOf(this.#changes.map(({ instructions }) => instructions));
  }

  #startMerge(budget: WorkBudget): MergeRun {
    budget.units -= this.#weight();
    const { ident } = this.#owner.file;
    return MergeRun.start(
      this.#changes.map(({ upload, instructions }) => ({ originTimestamp: upload.originTimestamp, originFileIdent: ident, instructions })),
    );
  }

  #weight(): number {
    return this.#changes.reduce((sum, { instructions }) => sum + instructions.length, 0);
  }

  /** The foreign change at a version in the form this client knows it, or undefined when there is nothing to meet (§5.3, 1). */
  #partner(version: number, footprint: FootprintSet): MergeInput | undefined {
    const { history, snapshots, codec } = this.#context;
    const { file, reciprocals } = this.#owner;
    const made = reciprocals.get(version);
    const reciprocal = made === undefined ? this.#context.reciprocals(file)?.get(version) : codec.decode(made);
    if (version <= file.snapshotVersion) {
      const snapshot = snapshots.get(file.snapshotVersion);
      if (snapshot === undefined || version < firstPieceVersion(snapshot)) return undefined;
      const instructions = reciprocal ?? codec.decode(snapshots.piece(snapshot, version));
      return instructions.length === 0 ? undefined : { originTimestamp: snapshotTimestamp, originFileIdent: serverIdent, instructions };
    }
    const entry = history.entry(version);
    if (entry.origin === file.ident || !mayMeet(entry.footprint, footprint)) return undefined;
    const instructions = reciprocal ?? entry.instructions ?? codec.decode(entry.changeset);
    if (reciprocal === undefined && instructions.length > 0) history.remember(entry, instructions);
    return instructions.length === 0 ? undefined : { originTimestamp: entry.timestamp, originFileIdent: authorOf(entry), instructions };
  }
}

/** Instructions of others in one window. */
const windowInstructions = 1000;
/** What an instruction of others costs that may meet something: reading, decoding and merging it, and encoding what became of it. */
const unitsOfMeeting = 8;
