import type { PathElement } from "../changeset/model.ts";
import { MergeError } from "./error.ts";
import type { Item } from "./item.ts";

// How two instructions can stand to each other (merge-rules §3). Pure questions; only the last two can find that they contradict.

export const sameObject = (a: Item, b: Item): boolean => a.object !== undefined && a.object === b.object;

const sameField = (a: Item, b: Item): boolean => a.field !== undefined && a.field === b.field && a.object === b.object;

/** Whether the first `length` steps agree. */
function samePrefix(a: Item, b: Item, length: number): boolean {
  for (let step = 0; step < length; step++) if (a.path[step] !== b.path[step]) return false;
  return true;
}

export const samePath = (a: Item, b: Item): boolean =>
  sameField(a, b) && a.path.length === b.path.length && samePrefix(a, b, a.path.length);

/** Whether both work on the same container, or on elements of the same container: equal but for the last step. */
const siblings = (a: Item, b: Item): boolean =>
  sameField(a, b) && a.path.length === b.path.length && a.path.length > 0 && samePrefix(a, b, a.path.length - 1);

/** The step with which `inner` leaves the place of `outer`, if it lies below that place. */
export function stepInside(outer: Item, inner: Item): PathElement | undefined {
  const length = outer.path.length;
  if (!sameField(outer, inner) || length >= inner.path.length || !samePrefix(outer, inner, length)) return undefined;
  return inner.path[length];
}

export const isInside = (outer: Item, inner: Item): boolean => stepInside(outer, inner) !== undefined;

/**
 * The index at which `inner` passes through the list on which the array instruction `outer` works, if it passes through it.
 * @throws MergeError when it passes by name.
 */
export function elementBeside(outer: Item, inner: Item): number | undefined {
  const length = outer.path.length;
  if (length === 0 || !sameField(outer, inner) || length >= inner.path.length || !samePrefix(outer, inner, length - 1)) return undefined;
  const element = inner.path[length - 1];
  if (typeof element === "string")
    throw new MergeError("InconsistentPaths", inner.instruction, `"${element}" is not an index of the list edited by the other side`);
  return element;
}

/**
 * Whether an array instruction and another list instruction work on the same list.
 * @throws MergeError when the other is an Update that addresses the place by name.
 */
export function sameList(array: Item, other: Item): boolean {
  if (!siblings(array, other)) return false;
  if (typeof other.path[other.path.length - 1] === "string") {
    throw new MergeError("InconsistentPaths", other.instruction, "a key is assigned where the other side edits a list");
  }
  return true;
}

/** Where the element at `index` ends up when the one at `from` is moved to `to`. */
export function afterMove(index: number, from: number, to: number): number {
  if (index === from) return to;
  const without = index > from ? index - 1 : index;
  return without >= to ? without + 1 : without;
}
