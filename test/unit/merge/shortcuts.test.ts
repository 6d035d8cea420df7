import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instruction } from "../../../src/changeset/model.ts";
import { MergeError, mergeChangesets, mergeIn } from "../../../src/merge/merge.ts";
import type { RuleId } from "../../../src/merge/rules/rule.ts";
import { defaultTuning, type GridContext, type Tuning } from "../../../src/merge/grid.ts";
import { gridContext } from "../../../src/merge/merge.ts";
import type { MergeResult } from "../../../src/merge/types.ts";
import { mergeInPlainGrid } from "./plain-grid.ts";
import { dataSides, fieldSides, listSides, schemaSides, setSides, type Sides } from "./random.ts";
import { ruleIds } from "./worked-examples.ts";

/** Many random cases on a busy machine take their time. */
const patient = { timeout: 60_000 };

/** Shortcuts for everything, however small. */
const eager: Tuning = { gridUpTo: 0, meetingsPerBlock: 0, treesFrom: 0 };
/** The same without trees, so that flat arrays get all lists. */
const flatOnly: Tuning = { gridUpTo: 0, meetingsPerBlock: 0, treesFrom: Infinity };

const context = (tuning: Tuning, quirks: "corrected" | "reference" = "corrected"): GridContext => ({ ...gridContext({ quirks }), tuning });

/** The result, or that there is none: which of several faults is named may differ. */
function outcome(merge: () => MergeResult): MergeResult | "bad merge" {
  try {
    return merge();
  } catch (error) {
    if (error instanceof MergeError) return "bad merge";
    throw error;
  }
}

interface Tally {
  merged: number;
  bad: number;
  changed: number;
}

/** Checks that every tuning gives what the plain grid gives: instructions, discards, prior sizes and `changed`. */
function expectGridResult(
  arbitrary: fc.Arbitrary<Sides>,
  runs: number,
  tunings: readonly Tuning[] = [defaultTuning, eager, flatOnly],
): Tally {
  const tally: Tally = { merged: 0, bad: 0, changed: 0 };
  fc.assert(
    fc.property(arbitrary, fc.constantFrom("corrected" as const, "reference" as const), ({ local, incoming }, quirks) => {
      const expected = outcome(() => mergeInPlainGrid(local, incoming, context(defaultTuning, quirks)));
      for (const tuning of tunings) expect(outcome(() => mergeIn(context(tuning, quirks), local, incoming))).toEqual(expected);
      if (expected === "bad merge") tally.bad++;
      else {
        tally.merged++;
        if ([...expected.local, ...expected.incoming].some(({ changed }) => changed)) tally.changed++;
      }
    }),
    { numRuns: runs },
  );
  return tally;
}

describe("every shortcut gives what the plain grid gives", patient, () => {
  test("objects and fields of all kinds", () => {
    const { changed, bad } = expectGridResult(dataSides, 1500);
    expect(changed).toBeGreaterThan(300);
    expect(bad).toBeGreaterThan(0);
  });

  test("with classes and columns added and erased", () => {
    const { changed, bad } = expectGridResult(schemaSides, 1500);
    expect(changed).toBeGreaterThan(300);
    expect(bad).toBeGreaterThan(0);
  });

  test("one field with everything in it", () => {
    const { changed } = expectGridResult(fieldSides, 800);
    expect(changed).toBeGreaterThan(200);
  });

  test("members of one set", () => {
    const { changed } = expectGridResult(setSides, 800);
    expect(changed).toBeGreaterThan(300);
  });

  test("insertions into one list", () => {
    const { merged, changed, bad } = expectGridResult(listSides({ insert: 1, erase: 0, update: 0, move: 0 }, 24), 500);
    expect(bad).toBe(0);
    expect(changed).toBeGreaterThan(merged / 3);
  });

  test("insertions and erasures in one list", () => {
    const { changed, bad } = expectGridResult(listSides({ insert: 3, erase: 2, update: 0, move: 0 }, 16), 500);
    expect(bad).toBe(0);
    expect(changed).toBeGreaterThan(150);
  });

  test("insertions, erasures, assignments and moves in one list", () => {
    const { changed } = expectGridResult(listSides({ insert: 4, erase: 2, update: 2, move: 2 }, 16), 700);
    expect(changed).toBeGreaterThan(200);
  });

  test("long lists of insertions, where the trees split often", () => {
    const { changed } = expectGridResult(listSides({ insert: 1, erase: 0, update: 0, move: 0 }, 120), 60, [defaultTuning]);
    expect(changed).toBeGreaterThan(10);
  });
});

test("random instructions put every rule to work", patient, () => {
  const seen = new Set<RuleId>();
  const observing = { ...context(defaultTuning), observe: (rule: RuleId) => seen.add(rule) };
  fc.assert(
    fc.property(fc.oneof(dataSides, schemaSides, fieldSides, setSides), ({ local, incoming }) => {
      outcome(() => mergeIn(observing, local, incoming));
    }),
    { numRuns: 3000 },
  );
  expect(ruleIds.filter((rule) => !seen.has(rule))).toEqual([]);
});

test("every output is an input with other indices, sizes or sums, in the same order; only rule T4 adds any (§12.12)", patient, () => {
  let discarded = 0;
  fc.assert(
    fc.property(fc.oneof(dataSides, schemaSides), ({ local, incoming }) => {
      const result = outcome(() => mergeChangesets(local, incoming));
      if (result === "bad merge") return;
      for (const [inputs, outputs] of [
        [local, result.local],
        [incoming, result.incoming],
      ] as const) {
        for (const [at, { instructions, changed }] of outputs.entries()) {
          const before = inputs[at]?.instructions ?? [];
          if (!changed) expect(instructions).toBe(before);
          const kept = instructions.filter(({ kind }) => kind !== "EraseColumn").map(fixedPart);
          discarded += before.length - instructions.length;
          let next = 0;
          for (const one of before.map(fixedPart)) if (one === kept[next]) next++;
          expect(next).toBe(kept.length);
        }
      }
    }),
    { numRuns: 800 },
  );
  expect(discarded).toBeGreaterThan(500);
});

/** What no merge may alter, as text. */
function fixedPart(instruction: Instruction): string {
  return JSON.stringify(instruction, (name, value: unknown) => {
    if (name === "priorSize" || name === "destination") return "any";
    if (name === "path" && Array.isArray(value)) return value.map((element: unknown) => (typeof element === "number" ? "any" : element));
    if (name === "value" && typeof value === "bigint") return "any";
    return typeof value === "bigint" ? String(value) : value;
  });
}

test("mirror: merging the other way round gives the same, exchanged", patient, () => {
  fc.assert(
    fc.property(dataSides, ({ local, incoming }) => {
      // Equal pairs are a cloned file's: there the two sides are not alike (Q12).
      const idents = new Set(local.map(({ originFileIdent }) => originFileIdent));
      fc.pre(incoming.every(({ originFileIdent }) => !idents.has(originFileIdent)));
      const there = outcome(() => mergeChangesets(local, incoming));
      const back = outcome(() => mergeChangesets(incoming, local));
      if (there === "bad merge" || back === "bad merge") expect(back).toBe(there);
      else expect({ local: back.incoming, incoming: back.local }).toEqual(there);
    }),
    { numRuns: 800 },
  );
});
