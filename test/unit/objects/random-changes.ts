import { intKey, nullKey, stringKey } from "../../../src/changeset/key.ts";
import type { CollectionKind, ColumnType, Instruction, ObjectKey, Payload, Place } from "../../../src/changeset/model.ts";
import type { ColumnDescription, ObjectState, ReadValue } from "../../../src/store/objects/index.ts";
import { addClass, addColumn, addEmbedded, eraseTable, update } from "./instructions.ts";

/** Pseudo-random choices from a seed (mulberry32), `length` of them before `atEnd`. */
export class Tape {
  /** Where the run's properties lie among all of a class: few a run, so that changes meet. */
  readonly focus: number;
  #state: number;
  #rest: number;

  constructor(seed: number, length: number) {
    this.#state = seed;
    this.#rest = length;
    this.focus = this.below(1000);
  }

  get atEnd(): boolean {
    return this.#rest <= 0;
  }

  /** A number from 0 below `bound`. */
  below(bound: number): number {
    this.#rest--;
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  one<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.below(values.length)] ?? values[0];
  }
}

const scalarTypes: readonly [Exclude<ColumnType, "Mixed" | "Link">, ...Exclude<ColumnType, "Mixed" | "Link">[]] = [
  "Int",
  "Bool",
  "String",
  "Binary",
  "Timestamp",
  "Float",
  "Double",
  "Decimal",
  "ObjectId",
  "Uuid",
];
const types: readonly ColumnType[] = ["Mixed", ...scalarTypes];
const kinds: readonly CollectionKind[] = ["Single", "List", "Dictionary", "Set"];

const columnsOf = (table: string): Instruction[] => [
  ...types.flatMap((type) =>
    kinds.map((kind) =>
      addColumn(table, `${type}_${kind}`, type, kind, { nullable: type === "Mixed" || kind === "Dictionary" || type === "Int" }),
    ),
  ),
  ...kinds.map((kind) =>
    addColumn(table, `link_${kind}`, "Link", kind, { target: "B", nullable: kind === "Single" || kind === "Dictionary" }),
  ),
  addColumn(table, "own_Single", "Link", "Single", { target: "E", nullable: true }),
  addColumn(table, "own_List", "Link", "List", { target: "E" }),
  addColumn(table, "own_Dictionary", "Link", "Dictionary", { target: "E", nullable: true }),
];

/** Two classes and an embedded one, which may own more of its kind, with a property of every type and kind of collection. */
export const randomSchema: readonly Instruction[] = [
  addClass("A"),
  addClass("B", { keyType: "String", nullable: true }),
  addEmbedded("E"),
  ...columnsOf("A"),
  addColumn("B", "x", "Int"),
  addColumn("B", "m", "Mixed", "Single", { nullable: true }),
  ...columnsOf("E"),
];

const keysOf: { readonly [table: string]: readonly [ObjectKey, ...ObjectKey[]] } = {
  A: [intKey(0n), intKey(-7n), intKey(2n ** 60n), intKey(3n)],
  B: [nullKey, stringKey(""), stringKey("b"), stringKey("ünï")],
};
const keyIn = (tape: Tape, table: string): ObjectKey => tape.one(keysOf[table] ?? [intKey(1n)]);

type Draw = (tape: Tape) => Payload;
const draws: { readonly [Type in Exclude<ColumnType, "Mixed" | "Link">]: Draw } = {
  Int: (tape) => ({ type: "Int", value: tape.one([1n, 0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 1000n]) }),
  Bool: (tape) => ({ type: "Bool", value: tape.one([true, false]) }),
  String: (tape) => ({ type: "String", value: tape.one(["a", "", "\u0000", "ünï\u{1f600}", "\ufeffx", "long ".repeat(50)]) }),
  Binary: (tape) => ({ type: "Binary", value: tape.one([Uint8Array.of(1), new Uint8Array(0), new Uint8Array(300).fill(255)]) }),
  Timestamp: (tape) =>
    tape.one([
      { type: "Timestamp", seconds: 1n, nanoseconds: 999_999_999 },
      { type: "Timestamp", seconds: -5n, nanoseconds: -1 },
      { type: "Timestamp", seconds: 2n ** 62n, nanoseconds: 0 },
      { type: "Timestamp", seconds: 0n, nanoseconds: 0 },
    ]),
  Float: (tape) => ({ type: "Float", bits: tape.one([0x3fc00000, 0, 0x80000000, 0x7fc00001, 0xff800000]) }),
  Double: (tape) => ({ type: "Double", bits: tape.one([0x3ff8000000000000n, 0n, 1n << 63n, 0x7ff8000000000001n, 0xfff0000000000000n]) }),
  Decimal: (tape) =>
    tape.one([
      { type: "Decimal", coefficient: 10n, exponent: -1, negative: false },
      { type: "Decimal", coefficient: 0n, exponent: 0, negative: false },
      { type: "Decimal", coefficient: 0n, exponent: 5, negative: true },
      { type: "Decimal", coefficient: 10n ** 34n - 1n, exponent: 6111, negative: true },
      { type: "Decimal", coefficient: 7n, exponent: 9696, negative: false },
    ]),
  ObjectId: (tape) => ({ type: "ObjectId", value: tape.one(["0".repeat(24), "65f0000000000000000000a2"]) }),
  Uuid: (tape) => ({ type: "Uuid", value: tape.one(["00000000-0000-0000-0000-000000000000", "3b241101-e2bb-4255-8caf-4136c566a962"]) }),
};

const linkTo = (tape: Tape, table: string): Payload => ({ type: "Link", table, key: keyIn(tape, table) });

