import { describe, expect, it } from "vitest";
import { globalKey, intKey, nullKey, objectIdKey, stringKey, uuidKey } from "../../../src/changeset/key.ts";
import type { Instruction, KeyColumnType, ObjectKey } from "../../../src/changeset/model.ts";
import { ObjectState, stateToJson, type ObjectStorage } from "../../../src/store/objects/index.ts";
import {
  add,
  addColumn,
  create,
  embedded,
  erase,
  eraseColumn,
  eraseTable,
  addClass,
  insert,
  int,
  key,
  link,
  place,
  schema,
  text,
  update,
} from "./instructions.ts";

const plenty = { cacheBytes: 10_000_000 };
const keysOf = (page: { readonly objects: readonly { readonly key: ObjectKey }[] }): string[] =>
  page.objects.map((object) => object.key.text);
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const filled = (count: number): Instruction[] =>
  range(count).flatMap((number) => [create(number), update(place(number, "i"), int(number))]);

/** What a state promises over any storage. `reopened` gives the storage as after a restart. */
export const registerStateContract = (name: string, open: () => { storage: ObjectStorage; reopened: () => ObjectStorage }): void => {
  describe(`objects over ${name}`, () => {
    it("writes nothing before a flush, and all with its cursor", () => {
      const { storage, reopened } = open();
      const state = new ObjectState(storage, plenty);
      state.apply([...schema, ...filled(3)]);
      expect(new ObjectState(reopened(), plenty).classes()).toEqual([]);
      expect(state.flush(17)).toEqual({ written: 3, removed: 0 });
      const again = new ObjectState(reopened(), plenty);
      expect(again.cursor).toBe(17);
      expect(stateToJson(again, "full")).toEqual(stateToJson(state, "full"));
      expect(again.classes()).toEqual(state.classes());
    });

    it("writes only what changed since the last flush", () => {
      const state = new ObjectState(open().storage, plenty);
      state.apply([...schema, ...filled(5)]);
      state.flush(1);
      expect(state.dirtyBytes).toBe(0);
      state.apply([add(place(2, "i"), 5), erase(4), create(9), erase(9)]);
      expect(state.flush(2)).toEqual({ written: 1, removed: 1 });
      expect(state.flush(2)).toEqual({ written: 0, removed: 0 });
    });

    it("counts objects without reading them, also after a restart", () => {
      const { storage, reopened } = open();
      const state = new ObjectState(storage, plenty);
      state.apply([...schema, ...filled(4), erase(0), erase(0), create(1)]);
      expect(state.count("A")).toBe(3);
      state.flush(1);
      const again = new ObjectState(reopened(), plenty);
      again.apply([create(0), erase(1)]);
      expect(again.count("A")).toBe(3);
      expect([again.count("B"), again.count("E"), again.count("unknown")]).toEqual([0, 0, 0]);
    });

    it("rolls several changesets back as one, and an inner stretch alone", () => {
      const { storage } = open();
      const state = new ObjectState(storage, plenty);
      state.apply([...schema, ...filled(2)]);
      state.flush(1);
      const before = stateToJson(state, "full");
      const outer = state.checkpoint();
      state.apply([update(place(0, "i"), int(50)), erase(1), addColumn("A", "extra", "Int")]);
      const middle = stateToJson(state, "full");
      const inner = state.checkpoint();
      state.apply([eraseColumn("A", "i"), create(1), addClass("C")]);
      state.rollback(inner);
      expect(stateToJson(state, "full")).toEqual(middle);
      state.rollback(outer);
      expect(stateToJson(state, "full")).toEqual(before);
      expect(state.count("A")).toBe(2);
    });

    it("keeps what was released inside a stretch until the stretch itself is rolled back", () => {
      const state = new ObjectState(open().storage, plenty);
      state.apply(schema);
      const outer = state.checkpoint();
      const inner = state.checkpoint();
      state.apply([create(1)]);
      state.release(inner);
      expect(state.has("A", key(1))).toBe(true);
      state.rollback(outer);
      expect(state.has("A", key(1))).toBe(false);
    });

    it("refuses to flush inside a stretch, and to close stretches out of order", () => {
      const state = new ObjectState(open().storage, plenty);
      const outer = state.checkpoint();
      const inner = state.checkpoint();
      expect(() => state.flush(1)).toThrow("checkpoint is open");
      expect(() => state.release(outer)).toThrow("inside out");
      state.release(inner);
      state.release(outer);
      expect(() => state.release(outer)).toThrow("inside out");
      expect(state.flush(1)).toEqual({ written: 0, removed: 0 });
    });

    it("stays within its budget and says when to flush", () => {
      const { storage } = open();
      const state = new ObjectState(storage, { cacheBytes: 20_000 });
      state.apply(schema);
      let version = 0;
      let flushes = 0;
      let largest = 0;
      for (const number of range(400)) {
        state.apply([create(number), update(place(number, "t"), text("x".repeat(100)))]);
        largest = Math.max(largest, state.dirtyBytes);
        if (state.shouldFlush) {
          state.flush(++version);
          flushes++;
        }
      }
      expect(flushes).toBeGreaterThan(5);
      expect(largest).toBeLessThan(12_000);
      for (const number of range(400)) state.apply([add(place(number, "n"), number)]);
      expect(state.count("A")).toBe(400);
      expect(state.read("A", key(399))?.fields.get("n")).toEqual(int(399));
    });

    it("pages in order of the keys over rows and memory alike", () => {
      const { storage } = open();
      const state = new ObjectState(storage, plenty);
      state.apply([...schema, ...[-5, 300, 2, 7, 40].map((number) => create(number))]);
      state.flush(1);
      state.apply([create(-900), create(5), erase(7), update(place(40, "i"), int(1)), create(1000), create(6), erase(6)]);
      const first = state.page("A", { limit: 3 });
      expect(keysOf(first)).toEqual(["i-900", "i-5", "i2"]);
      expect(first.next?.text).toBe("i2");
      expect(keysOf(state.page("A", { limit: 10, after: key(2) }))).toEqual(["i5", "i40", "i300", "i1000"]);
      expect([...state.objects("A")].map((object) => object.key.text)).toEqual(["i-900", "i-5", "i2", "i5", "i40", "i300", "i1000"]);
      expect(state.page("A", { limit: 10, after: key(300) }).objects.length).toBe(1);
      expect(state.page("unknown", { limit: 10 })).toEqual({ objects: [], next: undefined });
    });

    it("finds every object once whatever the page's size and wherever it rests", () => {
      const state = new ObjectState(open().storage, plenty);
      state.apply([...schema, ...range(30).map((number) => create(number * 3))]);
      state.flush(1);
      state.apply([...range(20).map((number) => create(number * 4 + 1)), ...range(10).map((number) => erase(number * 9))]);
      const expected = [...state.objects("A")].map((object) => object.key.text);
      expect(expected.length).toBe(state.count("A"));
      for (const limit of [1, 2, 3, 7, 100]) {
        for (const maxBytes of [1, 40, 10_000]) {
          const found: string[] = [];
          let after: ObjectKey | undefined;
          do {
            const page = state.page("A", { limit, maxBytes, ...(after === undefined ? {} : { after }) });
            found.push(...keysOf(page));
            expect(page.objects.length).toBeLessThanOrEqual(limit);
            after = page.next;
          } while (after !== undefined);
          expect(found).toEqual(expected);
        }
      }
    });

    const sortedKeys: readonly (readonly [KeyColumnType, readonly ObjectKey[]])[] = [
      ["Int", [nullKey, intKey(-(2n ** 63n)), intKey(-1n), intKey(0n), intKey(2n ** 53n + 1n), intKey(2n ** 63n - 1n)]],
      ["String", [nullKey, stringKey(""), stringKey("B"), stringKey("a"), stringKey("é"), stringKey("\u{ffff}"), stringKey("\u{1f600}")]],
      ["ObjectId", [nullKey, objectIdKey("0".repeat(24)), objectIdKey(`7${"f".repeat(23)}`), objectIdKey("f".repeat(24))]],
      ["Uuid", [nullKey, uuidKey("00000000-0000-0000-0000-000000000001"), uuidKey("ffffffff-ffff-ffff-ffff-ffffffffffff")]],
      ["GlobalKey", [globalKey(0n, 1n), globalKey(1n, 0n), globalKey(2n ** 64n - 1n, 2n ** 64n - 1n)]],
    ];
    it.each(sortedKeys)("keeps and orders keys of type %s", (keyType, keys) => {
      const { storage, reopened } = open();
      const state = new ObjectState(storage, plenty);
      state.apply([{ kind: "AddTable", table: "K", tableType: "TopLevel", keyField: "k", keyType, keyNullable: true }]);
      state.apply(keys.toReversed().map((one) => ({ kind: "CreateObject", table: "K", key: one })));
      expect([...state.objects("K")].map((object) => object.key)).toEqual(keys);
      state.flush(1);
      const again = new ObjectState(reopened(), plenty);
      expect([...again.objects("K")].map((object) => object.key)).toEqual(keys);
      expect(keys.every((one) => again.has("K", one))).toBe(true);
    });

    it("lets nothing of an erased class or property come back", () => {
      const { storage, reopened } = open();
      const state = new ObjectState(storage, plenty);
      state.apply([...schema, addClass("Z"), addColumn("Z", "x", "Int"), create(1, "Z"), ...filled(1)]);
      state.apply([update({ ...place(1, "x"), table: "Z" }, int(5))]);
      state.flush(1);
      state.apply([eraseTable("Z"), eraseColumn("A", "i")]);
      state.apply([addClass("Z"), addColumn("Z", "x", "Int"), addColumn("A", "i", "Int")]);
      expect(state.has("Z", key(1))).toBe(false);
      expect(state.read("A", key(0))?.fields.get("i")).toEqual(int(0));
      state.flush(2);
      const again = new ObjectState(reopened(), plenty);
      again.apply([create(1, "Z")]);
      expect(again.read("Z", key(1))?.fields.get("x")).toEqual(int(0));
      expect(again.read("A", key(0))?.fields.get("i")).toEqual(int(0));
      expect(again.count("Z")).toBe(1);
    });

    it("holds an object of many megabytes", () => {
      const { storage, reopened } = open();
      const state = new ObjectState(storage, { cacheBytes: 1000 });
      const long = "é".repeat(1_500_000);
      state.apply([...schema, create(1), update(place(1, "t"), text(long)), insert(place(1, "lm", 0), text(long), 0), create(2)]);
      state.flush(1);
      const again = new ObjectState(reopened(), { cacheBytes: 1000 });
      const value = again.read("A", key(1))?.fields.get("t");
      expect(value?.type === "String" && value.value === long).toBe(true);
      again.apply([update(place(1, "t"), text("short")), update(place(1, "lm", 0), int(1))]);
      again.flush(2);
      const third = new ObjectState(reopened(), plenty);
      expect(third.read("A", key(1))?.fields.get("t")).toEqual(text("short"));
      expect([...third.objects("A")].length).toBe(2);
    });

    it("[§8] shows links by whether their object exists, wherever it rests", () => {
      const { storage } = open();
      const state = new ObjectState(storage, plenty);
      state.apply([...schema, create(1), create(5, "B"), update(place(1, "lk"), link("B", 5)), insert(place(1, "ll", 0), link("B", 6), 0)]);
      state.apply([
        insert(place(1, "ll", 1), link("B", 5), 1),
        insert(place(1, "lm", 0), link("B", 6), 0),
        update(place(1, "m"), link("B", 6)),
      ]);
      state.apply([insert(place(1, "el", 0), embedded, 0)]);
      for (const flushed of [false, true]) {
        if (flushed) state.flush(1);
        const seen = state.read("A", key(1))?.fields;
        expect(seen?.get("lk")).toMatchObject({ type: "Link", dangling: false });
        expect(seen?.get("ll")).toMatchObject({ items: [{ key: key(5) }] });
        expect(seen?.get("lm")).toEqual({ type: "List", items: [{ type: "Null" }] });
        expect(seen?.get("m")).toEqual({ type: "Null" });
        const raw = state.read("A", key(1), "raw")?.fields;
        expect(raw?.get("ll")).toMatchObject({ items: [{ dangling: true }, { dangling: false }] });
        expect(raw?.get("m")).toMatchObject({ type: "Link", dangling: true, key: key(6) });
      }
    });
  });
};
