import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import { MergeError, mergeChangesets } from "../../../src/merge/merge.ts";
import { payloadLayout } from "../../../src/merge/payload-layout.ts";
import { type MergePosition, MergeRun } from "../../../src/merge/run.ts";
import type { MergeInput, MergeOptions, MergeOutput, MergeResult } from "../../../src/merge/types.ts";
import { addLinkColumn, by, eraseTable, insert, set, setErase } from "./instructions.ts";
import { dataSides, listSides, schemaSides, type Sides } from "./random.ts";

/** The whole merge in steps of a budget, given up and resumed after each as a store would: through bytes. */
function mergeInSteps({ local, incoming }: Sides, budget: number, options: MergeOptions, restart: boolean): MergeResult {
  let run = MergeRun.start(incoming, options);
  const outputs: MergeOutput[] = [];
  while (outputs.length < local.length) {
    outputs.push(...run.step(local.slice(outputs.length), budget).local);
    expect(run.position().localChangesets).toBe(outputs.length);
    if (restart) run = MergeRun.resume(throughBytes(run.position()), options);
  }
  return { local: outputs, incoming: run.output() };
}

function throughBytes({ localChangesets, incoming }: MergePosition): MergePosition {
  return {
    localChangesets,
    incoming: incoming.map(({ input, changed }) => ({
      input: { ...input, instructions: decodeChangeset(encodeChangeset(input.instructions)) },
      changed,
    })),
  };
}

function outcome(merge: () => MergeResult): MergeResult | "bad merge" {
  try {
    return merge();
  } catch (error) {
    if (error instanceof MergeError) return "bad merge";
    throw error;
  }
}

describe("a merge in windows is the merge in one go (merge-rules §12.2)", { timeout: 60_000 }, () => {
  const cases = [
    ["objects", dataSides],
    ["classes and columns that come and go", schemaSides],
    ["edits of a list", listSides({ insert: 4, erase: 2, update: 1, move: 1 }, 12)],
  ] as const;
  for (const [title, arbitrary] of cases) {
    test(title, () => {
      let windows = 0;
      fc.assert(
        fc.property(arbitrary, fc.nat({ max: 12 }), fc.boolean(), (sides, budget, restart) => {
          const expected = outcome(() => mergeChangesets(sides.local, sides.incoming));
          expect(outcome(() => mergeInSteps(sides, budget, {}, restart))).toEqual(expected);
          windows += sides.local.length;
        }),
        { numRuns: 500 },
      );
      expect(windows).toBeGreaterThan(200);
    });
  }

  test("the incoming side in parts, each fed the local outputs of the part before", () => {
    fc.assert(
      fc.property(dataSides, ({ local, incoming }) => {
        const expected = outcome(() => mergeChangesets(local, incoming));
        const inParts = outcome(() => {
          let locals = local.map((input) => ({ input, changed: false }));
          const outputs = incoming.map((changeset) => {
            const run = MergeRun.start([changeset]);
            const step = run.step(locals.map(({ input }) => input)).local;
            locals = locals.map(({ input, changed }, at) => {
              const output = step[at];
              return output === undefined
                ? { input, changed }
                : { input: { ...input, instructions: output.instructions }, changed: changed || output.changed };
            });
            return run.output()[0]!;
          });
          return { local: locals.map(({ input, changed }) => ({ instructions: input.instructions, changed })), incoming: outputs };
        });
        expect(inParts).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });
});

test("a step takes as many changesets as its budget allows, and at least one", () => {
  const local = [by(1, 2, set("a", 1), set("a", 2)), by(2, 2, set("a", 3)), by(3, 2, set("a", 4))];
  const run = MergeRun.start([by(9, 3, set("a", 5))]);
  expect(run.step(local, 1).local).toHaveLength(1);
  expect(run.step(local.slice(1), 2).local).toHaveLength(2);
  expect(run.step([], 2).local).toEqual([]);
  expect(run.position().localChangesets).toBe(3);
});

test.each([false, true])("an erasure that rule T4 added in one window is at work in the next (resumed between them: %s)", (restart) => {
  const incoming = [by(1, 2, eraseTable("D"))];
  const local = [by(2, 3, addLinkColumn("d", "D")), by(3, 3, set("d", null))];
  const expected = mergeChangesets(local, incoming);
  expect(expected.local[1]?.instructions).toEqual([]);
  expect(mergeInSteps({ local, incoming }, 1, {}, restart)).toEqual(expected);
});

test("after an error a run refuses to go on", () => {
  const run = MergeRun.start([by(1, 2, insert(["l", 0], 1, 5))]);
  expect(() => run.step([by(2, 3, insert(["l", 0], 1, 6))])).toThrow(MergeError);
  expect(() => run.step([])).toThrow("cannot go on");
});

test("with the reference's quirks a position keeps where the payloads stood", () => {
  const erasing = (time: number, ident: number, ...members: string[]): MergeInput => {
    const instructions = members.map((member) => setErase("s", member));
    return { ...by(time, ident, ...instructions), layout: payloadLayout(encodeChangeset(instructions), instructions) };
  };
  // The second text of one side stands where the first of the other does: the reference takes them for the same.
  const incoming = [erasing(1, 2, "abc", "def")];
  const local = [erasing(2, 3, "xyz"), erasing(3, 3, "uvw")];
  const options: MergeOptions = { quirks: "reference" };
  const expected = mergeChangesets(local, incoming, options);
  expect(expected.incoming[0]?.instructions).toHaveLength(1);
  let run = MergeRun.start(incoming, options);
  const first = run.step(local.slice(0, 1)).local;
  run = MergeRun.resume(run.position(), options);
  expect({ local: [...first, ...run.step(local.slice(1)).local], incoming: run.output() }).toEqual(expected);
});