/** Something without content that the column admits, also as an element of its collection. */
const scalar = (tape: Tape, column: ColumnDescription): Payload => {
  if (column.nullable && tape.below(6) === 0) return { type: "Null" };
  if (column.type === "Link") return linkTo(tape, column.linkTarget ?? "");
  if (column.type !== "Mixed") return draws[column.type](tape);
  return tape.below(5) === 0 ? linkTo(tape, tape.one(["A", "B"])) : draws[tape.one(scalarTypes)](tape);
};

const value = (tape: Tape, column: ColumnDescription): Payload => {
  if (column.linkTarget === "E") return column.nullable && tape.below(4) === 0 ? { type: "Null" } : { type: "ObjectValue" };
  if (column.type === "Mixed" && tape.below(3) === 0) return tape.one([{ type: "List" }, { type: "Dictionary" }]);
  return scalar(tape, column);
};

const dictionaryKeys: readonly [string, ...string[]] = ["k", "", "ключ", "__proto__", "b"];

type Held = Extract<ReadValue, { readonly type: "List" | "Dictionary" | "Set" | "Embedded" }>;
const isHeld = (held: ReadValue | undefined): held is Held =>
  held?.type === "List" || held?.type === "Dictionary" || held?.type === "Set" || held?.type === "Embedded";

/** An instruction somewhere inside a collection or embedded object, valid on the state as it is. */
const inside = (tape: Tape, state: ObjectState, at: Place, held: Held, column: ColumnDescription): Instruction => {
  const below = (element: string | number): Place => ({ ...at, path: [...at.path, element] });
  const mixedClear = (place: Place): Instruction => ({ kind: "Clear", ...place, collection: tape.one(["List", "Dictionary"]) });
  switch (held.type) {
    case "List": {
      const size = held.items.length;
      const index = tape.below(Math.max(size, 1));
      const choice = tape.below(8);
      if (size === 0 || choice < 3)
        return { kind: "ArrayInsert", ...below(tape.below(size + 1)), value: value(tape, column), priorSize: size };
      const item = held.items[index];
      if (choice === 3) return { kind: "ArrayErase", ...below(index), priorSize: size };
      if (choice === 4 && size > 1) {
        return { kind: "ArrayMove", ...below(index), destination: (index + 1 + tape.below(size - 1)) % size, priorSize: size };
      }
      if (choice === 5 && isHeld(item)) return inside(tape, state, below(index), item, column);
      if (choice === 6 && column.type === "Mixed") return mixedClear(below(index));
      return { kind: "Update", ...below(index), value: value(tape, column), priorSize: size };
    }
    case "Dictionary": {
      const key = tape.one(dictionaryKeys);
      const entry = held.entries.get(key);
      const choice = tape.below(6);
      if (choice === 0) return update(below(key), { type: "Erased" });
      if (choice === 1 && column.type === "Mixed") return mixedClear(below(key));
      if (choice < 4 && isHeld(entry)) return inside(tape, state, below(key), entry, column);
      return update(below(key), value(tape, column));
    }
    case "Set":
      return { kind: tape.one(["SetInsert", "SetInsert", "SetErase"]), ...at, value: scalar(tape, column) };
    case "Embedded": {
      const columns = state.classNamed(held.table)?.columns ?? [];
      // Owning ever deeper objects would only make the random states large.
      const usable = columns.filter((one) => at.path.length < 4 || one.linkTarget !== held.table);
      const inner = usable[(tape.focus + tape.below(6)) % usable.length];
      if (inner === undefined) throw new Error("the random schema has no such column");
      return changeColumn(tape, state, below(inner.field), held.fields.get(inner.field), inner);
    }
  }
};

const changeColumn = (
  tape: Tape,
  state: ObjectState,
  place: Place,
  held: ReadValue | undefined,
  column: ColumnDescription,
): Instruction => {
  if (column.collection !== "Single" && tape.below(12) === 0) {
    return { kind: "Clear", ...place, collection: tape.one([column.collection, "Single"]) };
  }
  if (isHeld(held) && (column.collection !== "Single" || tape.below(4) > 0)) return inside(tape, state, place, held, column);
  if (column.type === "Mixed" && tape.below(10) === 0) return { kind: "Clear", ...place, collection: tape.one(["List", "Dictionary"]) };
  if ((held?.type === "Int" || held?.type === "Null") && tape.below(4) === 0) {
    return { kind: "AddInteger", ...place, value: tape.one([1n, -5n, 2n ** 62n]) };
  }
  return update(place, value(tape, column));
};

/** One random instruction that is valid on the state as it is. */
export const randomInstruction = (tape: Tape, state: ObjectState): Instruction => {
  const choice = tape.below(40);
  const table = tape.one(["A", "A", "A", "B"]);
  const key = keyIn(tape, table);
  if (choice === 0) return { kind: "EraseObject", table, key };
  if (choice === 1) return tape.one([addColumn(table, "more1", "Int"), addColumn(table, "more2", "Int", "List")]);
  if (choice === 2) return state.classNamed("Z") === undefined ? addClass("Z") : eraseTable("Z");
  if (choice === 3 && state.classNamed("Z") !== undefined) return { kind: "CreateObject", table: "Z", key: keyIn(tape, "Z") };
  const object = state.read(table, key, "raw");
  if (object === undefined) return { kind: "CreateObject", table, key };
  const columns = state.classNamed(table)?.columns ?? [];
  const column = choice === 4 ? columns.at(-1) : columns[(tape.focus + tape.below(6)) % columns.length];
  if (column === undefined) throw new Error("the random schema has no such column");
  if (choice === 4 && column.field.startsWith("more")) return { kind: "EraseColumn", table, field: column.field };
  const place: Place = { table, key, field: column.field, path: [] };
  return changeColumn(tape, state, place, object.fields.get(column.field), column);
};
