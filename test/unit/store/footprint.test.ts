import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instruction } from "../../../src/changeset/model.ts";
import { mergeChangesets } from "../../../src/merge/merge.ts";
import { footprintOf, footprintSetOf, mayMeet } from "../../../src/store/footprint.ts";
import { laterColumn, schema } from "../../support/simulation/edits.ts";
import { add, create, erase, title } from "../session/edits.ts";

const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.nat(6).map(create),
  fc.nat(6).map(erase),
  fc.tuple(fc.nat(6), fc.string({ maxLength: 3 })).map(([number, value]) => title(number, value)),
  fc.tuple(fc.nat(6), fc.nat(5)).map(([number, value]) => add(number, value)),
  fc.constantFrom(schema[0]!, laterColumn),
);
const changeset = fc.array(instruction, { minLength: 1, maxLength: 4 });

describe("footprints (merge-rules §13)", () => {
  test("changesets whose footprints do not meet leave each other as they are", () => {
    let apart = 0;
    fc.assert(
      fc.property(changeset, changeset, (one, other) => {
        if (mayMeet(footprintOf(one), footprintSetOf([other]))) return;
        apart += 1;
        const merged = mergeChangesets(
          [{ originTimestamp: 1, originFileIdent: 2, instructions: one }],
          [{ originTimestamp: 2, originFileIdent: 3, instructions: other }],
        );
        expect([merged.local[0]!.changed, merged.incoming[0]!.changed]).toEqual([false, false]);
      }),
      { numRuns: 500 },
    );
    expect(apart).toBeGreaterThan(50);
  });

  test("the same object, two schema changes, and anything with an erased class may meet", () => {
    const meets = (one: readonly Instruction[], other: readonly Instruction[]) => mayMeet(footprintOf(one), footprintSetOf([other]));
    expect(meets([title(1, "x")], [erase(1)])).toBe(true);
    expect(meets([title(1, "x")], [erase(2)])).toBe(false);
    expect(meets([laterColumn], [schema[0]!])).toBe(true);
    expect(meets([laterColumn], [title(1, "x")])).toBe(false);
    expect(meets([{ kind: "EraseTable", table: "Item" }], [title(1, "x")])).toBe(true);
    expect(meets([], [title(1, "x")])).toBe(false);
  });

  test("names and keys are not run together", () => {
    const named = (table: string, text: string): Instruction => ({
      kind: "CreateObject",
      table,
      key: { kind: "string", value: text, text: `s${text}` },
    });
    expect(mayMeet(footprintOf([named("ab", "c")]), footprintSetOf([[named("a", "bc")]]))).toBe(false);
  });
});
