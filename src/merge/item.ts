import type { EraseColumn, Instruction, InstructionKind, Path, PathElement, PathInstruction, Payload } from "../changeset/model.ts";
import type { PayloadLayout } from "./payload-layout.ts";
import type { MergeInput, MergeOutput } from "./types.ts";

export type Side = "local" | "incoming";

/** A changeset while it is merged: what orders its instructions, and what has become of them so far. */
export class MergingChangeset {
  readonly side: Side;
  /** Its place on its side. */
  readonly index: number;
  readonly timestamp: number;
  readonly ident: number;
  readonly instructions: readonly Instruction[];
  readonly layout: PayloadLayout | undefined;
  private changed: boolean;
  private readonly touched: Item[] = [];
  private readonly inserted: Item[] = [];

  /** `changed`: whether an earlier part of the same merge has already altered it. */
  constructor(side: Side, index: number, input: MergeInput, changed = false) {
    this.side = side;
    this.index = index;
    this.timestamp = input.originTimestamp;
    this.ident = input.originFileIdent;
    this.instructions = input.instructions;
    this.layout = input.layout;
    this.changed = changed;
  }

  /** Called by an item the first time a meeting alters it. */
  noteTouched(item: Item): void {
    this.touched.push(item);
    this.changed = true;
  }

  /** Puts an instruction directly before one of this changeset (rule T4); it takes over the changeset's pair. */
  insertBefore(item: Item, instruction: EraseColumn): Item<EraseColumn> {
    const inserted = new Item(instruction, this, item.at - 0.5, undefined);
    this.inserted.push(inserted);
    this.changed = true;
    return inserted;
  }

  output(): MergeOutput {
    if (!this.changed) return { instructions: this.instructions, changed: false };
    return {
      instructions: this.survivors(
        (item) => item.result(),
        (at) => this.instructions[at]!,
      ),
      changed: true,
    };
  }

  /** The layout that belongs to `output().instructions`. */
  outputLayout(): PayloadLayout | undefined {
    const { layout } = this;
    if (layout === undefined || !this.changed) return layout;
    return {
      names: layout.names,
      offsets: this.survivors(
        (item) => layout.offsets[item.at] ?? -1,
        (at) => layout.offsets[at]!,
      ),
    };
  }

  private survivors<T>(ofItem: (item: Item) => T, ofUntouched: (at: number) => T): T[] {
    const special = [...this.inserted, ...this.touched.filter((item) => Number.isInteger(item.at))].sort((a, b) => a.at - b.at);
    const result: T[] = [];
    let next = 0;
    for (const item of special) {
      for (; next < item.at; next++) result.push(ofUntouched(next));
      if (!item.discarded) result.push(ofItem(item));
      if (next === item.at) next++;
    }
    for (; next < this.instructions.length; next++) result.push(ofUntouched(next));
    return result;
  }
}

/** Stands for one object that both sides mention; compared by identity. */
export interface ObjectIdentity {
  readonly table: string;
}

const noPath: Path = [];

/**
 * An instruction while it is merged. A merge can only change the indices of its path, its prior size, its destination, its integer
 * payload, or discard it: those are the fields that are not read-only, and every change is noted for `MergeOutput.changed`. Setters
 * take the value after the whole meeting, because what cancels out within one meeting does not count as a change.
 */
export class Item<I extends Instruction = Instruction> {
  readonly instruction: I;
  readonly origin: MergingChangeset;
  /** Index in its changeset; half an index less than its successor's for instructions that rule T4 inserted. */
  readonly at: number;
  /** How deep it reaches into the data (merge-rules §3): class 1, column or object 2, field 3, and one more for each step of the path. */
  readonly depth: number;
  /** Absent for schema instructions. */
  readonly object: ObjectIdentity | undefined;
  /** Undefined for schema and object instructions. */
  readonly field: string | undefined;
  private currentPath: Path;
  private ownPath: PathElement[] | undefined;
  private currentPriorSize: number;
  private currentDestination: number;
  private currentValue: Payload | undefined;
  private isTouched = false;
  private isDiscarded = false;

