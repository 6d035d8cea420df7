import { describe, expect, it } from "vitest";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import { MemoryObjectStorage, ObjectState, SqlObjectStorage, stateToJson } from "../../../src/store/objects/index.ts";
import { NodeSql } from "../../support/node-sql.ts";
import { create, embedded, erase, insert, int, key, link, list, nothing, place, schema, setInsert, text, update } from "./instructions.ts";

const newState = (): ObjectState => new ObjectState(new MemoryObjectStorage(), { cacheBytes: 10_000_000 });
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("a state as changesets (server-semantics §11)", () => {
  it("begins with all classes, then their properties, then objects", () => {
    const state = newState();
    state.apply([...schema, create(2), create(1)]);
    const kinds = [...state.changesets({ maxBytes: 100_000 })].flat().map((instruction) => instruction.kind);
    const order = ["AddTable", "AddColumn", "CreateObject"];
    expect(kinds).toEqual(kinds.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)));
    expect(kinds.filter((kind) => kind === "CreateObject").length).toBe(2);
  });

  it("says nothing that creation gives anyway", () => {
    const state = newState();
    const needed: Instruction[] = [
      create(1),
      update(place(1, "n"), int(5)),
      insert(place(1, "l", 0), int(0), 0),
      setInsert(place(1, "s"), int(0)),
      update(place(1, "d", "k"), nothing),
      update(place(1, "e"), embedded),
      update(place(1, "lk"), link("B", 77)),
    ];
    state.apply(schema);
    state.apply(needed);
    // Set to what they were, or emptied again.
    state.apply([
      update(place(1, "t"), text("")),
      update(place(1, "i"), nothing),
      update(place(1, "m"), list),
      update(place(1, "m"), nothing),
    ]);
    const objects = [...state.changesets({ maxBytes: 100_000 })].flat().slice(schema.length);
    const text_ = (instruction: Instruction): string =>
      JSON.stringify(instruction, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
    expect(objects.map(text_).sort()).toEqual(needed.map(text_).sort());
  });

  it("keeps an object whole where it fits, and splits one that does not", () => {
    const state = newState();
    state.apply([...schema, ...range(20).flatMap((number) => [create(number), update(place(number, "t"), text("x".repeat(100)))])]);
    state.apply(range(500).map((index) => insert(place(7, "l", index), int(index), index)));
    const maxBytes = 2000;
    const pieces = [...state.changesets({ maxBytes })];
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces) expect(encodeChangeset(piece).length).toBeLessThanOrEqual(maxBytes);
    const holding = (object: number): number =>
      pieces.filter((piece) => piece.some((instruction) => "key" in instruction && instruction.key.text === key(object).text)).length;
    expect(range(20).filter((object) => holding(object) > 1)).toEqual([7]);
  });

  it("gives a value larger than the bound a changeset of its own", () => {
    const state = newState();
    state.apply([...schema, create(1), update(place(1, "t"), text("x".repeat(5000))), create(2)]);
    const pieces = [...state.changesets({ maxBytes: 1000 })];
    const large = pieces.filter((piece) => encodeChangeset(piece).length > 1000);
    expect(large.map((piece) => piece.length)).toEqual([1]);
    const copy = newState();
    for (const piece of pieces) copy.apply(piece);
    expect(stateToJson(copy, "full")).toEqual(stateToJson(state, "full"));
  });

  it("gives one object alone, to be made again as it was", () => {
    const state = newState();
    state.apply([
      ...schema,
      create(1),
      update(place(1, "e"), embedded),
      update(place(1, "e", "x"), int(3)),
      update(place(1, "n"), int(5)),
      create(2),
    ]);
    const before = stateToJson(state, "full");
    const instructions = state.instructionsFor("A", key(1)) ?? [];
    expect(instructions.length).toBe(4);
    state.apply([erase(1), ...instructions]);
    expect(stateToJson(state, "full")).toEqual(before);
    expect(state.instructionsFor("A", key(3))).toBeUndefined();
    expect(state.instructionsFor("Z", key(1))).toBeUndefined();
  });

  it("reads rows as it goes instead of holding them", () => {
    const sql = new NodeSql();
    const state = new ObjectState(new SqlObjectStorage(sql), { cacheBytes: 50_000 });
    state.apply(schema);
    for (const number of range(1000)) {
      state.apply([create(number), update(place(number, "t"), text("x".repeat(100)))]);
      if (state.shouldFlush) state.flush(number);
    }
    state.flush(1000);
    const started = sql.counts.reads;
    const pieces = state.changesets({ maxBytes: 5000 });
    for (let count = 0; count < 5; count++) expect(pieces.next().done).toBe(false);
    const afterFive = sql.counts.reads - started;
    let more = 0;
    for (const piece of pieces) more += piece.length;
    expect(more).toBeGreaterThan(1500);
    expect(afterFive).toBeLessThan((sql.counts.reads - started) / 2);
  });

  it("refuses to go on when the state has changed in between", () => {
    const state = newState();
    state.apply([...schema, ...range(50).map((number) => create(number))]);
    const pieces = state.changesets({ maxBytes: 500 });
    pieces.next();
    state.apply([create(99)]);
    expect(() => pieces.next()).toThrow("the state changed");
  });
});
