import { describe, expect, test } from "vitest";
import type { Instruction } from "../../../src/changeset/model.ts";
import { gridContext, MergeError, mergeChangesets, mergeIn } from "../../../src/merge/merge.ts";
import type { RuleId } from "../../../src/merge/rules/rule.ts";
import { kindOrder, levelTable, nestingTable } from "../../../src/merge/rules/table.ts";
import type { MergeInput, MergeOutput } from "../../../src/merge/types.ts";
import {
  add,
  addColumn,
  addLinkColumn,
  addTable,
  by,
  clear,
  create,
  erase,
  eraseColumn,
  eraseObject,
  eraseTable,
  insert,
  link,
  list,
  move,
  set,
  setElement,
  setErase,
  setInsert,
} from "./instructions.ts";
import { examples, ruleIds } from "./worked-examples.ts";

describe("worked examples (merge-rules §11)", () => {
  for (const { rules, title, x, y, after, quirks = "corrected" } of examples) {
    test(`${rules.length === 0 ? "" : `[${rules.join(", ")}] `}${title}`, () => {
      const seen = new Set<RuleId>();
      const merge = (): unknown => mergeIn({ ...gridContext({ quirks }), observe: (rule) => seen.add(rule) }, [x], [y]);
      if (after === "bad merge") {
        expect(merge).toThrow(MergeError);
        expect(() => mergeChangesets([y], [x], { quirks })).toThrow(MergeError);
        return;
      }
      const [local, incoming] = [expected(x, after[0]), expected(y, after[1])];
      expect(merge()).toEqual({ local: [local], incoming: [incoming] });
      expect([...seen]).toEqual(expect.arrayContaining([...rules]));
      expect(mergeChangesets([y], [x], { quirks })).toEqual({ local: [incoming], incoming: [local] });
    });
  }

  test("every rule has an example", () => {
    expect(new Set(examples.flatMap(({ rules }) => rules))).toEqual(new Set(ruleIds));
  });
});

function expected(input: MergeInput, after: "same" | readonly Instruction[]): MergeOutput {
  return after === "same" ? { instructions: input.instructions, changed: false } : { instructions: after, changed: true };
}

test("the matrix has all 105 pairs, and each named rule stands in it once", () => {
  const entries = Object.values(levelTable).flatMap((row) => Object.values(row));
  const named = [...entries, ...Object.values(nestingTable)].flatMap((entry) => (typeof entry === "string" ? [] : [entry.id]));
  expect(entries).toHaveLength((kindOrder.length * (kindOrder.length + 1)) / 2);
  expect(named.toSorted()).toEqual(ruleIds.toSorted());
});

describe("bad merges name their cause and place (merge-rules §9)", () => {
  const cases: readonly (readonly [code: string, title: string, x: Instruction, y: Instruction, place: string])[] = [
    ["TableMismatch", "a class with two keys", addTable("P"), addTable("P", "id"), "P"],
    ["TableMismatch", "a class embedded on one side", addTable("P"), { kind: "AddTable", table: "P", tableType: "Embedded" }, "P"],
    ["ColumnMismatch", "a column of two types", addColumn("age", "Int"), addColumn("age", "String"), "P.age"],
    ["ColumnMismatch", "a column with two targets", addLinkColumn("d", "D"), addLinkColumn("d", "E"), "P.d"],
    ["ListSizeMismatch", "lists of two sizes", insert(["l", 0], 1, 2), insert(["l", 0], 1, 3), "P.l"],
    ["ListSizeMismatch", "assignments to lists of two sizes", setElement(["l", 0], 1, 2), setElement(["l", 0], 1, 3), "P.l"],
    ["ListIndexOutOfRange", "an erasure beyond the end", erase(["l", 3], 3), insert(["l", 0], 1, 3), "P.l"],
    ["ListIndexOutOfRange", "a move beyond the end", move(["l", 0], 3, 3), move(["l", 1], 0, 3), "P.l"],
    ["InconsistentPaths", "a list edited and a key assigned", insert(["m", 0], 1, 0), set(["m", "k"], 1), "P.m"],
    ["InconsistentPaths", "a list edited and work inside a key", erase(["m", 0], 1), set(["m", "k", "x"], 1), "P.m"],
  ];
  for (const [code, title, x, y, place] of cases) {
    test(`${code}: ${title}`, () => {
      const [table, field] = place.split(".");
      for (const [local, incoming] of [
        [x, y],
        [y, x],
      ] as const) {
        const inputs = [[by(1, 2, local)], [by(2, 3, incoming)]] as const;
        const before = structuredClone(inputs);
        expect(() => mergeChangesets(...inputs)).toThrow(expect.objectContaining({ name: "MergeError", code, table, field, status: 212 }));
        expect(inputs).toEqual(before);
      }
    });
  }
});

