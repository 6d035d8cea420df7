import type { PayloadType } from "../changeset/model.ts";
import { isOlder, type Item, type MergingChangeset } from "./item.ts";

/** What an instruction does to the elements of one list, as a number for flat tables. */
export const listOperations = { insert: 0, erase: 1, update: 2, move: 3 } as const;

/** Which of the cases of rule U1 a payload belongs to. */
export const payloadClasses = { value: 0, objectValue: 1, list: 2, dictionary: 3 } as const;

/** Stands where the operation of a discarded instruction stood. */
const deadOperation = 4;
/** Where a discarded instruction stands. */
const nowhere = -1;

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
  /** How many elements the list has more afterwards. */
  readonly effect: Int32Array;
  /** 1 for insertions, which share an index with what follows them; otherwise 0. */
  readonly inserts: Uint8Array;
  readonly hasMoves: boolean;
  /** 1 for those that some meeting altered. */
  readonly touched: Uint8Array;
  /** How many are not discarded. */
  live: number;

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
    this.effect = new Int32Array(length);
    this.inserts = new Uint8Array(length);
    this.touched = new Uint8Array(length);
    this.live = length;
    for (let at = 0; at < length; at++) {
      const item = items[at]!;
      const operation = operationOf(item) ?? listOperations.update;
      this.operation[at] = operation;
      this.inserts[at] = operation === listOperations.insert ? 1 : 0;
      this.effect[at] = operation === listOperations.insert ? 1 : operation === listOperations.erase ? -1 : 0;
      this.index[at] = item.index;
      this.destination[at] = item.destination;
      this.priorSize[at] = item.priorSize;
      this.payloadClass[at] = item.value === undefined ? payloadClasses.value : payloadClass(item.value.type);
      this.rank[at] = ranks.get(item.origin) ?? 0;
    }
    this.hasMoves = this.operation.includes(listOperations.move);
  }

  /**
   * Both sides of a merge of list operations on one list, or nothing when they are not two sound histories of the same list, or too
   * long for the arrays.
   */
  static pair(locals: readonly Item[], incoming: readonly Item[]): readonly [FlatList, FlatList] | undefined {
    const live = (item: Item): boolean => !item.discarded;
    const both = [locals.filter(live), incoming.filter(live)] as const;
    if (both.some((items) => items.some((item) => Math.max(item.index, item.destination, item.priorSize) >= largestIndex)))
      return undefined;
    const ranks = rankChangesets(both);
    const ours = new FlatList(both[0], ranks);
    const theirs = new FlatList(both[1], ranks);
    return ours.base === theirs.base && ours.isSound() && theirs.isSound() ? [ours, theirs] : undefined;
  }

  get onlyInserts(): boolean {
    return !this.inserts.includes(0);
  }

  /** List size before the first instruction. */
  get base(): number {
    return this.priorSize[0] ?? 0;
  }

  /** Whether each instruction addresses elements of the list as its predecessors left it. */
  isSound(): boolean {
    let size = this.base;
    for (let at = 0; at < this.length; at++) {
      const limit = size + this.inserts[at]!;
      if (this.priorSize[at] !== size || this.index[at]! >= limit || this.destination[at]! >= Math.max(limit, 1)) return false;
      size += this.effect[at]!;
    }
    return true;
  }

  isDead(at: number): boolean {
    return this.operation[at] === deadOperation;
  }

  discard(at: number): void {
    if (this.isDead(at)) return;
    this.operation[at] = deadOperation;
    this.index[at] = nowhere;
    this.effect[at] = 0;
    this.touched[at] = 1;
    this.live--;
  }

  resize(at: number, growth: number): void {
    this.priorSize[at]! += growth;
    this.touched[at] = 1;
  }

  setIndex(at: number, index: number): void {
    if (this.index[at] === index) return;
    this.index[at] = index;
    this.touched[at] = 1;
  }

  /** A move that ends where it starts goes. */
  setMove(at: number, from: number, to: number): void {
    this.setIndex(at, from);
    if (this.destination[at] !== to) {
      this.destination[at] = to;
      this.touched[at] = 1;
    }
    if (from === to) this.discard(at);
  }

  /** Hands the result back to the items. */
  writeBack(): void {
    for (let at = 0; at < this.length; at++) {
      if (this.touched[at] === 0) continue;
      const item = this.items[at]!;
      if (this.isDead(at)) {
        item.discard();
        continue;
      }
      item.touch();
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
