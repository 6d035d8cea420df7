import * as fc from "fast-check";
import { bitsOfDouble } from "../../../src/changeset/floating.ts";
import { intKey, stringKey } from "../../../src/changeset/key.ts";
import type { ColumnType, Instruction, Path, Payload, Place } from "../../../src/changeset/model.ts";
import type { MergeInput } from "../../../src/merge/types.ts";

// Random instructions from a small world, so that nearly everything conflicts with everything. They need not make sense on any state:
// merging must agree with its definition on those, too, and refuse the same ones.

const table = fc.constantFrom("A", "B");
const key = fc.constantFrom(intKey(0n), intKey(1n), stringKey("1"));
const field = fc.constantFrom("f", "g");
const index = fc.nat({ max: 2 });
const path: fc.Arbitrary<Path> = fc.array(fc.oneof({ weight: 3, arbitrary: index }, fc.constantFrom("a", "b")), { maxLength: 2 });
const listPath: fc.Arbitrary<Path> = fc.tuple(fc.array(index, { maxLength: 1 }), index).map(([way, last]) => [...way, last]);
/** Mostly one size, so that the checks of the list rules mostly hold. */
const priorSize = fc.oneof({ weight: 12, arbitrary: fc.constant(3) }, fc.constantFrom(2, 4));

const payload: fc.Arbitrary<Payload> = fc.oneof(
  fc.bigInt({ min: -2n, max: 2n }).map((value): Payload => ({ type: "Int", value })),
  fc.constantFrom<Payload>(
    { type: "Null" },
    { type: "String", value: "x" },
    { type: "String", value: "y" },
    { type: "ObjectValue" },
    { type: "Dictionary" },
    { type: "List" },
    { type: "Erased" },
    { type: "Link", table: "B", key: intKey(1n) },
  ),
);

const placeAt = (way: fc.Arbitrary<Path>): fc.Arbitrary<Place> => fc.record({ table, key, field, path: way });

const update: fc.Arbitrary<Instruction> = fc
  .record({ place: placeAt(path), value: payload, isDefault: fc.boolean(), size: priorSize })
  .map(({ place, value, isDefault, size }): Instruction =>
    typeof place.path.at(-1) === "number"
      ? { kind: "Update", ...place, value, priorSize: size }
      : { kind: "Update", ...place, value, isDefault },
  );

const collection = fc.constantFrom("Single" as const, "List" as const, "Dictionary" as const, "Set" as const);

/** Members of which some are alike but not the same (Q9), and one that is not even the same as itself. */
const member = fc.constantFrom<Payload>(
  { type: "Int", value: 0n },
  { type: "Int", value: 1n },
  { type: "Double", bits: bitsOfDouble(1) },
  { type: "Double", bits: bitsOfDouble(Number.NaN) },
);

const setInstruction: fc.Arbitrary<Instruction> = fc
  .record({
    kind: fc.constantFrom("SetInsert" as const, "SetErase" as const),
    place: placeAt(fc.constantFrom<Path>([], ["a"])),
    value: member,
  })
  .map(({ kind, place, value }): Instruction => ({ kind, ...place, value }));

const dataInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  { weight: 4, arbitrary: update },
  fc
    .record({ place: placeAt(path), value: fc.bigInt({ min: -3n, max: 3n }) })
    .map(({ place, value }): Instruction => ({ kind: "AddInteger", ...place, value })),
  {
    weight: 3,
    arbitrary: fc
      .record({ place: placeAt(listPath), value: payload, size: priorSize })
      .map(({ place, value, size }): Instruction => ({ kind: "ArrayInsert", ...place, value, priorSize: size })),
  },
  fc
    .record({ place: placeAt(listPath), destination: index, size: priorSize })
    .map(({ place, destination, size }): Instruction => ({ kind: "ArrayMove", ...place, destination, priorSize: size })),
  fc
    .record({ place: placeAt(listPath), size: priorSize })
    .map(({ place, size }): Instruction => ({ kind: "ArrayErase", ...place, priorSize: size })),
  fc.record({ place: placeAt(path), collection }).map(({ place, collection }): Instruction => ({ kind: "Clear", ...place, collection })),
  { weight: 2, arbitrary: setInstruction },
  fc.record({ table, key }).map((at): Instruction => ({ kind: "CreateObject", ...at })),
  fc.record({ table, key }).map((at): Instruction => ({ kind: "EraseObject", ...at })),
);

const columnType = fc.constantFrom<ColumnType>("Int", "String", "Link");

const addition: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ table, nullable: fc.boolean() }).map(({ table, nullable }): Instruction => ({
    kind: "AddTable",
    table,
    tableType: "TopLevel",
    keyField: "_id",
    keyType: "Int",
    // Mostly the same, so that both sides mostly agree.
    keyNullable: nullable && table === "B",
  })),
  fc.record({ table, field, type: columnType, target: table }).map(({ table, field, type, target }): Instruction => {
    const column = { kind: "AddColumn", table, field, nullable: true, collection: "Single" } as const;
    return type === "Link" ? { ...column, type, linkTarget: target } : { ...column, type };
  }),
);

