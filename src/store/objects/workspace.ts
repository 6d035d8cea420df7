import type { ObjectKey } from "../../changeset/model.ts";
import { decodeClass, encodeClass, newClass, type ClassIdentity, type ClassState, type ObjectRecord } from "./classes.ts";
import { decodeFields, encodeFields } from "./fields-codec.ts";
import { encodeRowKey } from "./row-key.ts";
import type { ObjectChange, ObjectStorage } from "./storage.ts";
import { UndoLog } from "./undo-log.ts";
import { costOf, type Fields } from "./values.ts";

const recordCost = 300;
/** Dropping goes on until this part of the budget is left, so that it need not start again at once. */
const keptShare = 0.75;

/** How many rows a flush wrote. */
export interface FlushResult {
  readonly written: number;
  readonly removed: number;
}

/**
 * The classes, and the objects that are in memory: a write-back cache over the storage. Every change leaves a step in `undo`; nothing
 * reaches the storage before `flush`.
 */
export class Workspace {
  readonly storage: ObjectStorage;
  readonly undo = new UndoLog();
  readonly classes = new Map<string, ClassState>();
  /** Raised by every change: what was computed from an older generation is out of date. */
  generation = 0;
  cursor: number;
  dirtyCost = 0;
  cachedCost = 0;
  readonly #budget: number;
  readonly #dirty = new Set<ObjectRecord>();
  readonly #erasedClasses = new Set<ClassState>();
  #nextClassId: number;
  #clock = 0;

  constructor(storage: ObjectStorage, budget: number) {
    this.storage = storage;
    this.#budget = budget;
    const head = storage.head();
    this.cursor = head.cursor;
    this.#nextClassId = head.nextClassId;
    for (const { id, data } of head.classes) {
      const state = decodeClass(id, data);
      this.classes.set(state.name, state);
    }
  }

  /** The record of a key, read from its row if it is not in memory; it may say that no such object exists. */
  record(owner: ClassState, key: ObjectKey): ObjectRecord {
    const known = owner.records.get(key.text);
    if (known !== undefined) {
      known.usedAt = ++this.#clock;
      return known;
    }
    const data = owner.storedCount === 0 ? undefined : this.storage.read(owner.id, encodeRowKey(key));
    const fields = data === undefined ? undefined : decodeFields(data);
    const record: ObjectRecord = {
      owner,
      key,
      fields,
      dirty: false,
      stored: data !== undefined,
      cost: recordCost + key.text.length * 2 + costOfFields(fields),
      usedAt: ++this.#clock,
    };
    owner.records.set(key.text, record);
    this.cachedCost += record.cost;
    return record;
  }

  /** Whether the object exists, without bringing it into memory. */
  exists(owner: ClassState, key: ObjectKey): boolean {
    const known = owner.records.get(key.text);
    if (known !== undefined) return known.fields !== undefined;
    return owner.storedCount > 0 && this.storage.has(owner.id, encodeRowKey(key));
  }

  /** Notes a change that was just made to an object: its growth in memory and the way back. */
  changed(record: ObjectRecord, growth: number, undo: () => void): void {
    this.generation++;
    this.#grow(record, growth);
    if (!record.dirty) {
      record.dirty = true;
      this.dirtyCost += record.cost;
      this.#dirty.add(record);
    }
    this.undo.push(() => {
      undo();
      this.#grow(record, -growth);
    });
  }

  /** Lets an object come into being, or cease (`fields` undefined). */
  replaceFields(record: ObjectRecord, fields: Fields | undefined): void {
    const before = record.fields;
    const countChange = Number(fields !== undefined) - Number(before !== undefined);
    const { owner } = record;
    record.fields = fields;
    owner.count += countChange;
    owner.dirty = true;
    this.changed(record, costOfFields(fields) - costOfFields(before), () => {
      record.fields = before;
      owner.count -= countChange;
    });
  }

