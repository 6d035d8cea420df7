import { compareBytes, firstAfter } from "./row-key.ts";
import { binaryText } from "./set-identity.ts";

/** An object as rows hold it. Classes are named by their id, keys by `encodeRowKey`, values by `encodeFields`. */
export interface StoredObject {
  readonly key: Uint8Array;
  readonly data: Uint8Array;
}

export type ObjectChange =
  /** `replaces`: rows of this key may exist already. */
  | { readonly kind: "put"; readonly classId: number; readonly key: Uint8Array; readonly data: Uint8Array; readonly replaces: boolean }
  | { readonly kind: "remove"; readonly classId: number; readonly key: Uint8Array };

/** Everything one flush writes. Applied wholly or not at all. */
export interface StorageChanges {
  /** The server version up to which the rows then reflect the history. */
  readonly cursor: number;
  readonly nextClassId: number;
  readonly erasedClasses: readonly number[];
  readonly classes: readonly { readonly id: number; readonly data: Uint8Array }[];
  readonly objects: Iterable<ObjectChange>;
}

export interface StorageHead {
  readonly cursor: number;
  readonly nextClassId: number;
  readonly classes: readonly { readonly id: number; readonly data: Uint8Array }[];
}

/** Where objects rest: the same contract for memory and for SQLite. */
export interface ObjectStorage {
  head(): StorageHead;
  read(classId: number, key: Uint8Array): Uint8Array | undefined;
  has(classId: number, key: Uint8Array): boolean;
  /**
   * Objects of a class in order of their keys, after `after`: at least one if there is any, at most `limit`, and no more than fit in
   * `maxBytes` except for a single larger one. `more`: whether others follow.
   */
  page(classId: number, after: Uint8Array | undefined, limit: number, maxBytes: number): StoragePage;
  write(changes: StorageChanges): void;
}

export interface StoragePage {
  readonly objects: readonly StoredObject[];
  readonly more: boolean;
}

interface MemoryClass {
  readonly objects: Map<string, StoredObject>;
  sorted: StoredObject[] | undefined;
}

/** Objects in the memory of this process: for tools, tests, and states that are built to be read once. */
export class MemoryObjectStorage implements ObjectStorage {
  #cursor = 0;
  #nextClassId = 1;
  readonly #descriptions = new Map<number, Uint8Array>();
  readonly #classes = new Map<number, MemoryClass>();

  head(): StorageHead {
    const classes = [...this.#descriptions].map(([id, data]) => ({ id, data }));
    return { cursor: this.#cursor, nextClassId: this.#nextClassId, classes };
  }

  read(classId: number, key: Uint8Array): Uint8Array | undefined {
    return this.#classes.get(classId)?.objects.get(binaryText(key))?.data;
  }

  has(classId: number, key: Uint8Array): boolean {
    return this.#classes.get(classId)?.objects.has(binaryText(key)) ?? false;
  }

  page(classId: number, after: Uint8Array | undefined, limit: number, maxBytes: number): StoragePage {
    const owner = this.#classes.get(classId);
    if (owner === undefined) return { objects: [], more: false };
    owner.sorted ??= [...owner.objects.values()].sort((a, b) => compareBytes(a.key, b.key));
    const start = after === undefined ? 0 : firstAfter(owner.sorted, after);
    const candidates = owner.sorted.slice(start, start + limit);
    const objects = candidates.slice(
      0,
      fittingCount(
        candidates.map((object) => object.data.length),
        maxBytes,
      ),
    );
    return { objects, more: start + objects.length < owner.sorted.length };
  }

  write(changes: StorageChanges): void {
    // The caller may fail while it produces them: nothing may have changed then.
    const objectChanges = [...changes.objects];
    this.#cursor = changes.cursor;
    this.#nextClassId = changes.nextClassId;
    for (const id of changes.erasedClasses) {
      this.#descriptions.delete(id);
      this.#classes.delete(id);
    }
    for (const { id, data } of changes.classes) this.#descriptions.set(id, data);
    for (const change of objectChanges) {
      const owner = this.#class(change.classId);
      owner.sorted = undefined;
      const name = binaryText(change.key);
      if (change.kind === "remove") owner.objects.delete(name);
      else owner.objects.set(name, { key: change.key, data: change.data });
    }
  }

  #class(id: number): MemoryClass {
    const known = this.#classes.get(id);
    if (known !== undefined) return known;
    const created: MemoryClass = { objects: new Map(), sorted: undefined };
    this.#classes.set(id, created);
    return created;
  }
}

/** How many of these sizes, in order, stay within `maxBytes`; at least one. */
export const fittingCount = (sizes: readonly number[], maxBytes: number): number => {
  let total = 0;
  let count = 0;
  for (const size of sizes) {
    total += size;
    if (count > 0 && total > maxBytes) break;
    count++;
  }
  return count;
};
