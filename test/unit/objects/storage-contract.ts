import { describe, expect, it } from "vitest";
import type { ObjectChange, ObjectStorage, StorageChanges } from "../../../src/store/objects/storage.ts";

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const put = (key: number, data: Uint8Array = bytes(key), classId = 1): ObjectChange => ({
  kind: "put",
  classId,
  key: bytes(key),
  data,
  replaces: true,
});
const changes = (objects: Iterable<ObjectChange>, more: Partial<StorageChanges> = {}): StorageChanges => ({
  cursor: 1,
  nextClassId: 2,
  erasedClasses: [],
  classes: [],
  ...more,
  objects,
});

/** What every storage of objects promises. `reopened` gives the same storage as after a restart. */
export const registerStorageContract = (name: string, open: () => { storage: ObjectStorage; reopened: () => ObjectStorage }): void => {
  describe(`object storage in ${name}`, () => {
    it("is empty at first", () => {
      const { storage } = open();
      expect(storage.head()).toEqual({ cursor: 0, nextClassId: 1, classes: [] });
      expect(storage.read(1, bytes(1))).toBeUndefined();
      expect(storage.has(1, bytes(1))).toBe(false);
      expect(storage.page(1, undefined, 10, 1000)).toEqual({ objects: [], more: false });
    });

    it("keeps cursor, classes and objects over a restart", () => {
      const { storage, reopened } = open();
      storage.write(changes([put(7, bytes(1, 2, 3))], { cursor: 42, nextClassId: 9, classes: [{ id: 3, data: bytes(5) }] }));
      const again = reopened();
      expect(again.head()).toEqual({ cursor: 42, nextClassId: 9, classes: [{ id: 3, data: bytes(5) }] });
      expect(again.read(1, bytes(7))).toEqual(bytes(1, 2, 3));
      expect(again.has(1, bytes(7))).toBe(true);
      expect(again.has(2, bytes(7))).toBe(false);
    });

    it("replaces and removes objects and classes", () => {
      const { storage } = open();
      storage.write(changes([put(1), put(2)], { classes: [{ id: 1, data: bytes(1) }] }));
      storage.write(
        changes([put(1, bytes(9, 9)), { kind: "remove", classId: 1, key: bytes(2) }], { classes: [{ id: 1, data: bytes(2) }] }),
      );
      expect(storage.read(1, bytes(1))).toEqual(bytes(9, 9));
      expect(storage.has(1, bytes(2))).toBe(false);
      expect(storage.head().classes).toEqual([{ id: 1, data: bytes(2) }]);
    });

    it("forgets an erased class with all its objects, and no other", () => {
      const { storage } = open();
      storage.write(changes([put(1), put(1, bytes(8), 2)], { classes: [1, 2].map((id) => ({ id, data: bytes(id) })) }));
      storage.write(changes([], { erasedClasses: [1] }));
      expect(storage.has(1, bytes(1))).toBe(false);
      expect(storage.read(2, bytes(1))).toEqual(bytes(8));
      expect(storage.head().classes.map((one) => one.id)).toEqual([2]);
    });

    it("pages in bytewise order of the keys", () => {
      const { storage } = open();
      storage.write(changes([put(200), put(3), put(100), put(1)]));
      const first = storage.page(1, undefined, 2, 1000);
      expect(first.objects.map((object) => object.key[0])).toEqual([1, 3]);
      expect(first.more).toBe(true);
      const second = storage.page(1, bytes(3), 2, 1000);
      expect(second.objects.map((object) => object.key[0])).toEqual([100, 200]);
      expect(second.more).toBe(false);
      expect(storage.page(1, bytes(50), 5, 1000).objects.map((object) => object.key[0])).toEqual([100, 200]);
    });

    it("ends a page at its bytes, but gives one object at least", () => {
      const { storage } = open();
      storage.write(changes([put(1, new Uint8Array(60)), put(2, new Uint8Array(60)), put(3, new Uint8Array(500))]));
      expect(storage.page(1, undefined, 10, 130).objects.length).toBe(2);
      expect(storage.page(1, undefined, 10, 100)).toMatchObject({ more: true });
      expect(storage.page(1, bytes(2), 10, 100).objects.map((object) => object.data.length)).toEqual([500]);
    });

    it("holds objects and classes larger than a row, and gives up what they took when they shrink", () => {
      const { storage, reopened } = open();
      const large = Uint8Array.from({ length: 4_500_000 }, (_, index) => index % 251);
      storage.write(changes([put(1), put(2, large), put(3)], { classes: [{ id: 1, data: large }] }));
      const again = reopened();
      expect(Buffer.compare(again.read(1, bytes(2)) ?? bytes(), large)).toBe(0);
      expect(Buffer.compare(again.head().classes[0]?.data ?? bytes(), large)).toBe(0);
      const page = again.page(1, undefined, 10, 10_000_000);
      expect(page.objects.map((object) => object.data.length)).toEqual([1, large.length, 1]);
      again.write(changes([put(2, bytes(4))], { classes: [{ id: 1, data: bytes(4) }] }));
      expect(again.read(1, bytes(2))).toEqual(bytes(4));
      expect(again.head().classes).toEqual([{ id: 1, data: bytes(4) }]);
    });

    it("writes all or nothing", () => {
      const { storage } = open();
      storage.write(changes([put(1)], { cursor: 5 }));
      const failing = function* (): Generator<ObjectChange> {
        yield put(1, bytes(99));
        throw new Error("cannot be encoded");
      };
      expect(() => storage.write(changes(failing(), { cursor: 6, erasedClasses: [1] }))).toThrow("cannot be encoded");
      expect(storage.head().cursor).toBe(5);
      expect(storage.read(1, bytes(1))).toEqual(bytes(1));
    });
  });
};
