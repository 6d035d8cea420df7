import type { FlatList } from "./flat-list.ts";
import { InsertSequence } from "./insert-sequence.ts";

/**
 * Merges two sides that only insert into one list, without letting every pair meet.
 *
 * Why it gives what the grid gives: rule L4 keeps the order of what is already in the list and consults the pairs only when both
 * instructions insert into the same gap of it. So the merged list is fixed by these decisions, one for each local insertion that meets an
 * incoming one with nothing between them. Between two neighbours of the base, the incoming elements form a tree by the order in which they
 * were inserted (each later one lies left or right of the earlier ones: a Cartesian tree). A local element that enters the gap meets its
 * root first, goes left or right of it by the pairs, and from then on shares a gap only with that side: it descends the tree and splits it
 * in two. Local elements inserted later left of it only ever meet the left half, those right of it the right half. An insertion's final
 * index is its own plus the number of the other side's elements before it, and every prior size grows by the number of the other side's.
 *
 * Both must be sound histories of the same list.
 */
export function mergeInsertions(locals: FlatList, incoming: FlatList): void {
  const order = new InsertionMerge(locals, incoming).run();
  let localsBefore = 0;
  let incomingBefore = 0;
  for (const id of order) {
    if (id < locals.length) {
      locals.index[id]! += incomingBefore;
      localsBefore++;
    } else {
      incoming.index[id - locals.length]! += localsBefore;
      incomingBefore++;
    }
  }
  grow(locals, incoming.length);
  grow(incoming, locals.length);
}

function grow(list: FlatList, count: number): void {
  for (let at = 0; at < list.length; at++) {
    list.priorSize[at]! += count;
    list.touched[at] = 1;
  }
}

const none = -1;

/** The two trees of each gap, and how they are woven into one order. Local elements are known by their number, incoming ones follow them. */
class InsertionMerge {
  private readonly localCount: number;
  private readonly rank: Int32Array;
  private readonly left: Int32Array;
  private readonly right: Int32Array;
  // Along the outermost path of a subtree, the largest rank going right and the smallest going left: whoever passes all of them need not
  // walk them. That is what keeps long runs of appended elements from being walked again and again.
  private readonly rightmostMax: Int32Array;
  private readonly leftmostMin: Int32Array;
  private readonly localOrder: InsertSequence;
  private readonly incomingOrder: InsertSequence;
  private readonly result: Int32Array;
  private written = 0;
  private splitLeft = none;
  private splitRight = none;

  constructor(locals: FlatList, incoming: FlatList) {
    const count = locals.length + incoming.length;
    this.localCount = locals.length;
    this.rank = new Int32Array(count);
    this.rank.set(locals.rank);
    this.rank.set(incoming.rank, locals.length);
    this.left = new Int32Array(count).fill(none);
    this.right = new Int32Array(count).fill(none);
    this.rightmostMax = this.rank.slice();
    this.leftmostMin = this.rank.slice();
    this.localOrder = new InsertSequence(locals.index);
    this.incomingOrder = new InsertSequence(incoming.index);
    this.result = new Int32Array(count);
  }

  /** All elements in the order of the merged list. */
  run(): Int32Array {
    const locals = this.localOrder.ordered();
    const incoming = this.incomingOrder.ordered();
    let local = 0;
    let other = 0;
    while (local < locals.length || other < incoming.length) {
      const gap = Math.min(this.gapOf(this.localOrder, locals, local), this.gapOf(this.incomingOrder, incoming, other));
      const localStart = local;
      const otherStart = other;
      while (this.gapOf(this.localOrder, locals, local) === gap) local++;
      while (this.gapOf(this.incomingOrder, incoming, other) === gap) other++;
      this.weave(this.grow(locals.subarray(localStart, local), 0), this.grow(incoming.subarray(otherStart, other), this.localCount));
    }
    return this.result;
  }

  private gapOf(sequence: InsertSequence, order: Int32Array, at: number): number {
    return at < order.length ? sequence.gap[order[at]!]! : Infinity;
  }

  /** The Cartesian tree of neighbouring elements: earliest insertion at the root. Returns its root. */
  private grow(elements: Int32Array, offset: number): number {
    const path: number[] = [];
    let root = none;
    for (const element of elements) {
      const node = element + offset;
      let below = none;
      while (path.length > 0 && path[path.length - 1]! > node) {
        below = path.pop()!;
        this.refresh(below);
      }
      this.left[node] = below;
      if (path.length > 0) this.right[path[path.length - 1]!] = node;
      else root = node;
      path.push(node);
    }
    while (path.length > 0) this.refresh(path.pop()!);
    return root;
  }

  private refresh(node: number): void {
    const left = this.left[node]!;
    const right = this.right[node]!;
    const rank = this.rank[node]!;
    this.leftmostMin[node] = left === none ? rank : Math.min(rank, this.leftmostMin[left]!);
    this.rightmostMax[node] = right === none ? rank : Math.max(rank, this.rightmostMax[right]!);
  }

  /** Writes the elements of a local and an incoming tree in their common order. */
  private weave(local: number, incoming: number): void {
    // Pairs of trees still to be written, the next one last; `[node, alone]` stands for the node itself.
    const alone = -2;
    const pending: number[] = [local, incoming];
    while (pending.length > 0) {
      const other = pending.pop()!;
      const node = pending.pop()!;
      if (other === alone) {
        this.result[this.written++] = node;
      } else if (node !== none) {
        this.split(other, this.rank[node]!);
        pending.push(this.right[node]!, this.splitRight, node, alone, this.left[node]!, this.splitLeft);
      } else if (other !== none) {
        pending.push(none, this.right[other]!, other, alone, none, this.left[other]!);
      }
    }
  }

  /** Splits an incoming tree where a local element of this rank comes to stand: left of what is newer, right of what is not (rule L4). */
  private split(root: number, rank: number): void {
    const { left, right } = this;
    const passed: number[] = [];
    let lastOnLeft = none;
    let lastOnRight = none;
    this.splitLeft = none;
    this.splitRight = none;
    let node = root;
    while (node !== none) {
      const passesAll = rank >= this.rightmostMax[node]!;
      const goesRight = rank >= this.rank[node]!;
      const stays = passesAll || rank < this.leftmostMin[node]!;
      if (goesRight) {
        if (lastOnLeft === none) this.splitLeft = node;
        else right[lastOnLeft] = node;
        lastOnLeft = node;
      } else {
        if (lastOnRight === none) this.splitRight = node;
        else left[lastOnRight] = node;
        lastOnRight = node;
      }
      if (stays) {
        // The whole subtree is on one side; only the other side's path ends here.
        if (goesRight) lastOnLeft = none;
        else lastOnRight = none;
        break;
      }
      passed.push(node);
      node = goesRight ? right[node]! : left[node]!;
    }
    this.endPaths(passed, lastOnLeft, lastOnRight);
  }

  private endPaths(passed: number[], lastOnLeft: number, lastOnRight: number): void {
    if (lastOnLeft !== none) this.right[lastOnLeft] = none;
    if (lastOnRight !== none) this.left[lastOnRight] = none;
    for (let at = passed.length - 1; at >= 0; at--) this.refresh(passed[at]!);
  }
}