describe("what does not meet is handed back as it came", () => {
  test("nothing concurrent", () => {
    const inputs = [by(1, 2, create, set("age", 1)), by(2, 2, eraseObject)];
    const { local, incoming } = mergeChangesets(inputs, []);
    expect(local.map(({ instructions }) => instructions)).toEqual(inputs.map(({ instructions }) => instructions));
    for (const [at, output] of local.entries()) expect(output.instructions).toBe(inputs[at]?.instructions);
    expect(incoming).toEqual([]);
  });

  test("the same field of different objects, and different fields of one", () => {
    const other: Instruction = { ...set("age", 1), table: "Q" } as Instruction;
    const local = [by(1, 2, set("age", 1), set("name", "a"))];
    const incoming = [by(2, 3, other, set("height", 2))];
    const result = mergeChangesets(local, incoming);
    expect(result.local[0]?.instructions).toBe(local[0]?.instructions);
    expect(result.incoming[0]?.instructions).toBe(incoming[0]?.instructions);
    expect([...result.local, ...result.incoming].every(({ changed }) => !changed)).toBe(true);
  });

  test("instructions that change share the rest of their changeset", () => {
    const untouched = set("name", "a");
    const { incoming } = mergeChangesets([by(1, 2, insert(["l", 0], 1, 0))], [by(2, 3, untouched, insert(["l", 0], 2, 0))]);
    expect(incoming[0]?.instructions).toEqual([untouched, insert(["l", 1], 2, 1)]);
    expect(incoming[0]?.instructions[0]).toBe(untouched);
  });
});

describe("what counts as changed", () => {
  test("a change that a later meeting takes back counts", () => {
    const inserted = insert(["l", 0], 1, 2);
    const { incoming } = mergeChangesets([by(1, 2, insert(["l", 2], 9, 2), erase(["l", 2], 3))], [by(2, 3, inserted)]);
    expect(incoming).toEqual([{ instructions: [inserted], changed: true }]);
  });

  test("a change that cancels out within one meeting does not", () => {
    const inserted = insert(["l", 2], 1, 3);
    const { incoming } = mergeChangesets([by(9, 2, move(["l", 0], 1, 3))], [by(2, 3, inserted)]);
    expect(incoming).toEqual([{ instructions: [inserted], changed: false }]);
  });

  test("an increment by nothing does not", () => {
    const { incoming } = mergeChangesets([by(5, 2, add("age", 0))], [by(2, 3, set("age", 1))]);
    expect(incoming[0]?.changed).toBe(false);
  });

  test("an insertion by rule T4 changes the erasing side's changeset only", () => {
    const local = [by(1, 2, create), by(1, 2, eraseTable("D")), by(1, 2, set("age", 1))];
    const result = mergeChangesets(local, [by(2, 3, addLinkColumn("d", "D"))]);
    expect(result.local.map(({ changed }) => changed)).toEqual([false, true, false]);
  });
});

describe("rule T4 in detail", () => {
  const erasing = by(1, 2, eraseTable("D"));

  test("the added erasure meets what comes after the column, not what came before", () => {
    const before = set("d", null);
    const { local, incoming } = mergeChangesets([erasing], [by(2, 3, before, addLinkColumn("d", "D"), set("d", link("D", 1)))]);
    expect(local[0]?.instructions).toEqual([eraseColumn("d"), eraseTable("D")]);
    expect(incoming[0]?.instructions).toEqual([before]);
  });

  test("two columns give two erasures, in their order", () => {
    const { local } = mergeChangesets([erasing], [by(2, 3, addLinkColumn("d", "D"), addLinkColumn("c", "D"))]);
    expect(local[0]?.instructions).toEqual([eraseColumn("d"), eraseColumn("c"), eraseTable("D")]);
  });

  test("on the incoming side the added erasure meets all later local changesets", () => {
    const { local, incoming } = mergeChangesets(
      [by(2, 3, addLinkColumn("d", "D")), by(4, 3, set("d", link("D", 1)), addLinkColumn("d", "D"))],
      [erasing],
    );
    expect(local.map(({ instructions }) => instructions)).toEqual([[], []]);
    expect(incoming[0]?.instructions).toEqual([eraseColumn("d"), eraseTable("D")]);
  });
});

