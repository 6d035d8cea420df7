import { ConflictIndex } from "./conflict-index.ts";
import { defaultTuning, type GridContext } from "./grid.ts";
import { MergingChangeset, type Side } from "./item.ts";
import { solve } from "./solve.ts";
import type { MergeInput, MergeOptions, MergeOutput, MergeResult } from "./types.ts";

export { MergeError } from "./error.ts";
export type { MergeInput, MergeOptions, MergeOutput, MergeResult } from "./types.ts";

/**
 * Transforms two concurrent sequences of changesets against each other (merge-rules §2): applying `local` and then the result's
 * `incoming` gives the same state as applying `incoming` and then the result's `local`. Both sequences start from the same state; every
 * changeset of the one is concurrent with every changeset of the other. Pure: the inputs are not modified, and what did not change is
 * shared with the result.
 *
 * @throws MergeError when the two cannot be merged (§9); then there is no result at all.
 */
export function mergeChangesets(local: readonly MergeInput[], incoming: readonly MergeInput[], options: MergeOptions = {}): MergeResult {
  return mergeIn(gridContext(options), local, incoming);
}

/** `mergeChangesets` with an observer or other tuning, for tests and measurements. */
export function mergeIn(context: GridContext, local: readonly MergeInput[], incoming: readonly MergeInput[]): MergeResult {
  const localCount = instructionCount(local);
  const incomingCount = instructionCount(incoming);
  if (localCount === 0 || incomingCount === 0) return { local: local.map(untouched), incoming: incoming.map(untouched) };
  const locals = merging("local", local);
  const others = merging("incoming", incoming);
  const [fewer, more] = localCount < incomingCount ? [locals, others] : [others, locals];
  let index = new ConflictIndex();
  index.add(fewer, true);
  index.add(more, false);
  if (index.destructive) {
    index = new ConflictIndex();
    index.add(fewer, true);
    index.add(more, true);
  }
  solve(index, context);
  return { local: locals.map((changeset) => changeset.output()), incoming: others.map((changeset) => changeset.output()) };
}

export const gridContext = ({ quirks }: MergeOptions): GridContext => ({
  meeting: { referenceQuirks: quirks === "reference", inserted: undefined },
  observe: undefined,
  tuning: defaultTuning,
});

const merging = (side: Side, inputs: readonly MergeInput[]): MergingChangeset[] =>
  inputs.map((input, index) => new MergingChangeset(side, index, input));

const untouched = (input: MergeInput): MergeOutput => ({ instructions: input.instructions, changed: false });

const instructionCount = (inputs: readonly MergeInput[]): number => inputs.reduce((count, input) => count + input.instructions.length, 0);
