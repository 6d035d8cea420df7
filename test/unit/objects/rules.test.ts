import { describe, expect, it } from "vitest";
import { stringKey } from "../../../src/changeset/key.ts";
import type { Instruction, Payload, Scalar } from "../../../src/changeset/model.ts";
import { MemoryObjectStorage, ObjectState, stateToJson, type ReadValue } from "../../../src/store/objects/index.ts";
import { memberIdentity } from "../../../src/store/objects/set-identity.ts";
import {
  add,
  addClass,
  addColumn,
  clear,
  create,
  dictionary,
  embedded,
  erase,
  erased,
  eraseTable,
  insert,
  int,
  key,
  link,
  list,
  nothing,
  place,
  schema,
  setErase,
  setInsert,
  text,
  update,
} from "./instructions.ts";

const stateAfter = (...instructions: readonly Instruction[]): ObjectState => {
  const state = new ObjectState(new MemoryObjectStorage(), { cacheBytes: 1_000_000 });
  state.apply([...schema, create(1), ...instructions]);
  return state;
};
const field = (state: ObjectState, name: string, form: "visible" | "raw" = "visible"): ReadValue | undefined =>
  state.read("A", key(1), form)?.fields.get(name);
const valuesOf = (value: ReadValue | undefined): readonly ReadValue[] =>
  value?.type === "Set" ? value.members : value?.type === "List" ? value.items : [];
const liveEmbedded = (state: ObjectState): unknown =>
  Object.entries(stateToJson(state, "brief") ?? {}).find(([name]) => name === "E#count")?.[1];

describe("application to state (merge-rules §7)", () => {
  it("creation gives every property its default", () => {
    const fields = stateAfter().read("A", key(1))?.fields;
    expect(fields?.get("i")).toEqual({ type: "Null" });
    expect(fields?.get("n")).toEqual(int(0));
    expect(fields?.get("t")).toEqual(text(""));
    expect(fields?.get("l")).toEqual({ type: "List", items: [] });
    expect(fields?.get("d")).toEqual({ type: "Dictionary", entries: new Map() });
    expect(fields?.get("s")).toEqual({ type: "Set", members: [] });
  });

  it("a new property gives existing objects its default, embedded ones too", () => {
    const state = stateAfter(update(place(1, "e"), embedded), addColumn("A", "new", "Decimal"), addColumn("E", "new", "Bool"));
    expect(field(state, "new")).toEqual({ type: "Decimal", coefficient: 0n, exponent: 0, negative: false });
    expect(field(state, "e")).toMatchObject({
      fields: new Map<string, unknown>([
        ["x", nothing],
        ["l", { type: "List", items: [] }],
        ["new", { type: "Bool", value: false }],
      ]),
    });
  });

  it("creating an object that exists changes nothing", () => {
    expect(field(stateAfter(update(place(1, "i"), int(5)), create(1)), "i")).toEqual(int(5));
  });

  it("an increment wraps at 64 bits and leaves null alone", () => {
    const state = stateAfter(update(place(1, "n"), int(2n ** 63n - 1n)), add(place(1, "n"), 2), add(place(1, "i"), 3));
    expect(field(state, "n")).toEqual(int(-(2n ** 63n) + 1n));
    expect(field(state, "i")).toEqual(nothing);
  });

  it("collections nest a hundred levels deep, and no further", () => {
    const path: number[] = [];
    const nested = Array.from({ length: 99 }, () => {
      path.push(0);
      return insert(place(1, "m", ...path), list, 0);
    });
    const state = stateAfter(update(place(1, "m"), list), ...nested, insert(place(1, "m", ...path, 0), int(7), 0));
    let value = field(state, "m");
    let levels = 0;
    while (value?.type === "List") {
      levels++;
      value = value.items[0];
    }
    expect({ levels, value }).toEqual({ levels: 100, value: int(7) });
    expect(() => state.apply([update(place(1, "m", ...path, 0), dictionary)])).toThrow("level 101");
  });

  it("a collection assigned where one of its kind is stays, one of the other kind replaces it", () => {
    const filled = [update(place(1, "m"), list), insert(place(1, "m", 0), int(1), 0)];
    expect(valuesOf(field(stateAfter(...filled, update(place(1, "m"), list)), "m"))).toEqual([int(1)]);
    expect(field(stateAfter(...filled, update(place(1, "m"), dictionary)), "m")).toEqual({ type: "Dictionary", entries: new Map() });
  });

  it("[Q1] an embedded object under a dictionary key is always a new one, in a field or list it stays", () => {
    const state = stateAfter(
      update(place(1, "e"), embedded),
      update(place(1, "e", "x"), int(1)),
      update(place(1, "e"), embedded),
      update(place(1, "de", "k"), embedded),
      update(place(1, "de", "k", "x"), int(1)),
      update(place(1, "de", "k"), embedded),
    );
    expect(stateToJson(state, "brief")).toMatchObject({ A: [{ e: { x: { int: "1" } }, de: { dict: { k: { x: null } } } }] });
  });

  it("[Q5] a clear under a missing dictionary key begins an empty collection", () => {
    const state = stateAfter(
      update(place(1, "d", "k"), erased),
      clear(place(1, "d", "k"), "List"),
      insert(place(1, "d", "k", 0), int(1), 0),
    );
    expect(stateToJson(state, "brief")).toMatchObject({ A: [{ d: { dict: { k: [{ int: "1" }] } } }] });
  });

  it("[Q10] null can be erased from a nullable set of one type", () => {
    const set = addColumn("A", "ns", "Int", "Set", { nullable: true });
    const state = stateAfter(set, setInsert(place(1, "ns"), nothing), setInsert(place(1, "ns"), int(1)), setErase(place(1, "ns"), nothing));
    expect(valuesOf(field(state, "ns"))).toEqual([int(1)]);
  });

  it("names that JavaScript gives a meaning are names like others", () => {
    const state = stateAfter(addColumn("A", "constructor", "Int"), update(place(1, "d", "__proto__"), int(1)));
    expect(field(state, "constructor")).toEqual(int(0));
    expect(JSON.stringify(stateToJson(state, "brief"))).toContain('"__proto__":{"int":"1"}');
  });
});