  addClass(name: string, identity: ClassIdentity): void {
    const created = newClass(this.#nextClassId++, name, identity);
    this.classes.set(name, created);
    this.#schemaChanged(() => this.classes.delete(name));
  }

  eraseClass(state: ClassState): void {
    const position = [...this.classes];
    this.classes.delete(state.name);
    state.erased = true;
    this.#erasedClasses.add(state);
    this.#schemaChanged(() => {
      // The order of the listing is part of what comes back.
      this.classes.clear();
      for (const [name, other] of position) this.classes.set(name, other);
      state.erased = false;
      this.#erasedClasses.delete(state);
    });
  }

  /** Notes a change of a class's columns. */
  columnsChanged(state: ClassState, undo: () => void): void {
    state.dirty = true;
    this.#schemaChanged(undo);
  }

  /** Writes what differs from the rows, and the cursor, in one go. No checkpoint may be open. */
  flush(cursor: number): FlushResult {
    if (this.undo.open) throw new Error("a state cannot be flushed while a checkpoint is open");
    const result = { written: 0, removed: 0 };
    const classes = [...this.classes.values()];
    this.storage.write({
      cursor,
      nextClassId: this.#nextClassId,
      erasedClasses: [...this.#erasedClasses].map((erased) => erased.id),
      classes: classes.filter((state) => state.dirty).map((state) => ({ id: state.id, data: encodeClass(state) })),
      objects: this.#objectChanges(result),
    });
    this.cursor = cursor;
    for (const state of classes) {
      state.dirty = false;
      state.storedCount = state.count;
    }
    for (const record of this.#dirty) {
      record.dirty = false;
      record.stored = record.fields !== undefined;
    }
    for (const erased of this.#erasedClasses) for (const record of erased.records.values()) this.cachedCost -= record.cost;
    this.#erasedClasses.clear();
    this.#dirty.clear();
    this.dirtyCost = 0;
    this.generation++;
    this.shrink();
    return result;
  }

  /** Drops the objects unused for longest when the budget is exceeded. Never drops one that differs from its row. */
  shrink(): void {
    if (this.cachedCost <= this.#budget || this.undo.open) return;
    const kept = this.#budget * keptShare;
    // While most of the cache waits to be flushed there is too little to gain.
    if (this.cachedCost - this.dirtyCost < this.#budget - kept) return;
    const clean = [...this.classes.values()].flatMap((state) => [...state.records.values()].filter((record) => !record.dirty));
    clean.sort((a, b) => a.usedAt - b.usedAt);
    for (const record of clean) {
      if (this.cachedCost <= kept) return;
      record.owner.records.delete(record.key.text);
      this.cachedCost -= record.cost;
    }
  }

  *#objectChanges(result: { written: number; removed: number }): Generator<ObjectChange> {
    const findClass = (name: string): ClassState => {
      const found = this.classes.get(name);
      if (found === undefined) throw new Error(`embedded class ${name} was erased while a column holds its objects`);
      return found;
    };
    for (const { owner, key, fields, stored } of this.#dirty) {
      if (owner.erased) continue;
      const place = { classId: owner.id, key: encodeRowKey(key) };
      if (fields !== undefined) {
        result.written++;
        yield { kind: "put", ...place, data: encodeFields(owner, fields, findClass), replaces: stored };
      } else if (stored) {
        result.removed++;
        yield { kind: "remove", ...place };
      }
    }
  }

  #grow(record: ObjectRecord, growth: number): void {
    record.cost += growth;
    this.cachedCost += growth;
    if (record.dirty) this.dirtyCost += growth;
  }

  #schemaChanged(undo: () => void): void {
    this.generation++;
    this.undo.push(undo);
  }
}

const costOfFields = (fields: Fields | undefined): number => {
  let cost = 0;
  if (fields !== undefined) for (const field of fields) cost += costOf(field);
  return cost;
};
