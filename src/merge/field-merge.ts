import { type GridContext, runGrid } from "./grid.ts";
import type { Item } from "./item.ts";
import { haveLevelRules, kindNumber } from "./meet.ts";

/**
 * Merges what two sides did to one field of one object.
 *
 * @throws MergeError
 */
export function mergeField(locals: readonly Item[], incoming: readonly Item[], context: GridContext): void {
  const ours = profileOf(locals);
  const theirs = profileOf(incoming);
  const oneDepth = ours.shallowest === theirs.deepest && ours.deepest === theirs.shallowest;
  if (oneDepth && !haveLevelRules(ours.kinds, theirs.kinds)) return;
  runGrid(locals, incoming, context);
}

interface Profile {
  /** The kinds that occur, as bits. */
  readonly kinds: number;
  readonly shallowest: number;
  readonly deepest: number;
}

function profileOf(items: readonly Item[]): Profile {
  let kinds = 0;
  let shallowest = Infinity;
  let deepest = 0;
  for (const item of items) {
    kinds |= 1 << kindNumber[item.instruction.kind];
    shallowest = Math.min(shallowest, item.depth);
    deepest = Math.max(deepest, item.depth);
  }
  return { kinds, shallowest, deepest };
}