describe("embedded objects (merge-rules §8)", () => {
  const owned = [
    update(place(1, "e"), embedded),
    insert(place(1, "el", 0), embedded, 0),
    insert(place(1, "el", 1), embedded, 1),
    update(place(1, "de", "k"), embedded),
  ];

  it("die with their owner", () => {
    expect(liveEmbedded(stateAfter(...owned))).toBe(4);
    expect(liveEmbedded(stateAfter(...owned, erase(1)))).toBe(0);
  });

  it("die when their place is overwritten, erased or cleared", () => {
    const state = stateAfter(...owned);
    state.apply([update(place(1, "e"), nothing)]);
    expect(liveEmbedded(state)).toBe(3);
    state.apply([update(place(1, "de", "k"), erased)]);
    expect(liveEmbedded(state)).toBe(2);
    state.apply([clear(place(1, "el"), "List")]);
    expect(liveEmbedded(state)).toBe(0);
  });
});

describe("links (merge-rules §8)", () => {
  it("dangle, revive, and dangle again with their object", () => {
    const state = stateAfter(
      update(place(1, "lk"), link("B", 5)),
      insert(place(1, "ll", 0), link("B", 5), 0),
      setInsert(place(1, "sl"), link("B", 5)),
    );
    for (const step of [undefined, create(5, "B"), erase(5, "B"), create(5, "B")]) {
      if (step !== undefined) state.apply([step]);
      const dangling = step?.kind !== "CreateObject";
      expect(field(state, "lk", "raw")).toMatchObject({ type: "Link", dangling });
      expect(field(state, "lk")?.type).toBe(dangling ? "Null" : "Link");
      expect(valuesOf(field(state, "ll")).length).toBe(dangling ? 0 : 1);
      expect(valuesOf(field(state, "sl")).length).toBe(dangling ? 0 : 1);
      expect(valuesOf(field(state, "ll", "raw")).length).toBe(1);
    }
  });

  it("[Q8] from mixed values outlive the erasure of their class as nulls, also in changesets", () => {
    const state = stateAfter(
      addClass("Z"),
      update(place(1, "m"), link("Z", 1)),
      insert(place(1, "lm", 0), link("Z", 1), 0),
      setInsert(place(1, "sm"), link("Z", 1)),
    );
    state.apply([eraseTable("Z")]);
    expect([field(state, "m"), field(state, "lm"), field(state, "sm")]).toEqual([
      nothing,
      { type: "List", items: [nothing] },
      { type: "Set", members: [] },
    ]);
    const copy = new ObjectState(new MemoryObjectStorage(), { cacheBytes: 1_000_000 });
    for (const piece of state.changesets({ maxBytes: 100_000 })) copy.apply(piece);
    expect(stateToJson(copy, "full")).toEqual(stateToJson(state, "full"));
  });
});