  constructor(instruction: I, origin: MergingChangeset, at: number, object: ObjectIdentity | undefined) {
    const fields: Instruction = instruction;
    this.instruction = instruction;
    this.origin = origin;
    this.at = at;
    this.object = object;
    const onPath = isPathInstruction(fields);
    this.field = onPath ? fields.field : undefined;
    this.currentPath = onPath ? fields.path : noPath;
    this.depth = onPath ? 3 + fields.path.length : fields.kind === "AddTable" || fields.kind === "EraseTable" ? 1 : 2;
    this.currentPriorSize = "priorSize" in fields ? (fields.priorSize ?? 0) : 0;
    this.currentDestination = fields.kind === "ArrayMove" ? fields.destination : 0;
    this.currentValue = fields.kind === "Update" ? fields.value : undefined;
  }

  get path(): Path {
    return this.currentPath;
  }

  /** List size before the instruction; 0 where there is none. */
  get priorSize(): number {
    return this.currentPriorSize;
  }

  set priorSize(size: number) {
    if (size === this.currentPriorSize) return;
    this.currentPriorSize = size;
    this.touch();
  }

  /** Of an ArrayMove, otherwise 0. */
  get destination(): number {
    return this.currentDestination;
  }

  set destination(index: number) {
    if (index === this.currentDestination) return;
    this.currentDestination = index;
    this.touch();
  }

  /** Of an Update. */
  get value(): Payload | undefined {
    return this.currentValue;
  }

  set value(value: Payload) {
    this.currentValue = value;
    this.touch();
  }

  /** The last path element of an instruction that addresses a list element. Only to be asked where that is known. */
  get index(): number {
    const last = this.currentPath[this.currentPath.length - 1];
    return typeof last === "number" ? last : -1;
  }

  set index(index: number) {
    this.setPathIndex(this.currentPath.length - 1, index);
  }

  setPathIndex(step: number, index: number): void {
    if (this.currentPath[step] === index) return;
    this.ownPath ??= this.currentPath.slice();
    this.ownPath[step] = index;
    this.currentPath = this.ownPath;
    this.touch();
  }

  get discarded(): boolean {
    return this.isDiscarded;
  }

  discard(): void {
    this.isDiscarded = true;
    this.touch();
  }

  /** Whether its pair is the smaller one: older, or of the same time and the lower file ident (merge-rules §1). */
  isOlderThan(other: Item): boolean {
    return isOlder(this.origin, other.origin);
  }

  /** The instruction as it is now. */
  result(): Instruction {
    const instruction: Instruction = this.instruction;
    if (!this.isTouched) return instruction;
    const path = this.currentPath;
    switch (instruction.kind) {
      case "AddTable":
      case "EraseTable":
      case "AddColumn":
      case "EraseColumn":
      case "CreateObject":
      case "EraseObject":
        return instruction;
      case "AddInteger":
      case "Clear":
      case "SetInsert":
      case "SetErase":
        return { ...instruction, path };
      case "Update": {
        const value = this.currentValue ?? instruction.value;
        return instruction.priorSize === undefined
          ? { ...instruction, path, value }
          : { ...instruction, path, value, priorSize: this.currentPriorSize };
      }
      case "ArrayInsert":
      case "ArrayErase":
        return { ...instruction, path, priorSize: this.currentPriorSize };
      case "ArrayMove":
        return { ...instruction, path, priorSize: this.currentPriorSize, destination: this.currentDestination };
    }
  }

  /** Notes that a meeting altered it, also when its value was put back by a later one. */
  touch(): void {
    if (this.isTouched) return;
    this.isTouched = true;
    this.origin.noteTouched(this);
  }
}

export type ItemOf<K extends InstructionKind> = Item<Extract<Instruction, { kind: K }>>;

/** The order relation over (timestamp, file ident), the only tie-break there is. */
export const isOlder = (a: MergingChangeset, b: MergingChangeset): boolean =>
  a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.ident < b.ident);

const isPathInstruction = (instruction: Instruction): instruction is PathInstruction => "path" in instruction;

/** Order of two instructions of one side. */
export const bySequence = (a: Item, b: Item): number => a.origin.index - b.origin.index || a.at - b.at;