const erasure: fc.Arbitrary<Instruction> = fc.oneof(
  table.map((table): Instruction => ({ kind: "EraseTable", table })),
  fc.record({ table, field }).map((at): Instruction => ({ kind: "EraseColumn", ...at })),
);

const changesets = (instruction: fc.Arbitrary<Instruction>, ident: number, maxLength: number): fc.Arbitrary<MergeInput[]> =>
  fc.array(
    fc.record({
      originTimestamp: fc.nat({ max: 6 }),
      originFileIdent: fc.constant(ident),
      instructions: fc.array(instruction, { maxLength }),
    }),
    { maxLength: 3 },
  );

export interface Sides {
  readonly local: readonly MergeInput[];
  readonly incoming: readonly MergeInput[];
}

const sides = (instruction: fc.Arbitrary<Instruction>, maxLength: number): fc.Arbitrary<Sides> =>
  fc.record({
    local: changesets(instruction, 3, maxLength),
    // Now and then a cloned file: equal pairs on both sides.
    incoming: fc.oneof({ weight: 5, arbitrary: changesets(instruction, 4, maxLength) }, changesets(instruction, 3, maxLength)),
  });

/** Objects and their contents only. */
export const dataSides = sides(dataInstruction, 8);

/** Classes and columns come and go, too. */
export const schemaSides = sides(fc.oneof({ weight: 3, arbitrary: dataInstruction }, { weight: 2, arbitrary: addition }, erasure), 6);

/** The same on `A[0].f`, as far as it is about a field. */
function onOneField(instruction: Instruction): Instruction {
  return "path" in instruction ? { ...instruction, table: "A", key: intKey(0n), field: "f" } : instruction;
}

/** Operations on one field of one object, of all kinds. */
export const fieldSides = sides(dataInstruction.map(onOneField), 16);

/** Members of one set, now and then emptied. */
export const setSides = sides(
  fc
    .oneof(
      { weight: 12, arbitrary: setInstruction },
      fc.record({ place: placeAt(fc.constant([])) }).map(({ place }): Instruction => ({ kind: "Clear", ...place, collection: "Set" })),
    )
    .map(onOneField),
  16,
);

type ListStep = { readonly operation: "insert" | "erase" | "update" | "move"; readonly at: number; readonly to: number };

/** What kinds of operations a random list history has. */
export type ListWeights = Readonly<Record<ListStep["operation"], number>>;

/** Sound operations of one author on one list that had `size` elements, spread over changesets with any clock. */
function listHistory(size: number, ident: number, weights: ListWeights, maxSteps: number): fc.Arbitrary<MergeInput[]> {
  const step: fc.Arbitrary<ListStep> = fc.record({
    operation: fc.oneof(
      ...(["insert", "erase", "update", "move"] as const)
        .filter((operation) => weights[operation] > 0)
        .map((operation) => ({ weight: weights[operation], arbitrary: fc.constant(operation) })),
    ),
    at: fc.nat(),
    to: fc.nat(),
  });
  return fc
    .array(fc.record({ time: fc.nat({ max: 12 }), steps: fc.array(step, { maxLength: maxSteps, size: "max" }) }), { maxLength: 4 })
    .map((changesets) => {
      let current = size;
      return changesets.map(({ time, steps }) => {
        const instructions = steps.flatMap((step) => {
          const [instruction, after] = listInstruction(step, current);
          current = after;
          return instruction;
        });
        return { originTimestamp: time, originFileIdent: ident, instructions };
      });
    });
}

function listInstruction({ operation, at, to }: ListStep, size: number): [Instruction[], number] {
  const place = (index: number): Place => ({ table: "A", key: intKey(0n), field: "l", path: [index] });
  const value: Payload = { type: "Int", value: BigInt(at) };
  if (operation === "insert" || size === 0) return [[{ kind: "ArrayInsert", ...place(at % (size + 1)), value, priorSize: size }], size + 1];
  const index = at % size;
  if (operation === "erase") return [[{ kind: "ArrayErase", ...place(index), priorSize: size }], size - 1];
  if (operation === "update") return [[{ kind: "Update", ...place(index), value, priorSize: size }], size];
  const destination = to % size;
  return [destination === index ? [] : [{ kind: "ArrayMove", ...place(index), destination, priorSize: size }], size];
}

/** Two authors of one list, each sound on its own. */
export const listSides = (weights: ListWeights, maxSteps: number): fc.Arbitrary<Sides> =>
  fc.nat({ max: 4 }).chain((size) =>
    fc.record({
      local: listHistory(size, 3, weights, maxSteps),
      incoming: fc.constantFrom(3, 4, 4, 4).chain((ident) => listHistory(size, ident, weights, maxSteps)),
    }),
  );
