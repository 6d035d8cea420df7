import { ConflictIndex } from "./conflict-index.ts";
import type { GridContext } from "./grid.ts";
import { MergingChangeset } from "./item.ts";
import { gridContext } from "./merge.ts";
import { solve } from "./solve.ts";
import type { MergeInput, MergeOptions, MergeOutput } from "./types.ts";

/** How far a run has come: plain data, which can be stored (its instructions by the changeset codec) and gone on from later. */
export interface MergePosition {
  /** How many local changesets the incoming ones have passed. */
  readonly localChangesets: number;
  /** The incoming changesets as they are there, each with what `MergeOutput.changed` says of it so far. */
  readonly incoming: readonly { readonly input: MergeInput; readonly changed: boolean }[];
}

export interface MergeStep {
  /** What became of the first changesets of the window, in order; the others wait for the next step. */
  readonly local: readonly MergeOutput[];
}

/**
 * The same merge as `mergeChangesets`, but the local side comes in windows: incoming changesets pass one window of the history after the
 * other, and only they and one window are in memory (composition, merge-rules §12.2). The incoming side is bounded by starting a run
 * with only part of it; the next run must then be fed the local outputs of this one.
 *
 * Between two steps the run can be given up and resumed from its position. After an error it is of no more use.
 */
export class MergeRun {
  private readonly incoming: readonly MergingChangeset[];
  private readonly inputs: readonly MergeInput[];
  private readonly index = new ConflictIndex();
  private readonly context: GridContext;
  private passed: number;
  private failed = false;

  private constructor(position: MergePosition, options: MergeOptions) {
    this.inputs = position.incoming.map(({ input }) => input);
    this.incoming = position.incoming.map(({ input, changed }, at) => new MergingChangeset("incoming", at, input, changed));
    this.context = gridContext(options);
    this.passed = position.localChangesets;
    this.index.add(this.incoming, true);
  }

  static start(incoming: readonly MergeInput[], options: MergeOptions = {}): MergeRun {
    return new MergeRun({ localChangesets: 0, incoming: incoming.map((input) => ({ input, changed: false })) }, options);
  }

  static resume(position: MergePosition, options: MergeOptions = {}): MergeRun {
    return new MergeRun(position, options);
  }

  /**
   * Lets the incoming side pass the next local changesets: as many of `window` as have `budget` instructions together, but at least one
   * (a window may be empty). The caller stores their outputs, and begins the next window behind them.
   *
   * @throws MergeError as `mergeChangesets`.
   */
  step(window: readonly MergeInput[], budget = Infinity): MergeStep {
    if (this.failed) throw new Error("This merge has failed and cannot go on.");
    const locals = affordable(window, budget).map((input, at) => new MergingChangeset("local", at, input));
    this.failed = true;
    this.index.add(locals, false);
    if (this.index.destructive) {
      this.index.endWindow();
      this.index.add(locals, true);
    }
    this.index.addIncomingSchema(solve(this.index, this.context));
    this.index.endWindow();
    this.failed = false;
    this.passed += locals.length;
    return { local: locals.map((changeset) => changeset.output()) };
  }

  /** The incoming changesets as they are behind the windows passed so far: the result once the last one is passed. */
  output(): readonly MergeOutput[] {
    return this.incoming.map((changeset) => changeset.output());
  }

  position(): MergePosition {
    const incoming = this.incoming.map((changeset, at) => {
      const { instructions, changed } = changeset.output();
      const layout = changeset.outputLayout();
      return { input: { ...this.inputs[at]!, instructions, ...(layout === undefined ? {} : { layout }) }, changed };
    });
    return { localChangesets: this.passed, incoming };
  }
}

function affordable(window: readonly MergeInput[], budget: number): readonly MergeInput[] {
  let spent = 0;
  const end = window.findIndex(({ instructions }, at) => {
    spent += instructions.length;
    return at > 0 && spent > budget;
  });
  return end < 0 ? window : window.slice(0, end);
}
