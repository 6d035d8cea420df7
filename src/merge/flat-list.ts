import type { PayloadType } from "../changeset/model.ts";
import { isOlder, type Item, type MergingChangeset } from "./item.ts";

/** What an instruction does to the elements of one list, as a number for flat tables. */
export const listOperations = { insert: 0, erase: 1, update: 2, move: 3 } as const;

/** Which of the cases of rule U1 a payload belongs to. */
export const payloadClasses = { value: 0, objectValue: 1, list: 2, dictionary: 3 } as const;

const deadFlag = 1;
const touchedFlag = 2;
/** Indices and sizes are kept in 32-bit integers that may still grow while merging. */
const largestIndex = 2 ** 30;

/**
 * Instructions of one side on the elements of one list, as numbers in flat arrays: a copy to merge quickly on, which touches the items
 * only when it is written back. What the merge can change of such an instruction is all here.
 */
export class FlatList {
  readonly items: readonly Item[];
  readonly length: number;
  readonly operation: Uint8Array;
  readonly index: Int32Array;
  readonly destination: Int32Array;
  readonly priorSize: Int32Array;
  readonly payloadClass: Uint8Array;
  /** Place in the order relation: equal ranks for equal pairs. */
  readonly rank: Int32Array;
  private readonly flags: Uint8Array;

  private constructor(items: readonly Item[], ranks: ReadonlyMap<MergingChangeset, number>) {
    const { length } = items;
    this.items = items;
    this.length = length;
    this.operation = new Uint8Array(length);
    this.index = new Int32Array(length);
    this.destination = new Int32Array(length);
    this.priorSize = new Int32Array(length);
    this.payloadClass = new Uint8Array(length);
    this.rank = new Int32Array(length);
    this.flags = new Uint8Array(length);
    for (let at = 0; at < length; at++) {
      const item = items[at]!;
      this.operation[at] = operationOf(item) ?? 0;
      this.index[at] = item.index;
      this.destination[at] = item.destination;
      this.priorSize[at] = item.priorSize;
      this.payloadClass[at] = item.value === undefined ? payloadClasses.value : payloadClass(item.value.type);
      this.rank[at] = ranks.get(item.origin) ?? 0;
    }
  }

  /** Both sides of a merge, or nothing when some number is too large. All items must be list operations on the same list. */
  static pair(locals: readonly Item[], incoming: readonly Item[]): readonly [FlatList, FlatList] | undefined {
    const live = (item: Item): boolean => !item.discarded;
    const both = [locals.filter(live), incoming.filter(live)] as const;
    if (both.some((items) => items.some((item) => Math.max(item.index, item.destination, item.priorSize) >= largestIndex)))
      return undefined;
    const ranks = rankChangesets(both);
    return [new FlatList(both[0], ranks), new FlatList(both[1], ranks)];
  }

  isDead(at: number): boolean {
    return (this.flags[at]! & deadFlag) !== 0;
  }

  discard(at: number): void {
    this.flags[at] = deadFlag | touchedFlag;
  }

  touch(at: number): void {
    this.flags[at]! |= touchedFlag;
  }

  /** Hands the result back to the items. */
  writeBack(): void {
    for (let at = 0; at < this.length; at++) {
      const flags = this.flags[at]!;
      if (flags === 0) continue;
      const item = this.items[at]!;
      item.touch();
      if ((flags & deadFlag) !== 0) {
        item.discard();
        continue;
      }
      item.index = this.index[at]!;
      item.destination = this.destination[at]!;
      item.priorSize = this.priorSize[at]!;
    }
  }
}

/** Which list operation an instruction is, if its path ends in an index and it is one. */
export function operationOf(item: Item): number | undefined {
  switch (item.instruction.kind) {
    case "ArrayInsert":
      return listOperations.insert;
    case "ArrayErase":
      return listOperations.erase;
    case "ArrayMove":
      return listOperations.move;
    case "Update":
      return typeof item.path[item.path.length - 1] === "number" ? listOperations.update : undefined;
    case "AddTable":
    case "EraseTable":
    case "CreateObject":
    case "EraseObject":
    case "AddInteger":
    case "AddColumn":
    case "EraseColumn":
    case "Clear":
    case "SetInsert":
    case "SetErase":
      return undefined;
  }
}

function payloadClass(type: PayloadType): number {
  if (type === "ObjectValue") return payloadClasses.objectValue;
  if (type === "List") return payloadClasses.list;
  return type === "Dictionary" ? payloadClasses.dictionary : payloadClasses.value;
}

function rankChangesets(sides: readonly (readonly Item[])[]): Map<MergingChangeset, number> {
  const changesets = new Set<MergingChangeset>();
  for (const items of sides) for (const item of items) changesets.add(item.origin);
  const ordered = [...changesets].sort((a, b) => a.timestamp - b.timestamp || a.ident - b.ident);
  const ranks = new Map<MergingChangeset, number>();
  let rank = 0;
  let previous: MergingChangeset | undefined;
  for (const changeset of ordered) {
    if (previous !== undefined && isOlder(previous, changeset)) rank++;
    ranks.set(changeset, rank);
    previous = changeset;
  }
  return ranks;
}
