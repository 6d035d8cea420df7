import type { Item } from "./item.ts";

/** Consecutive instructions of one side that are of one sort. */
export interface Run<Sort> {
  readonly sort: Sort;
  readonly items: Item[];
}

/**
 * Cuts one side into runs. Merging run by run, rows first, gives what the grid gives: what two instructions do to each other depends only on
 * whom each of them met before, and that order is kept (merge-rules §12.2).
 */
export function cutIntoRuns<Sort>(items: readonly Item[], sortOf: (item: Item) => Sort): Run<Sort>[] {
  const runs: Run<Sort>[] = [];
  let current: Run<Sort> | undefined;
  for (const item of items) {
    const sort = sortOf(item);
    if (current === undefined || current.sort !== sort) {
      current = { sort, items: [] };
      runs.push(current);
    }
    current.items.push(item);
  }
  return runs;
}