describe("equal pairs, as a cloned file makes them (merge-rules §10, Q12)", () => {
  const cases: readonly (readonly [
    title: string,
    x: Instruction,
    y: Instruction,
    local: readonly Instruction[],
    incoming: readonly Instruction[],
  ])[] = [
    ["U1 drops the incoming assignment", set("age", 1), set("age", 2), [set("age", 1)], []],
    ["O2 drops the local erasure", eraseObject, eraseObject, [], [eraseObject]],
    ["K3 drops the incoming clear", clear("l"), clear("l"), [clear("l")], []],
    ["S3 drops the incoming insertion", setInsert("s", 1), setInsert("s", 1), [setInsert("s", 1)], []],
    ["S4 drops the insertion", setInsert("s", 1), setErase("s", 1), [], [setErase("s", 1)]],
    ["K1 drops the assignment", set("m", 1), clear("m"), [], [clear("m")]],
    ["U2 drops the increment", add("m", 1), set("m", 1), [], [set("m", 1)]],
    [
      "L4 moves the local insertion right",
      insert(["l", 0], 1, 0),
      insert(["l", 0], 2, 0),
      [insert(["l", 1], 1, 1)],
      [insert(["l", 0], 2, 1)],
    ],
    ["L7 keeps the local move of the element", move(["l", 0], 1, 3), move(["l", 0], 2, 3), [move(["l", 2], 1, 3)], []],
  ];
  for (const [title, x, y, local, incoming] of cases) {
    test(title, () => {
      const result = mergeChangesets([by(5, 2, x)], [by(5, 2, y)]);
      expect([result.local[0]?.instructions, result.incoming[0]?.instructions]).toEqual([local, incoming]);
    });
  }
});

test("runs of insertions: appended, prepended, and interleaved in time (merge-rules §11)", () => {
  const final = (local: readonly MergeInput[], incoming: readonly MergeInput[]): unknown[] => {
    const result = mergeChangesets(local, incoming);
    const values: unknown[] = [];
    for (const { instructions } of [...local, ...result.incoming]) {
      for (const instruction of instructions) {
        if (instruction.kind !== "ArrayInsert" || instruction.value.type !== "Int") continue;
        expect(instruction.priorSize).toBe(values.length);
        values.splice(Number(instruction.path[0]), 0, Number(instruction.value.value));
      }
    }
    return values;
  };
  const append = (time: number, ident: number, first: number, ...values: number[]): MergeInput =>
    by(time, ident, ...values.map((value, at) => insert(["l", first + at], value, first + at)));
  const prepend = (time: number, ident: number, ...values: number[]): MergeInput =>
    by(time, ident, ...values.map((value, at) => insert(["l", 0], value, at)));
  expect(final([append(1, 2, 0, 1, 2)], [append(2, 3, 0, 3, 4)])).toEqual([1, 2, 3, 4]);
  expect(final([prepend(1, 2, 1, 2)], [prepend(2, 3, 3, 4)])).toEqual([2, 1, 4, 3]);
  expect(final([append(1, 2, 0, 1), append(3, 2, 1, 2)], [append(2, 3, 0, 3), append(4, 3, 1, 4)])).toEqual([1, 3, 2, 4]);
});

test("a list in a Mixed made by both keeps both elements", () => {
  const { incoming } = mergeChangesets(
    [by(1, 2, set("m", list), insert(["m", 0], 1, 0))],
    [by(2, 3, set("m", list), insert(["m", 0], 2, 0))],
  );
  expect(incoming[0]?.instructions).toEqual([set("m", list), insert(["m", 1], 2, 1)]);
});