describe("members of sets (merge-rules §7)", () => {
  const double = (value: number): Scalar => ({ type: "Double", bits: new BigUint64Array(Float64Array.of(value).buffer)[0] ?? 0n });
  const float = (value: number): Scalar => ({ type: "Float", bits: new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0 });
  const decimal = (coefficient: bigint, exponent: number, negative = false): Scalar => ({
    type: "Decimal",
    coefficient,
    exponent,
    negative,
  });
  const integer = (value: bigint): Scalar => ({ type: "Int", value });
  const same = (a: Scalar, b: Scalar): boolean => memberIdentity(a) === memberIdentity(b);

  it.each<[string, Scalar, Scalar]>([
    ["1 and 1.0", integer(1n), double(1)],
    ["1 and 1.0 as Float", integer(1n), float(1)],
    ["100 and 1E2", integer(100n), decimal(1n, 2)],
    ["1.0 and 1.00", decimal(10n, -1), decimal(100n, -2)],
    ["0.1 and Decimal 0.1", double(0.1), decimal(1n, -1)],
    ["−0 and 0", double(-0), integer(0n)],
    ["all zeros", decimal(0n, 5, true), double(0)],
    ["−2^63 as Int and Double", integer(-(2n ** 63n)), double(-(2 ** 63))],
    ["1E300 as Double and Decimal", double(1e300), decimal(1n, 300)],
    ["NaN and NaN", double(Number.NaN), decimal(0n, 9696)],
    ["NaNs of other bits", double(Number.NaN), { type: "Double", bits: 0x7ff8000000000007n }],
    ["infinities", double(-Infinity), decimal(7n, 9184, true)],
    ["0.5 as Float and Double", float(0.5), double(0.5)],
    ["−2.5 and −25E−1", double(-2.5), decimal(25n, -1, true)],
  ])("%s are one member", (_, a, b) => {
    expect(same(a, b)).toBe(true);
  });

  it.each<[string, Scalar, Scalar]>([
    ["2^53 + 1 and the Double next to it", integer(2n ** 53n + 1n), double(2 ** 53)],
    ["0.1 as Float and Double", float(0.1), double(0.1)],
    ["1 and true", integer(1n), { type: "Bool", value: true }],
    ['1 and "1"', integer(1n), { type: "String", value: "1" }],
    ["text and the same bytes", { type: "String", value: "a" }, { type: "Binary", value: Uint8Array.of(97) }],
    ["null and 0", { type: "Null" }, integer(0n)],
    ["infinities of different signs", double(Infinity), double(-Infinity)],
    ["links to other classes", { type: "Link", table: "A", key: stringKey("Bx") }, { type: "Link", table: "AsB", key: stringKey("x") }],
    ["an ObjectId and its text", { type: "ObjectId", value: "0".repeat(24) }, { type: "String", value: "0".repeat(24) }],
    ["1 and −1", integer(1n), integer(-1n)],
    ["10 and 1", integer(10n), integer(1n)],
  ])("%s are two", (_, a, b) => {
    expect(same(a, b)).toBe(false);
  });

  it("the member that came first stays", () => {
    const state = stateAfter(setInsert(place(1, "sm"), int(1)), setInsert(place(1, "sm"), double(1) satisfies Payload));
    expect(valuesOf(field(state, "sm"))).toEqual([int(1)]);
  });
});
