import { gridContext } from "../../../src/merge/merge.ts";
import { type GridContext, runGrid } from "../../../src/merge/grid.ts";
import { Item, MergingChangeset, type ObjectIdentity, type Side } from "../../../src/merge/item.ts";
import type { MergeInput, MergeResult } from "../../../src/merge/types.ts";

/** The merge by its definition: every instruction meets every other, with no index and no shortcut. What the engine must agree with. */
export function mergeInPlainGrid(
  local: readonly MergeInput[],
  incoming: readonly MergeInput[],
  context: GridContext = gridContext({}),
): MergeResult {
  const objects = new Map<string, ObjectIdentity>();
  const [locals, localItems] = itemsOf("local", local, objects);
  const [others, incomingItems] = itemsOf("incoming", incoming, objects);
  runGrid(localItems, incomingItems, context);
  return { local: locals.map((changeset) => changeset.output()), incoming: others.map((changeset) => changeset.output()) };
}

function itemsOf(side: Side, inputs: readonly MergeInput[], objects: Map<string, ObjectIdentity>): [MergingChangeset[], Item[]] {
  const changesets = inputs.map((input, index) => new MergingChangeset(side, index, input));
  const items = changesets.flatMap((changeset) =>
    changeset.instructions.map((instruction, at) => {
      if (!("key" in instruction)) return new Item(instruction, changeset, at, undefined);
      const name = JSON.stringify([instruction.table, instruction.key.text]);
      const object = objects.get(name) ?? { table: instruction.table };
      objects.set(name, object);
      return new Item(instruction, changeset, at, object);
    }),
  );
  return [changesets, items];
}
