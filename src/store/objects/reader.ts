import type { ObjectKey, Scalar } from "../../changeset/model.ts";
import type { ClassState, ObjectRecord, ValueType } from "./classes.ts";
import { decodeFields } from "./fields-codec.ts";
import { compareBytes, decodeRowKey, encodeRowKey, firstAfter } from "./row-key.ts";
import type { StoredObject } from "./storage.ts";
import { defaultValue, nullValue, type Fields, type Stored } from "./values.ts";
import type { Workspace } from "./workspace.ts";

/** A value as it is read. Dictionaries are in order of their keys, sets in order of their members. */
export type ReadValue =
  | Exclude<Scalar, { readonly type: "Link" }>
  | { readonly type: "Link"; readonly table: string; readonly key: ObjectKey; readonly dangling: boolean }
  | { readonly type: "List"; readonly items: readonly ReadValue[] }
  | { readonly type: "Dictionary"; readonly entries: ReadonlyMap<string, ReadValue> }
  | { readonly type: "Set"; readonly members: readonly ReadValue[] }
  | { readonly type: "Embedded"; readonly table: string; readonly fields: ReadonlyMap<string, ReadValue> };

/** One top-level object with a value for every property of its class, in order of the properties' creation; the key stands apart. */
export interface ReadObject {
  readonly table: string;
  readonly key: ObjectKey;
  readonly fields: ReadonlyMap<string, ReadValue>;
}

/**
 * How links to objects that do not exist are shown. `visible`: as users see them, null in a property, a mixed value, a dictionary or a
 * list of mixed values, left out of lists of links and of sets (merge-rules §8). `raw`: as links with `dangling: true`, each in its place.
 */
export type LinkForm = "visible" | "raw";

export interface HeldObject {
  readonly key: ObjectKey;
  readonly fields: Fields;
}

export interface HeldPage {
  readonly objects: readonly HeldObject[];
  /** Key to go on after; undefined at the end of the class. */
  readonly next: Uint8Array | undefined;
}

interface FreshObject {
  readonly key: Uint8Array;
  readonly record: ObjectRecord;
}
const freshObjects = new WeakMap<ClassState, { readonly generation: number; readonly sorted: readonly FreshObject[] }>();

/** Objects that have no row yet, in order of their keys; sorted once between two changes. */
const sortedFresh = (workspace: Workspace, owner: ClassState): readonly FreshObject[] => {
  const known = freshObjects.get(owner);
  if (known?.generation === workspace.generation) return known.sorted;
  const sorted: FreshObject[] = [];
  for (const record of owner.records.values()) {
    if (!record.stored && record.fields !== undefined) sorted.push({ key: encodeRowKey(record.key), record });
  }
  sorted.sort((a, b) => compareBytes(a.key, b.key));
  freshObjects.set(owner, { generation: workspace.generation, sorted });
  return sorted;
};

/**
 * The next objects of a class in order of their keys: rows, with what memory knows better laid over them. A page ends at `limit` objects
 * or when it exceeds about `maxBytes`; it may be empty although others follow.
 */
export const readPage = (
  workspace: Workspace,
  owner: ClassState,
  after: Uint8Array | undefined,
  limit: number,
  maxBytes: number,
): HeldPage => {
  const rows = owner.storedCount === 0 ? { objects: [], more: false } : workspace.storage.page(owner.id, after, limit, maxBytes);
  const fresh = sortedFresh(workspace, owner);
  const lastRow = rows.more ? rows.objects.at(-1)?.key : undefined;
  const objects: HeldObject[] = [];
  let rowIndex = 0;
  let freshIndex = after === undefined ? 0 : firstAfter(fresh, after);
  let bytes = 0;
  let reached: Uint8Array | undefined;
  while (objects.length < limit && (objects.length === 0 || bytes < maxBytes)) {
    const row = rows.objects[rowIndex];
    const candidate = fresh[freshIndex];
    if (candidate !== undefined && (row === undefined ? isWithin(candidate.key, lastRow) : compareBytes(candidate.key, row.key) < 0)) {
      freshIndex++;
      reached = candidate.key;
      bytes += candidate.record.cost;
      if (candidate.record.fields !== undefined) objects.push({ key: candidate.record.key, fields: candidate.record.fields });
    } else if (row !== undefined) {
      rowIndex++;
      reached = row.key;
      bytes += row.data.length;
      const object = currentObject(owner, row);
      if (object !== undefined) objects.push(object);
    } else {
      return { objects, next: lastRow };
    }
  }
  const atEnd = rowIndex === rows.objects.length && !rows.more && freshIndex === fresh.length;
  return { objects, next: atEnd ? undefined : reached };
};

/** Whether a key lies on the page that the rows span; without `last` they reach to the end of the class. */
const isWithin = (key: Uint8Array, last: Uint8Array | undefined): boolean => last === undefined || compareBytes(key, last) < 0;

const currentObject = (owner: ClassState, row: StoredObject): HeldObject | undefined => {
  const key = decodeRowKey(row.key);
  const record = owner.records.get(key.text);
  if (record === undefined) return { key, fields: decodeFields(row.data) };
  return record.fields === undefined ? undefined : { key: record.key, fields: record.fields };
};

/** Turns what is held into what is read. */
export const readObject = (workspace: Workspace, owner: ClassState, object: HeldObject, links: LinkForm): ReadObject => ({
  table: owner.name,
  key: object.key,
  fields: readFields(workspace, owner, object.fields, links),
});

const readFields = (workspace: Workspace, owner: ClassState, fields: Fields, links: LinkForm): ReadonlyMap<string, ReadValue> => {
  const result = new Map<string, ReadValue>();
  for (const column of owner.columns.values()) {
    result.set(column.name, readValue(workspace, fields[column.id] ?? defaultValue(column), column, links));
  }
  return result;
};

const readValue = (workspace: Workspace, value: Stored, type: ValueType, links: LinkForm): ReadValue => {
  switch (value.type) {
    case "List": {
      const items: ReadValue[] = [];
      for (const item of value.items) {
        const read = readValue(workspace, item, type, links);
        if (!(item.type === "Link" && read.type === "Null" && type.type === "Link")) items.push(read);
      }
      return { type: "List", items };
    }
    case "Dictionary": {
      const keys = [...value.entries.keys()].sort();
      const entries = new Map(keys.map((key) => [key, readValue(workspace, value.entries.get(key) ?? nullValue, type, links)]));
      return { type: "Dictionary", entries };
    }
    case "Set": {
      const members: ReadValue[] = [];
      for (const identity of [...value.members.keys()].sort()) {
        const member = value.members.get(identity) ?? nullValue;
        const read = readValue(workspace, member, type, links);
        if (!(member.type === "Link" && read.type === "Null")) members.push(read);
      }
      return { type: "Set", members };
    }
    case "Embedded": {
      const table = type.linkTarget ?? "";
      const owner = workspace.classes.get(table);
      const fields = owner === undefined ? new Map<string, ReadValue>() : readFields(workspace, owner, value.fields, links);
      return { type: "Embedded", table, fields };
    }
    case "Link": {
      const target = workspace.classes.get(value.table);
      const dangling = target === undefined || !workspace.exists(target, value.key);
      return dangling && links === "visible" ? nullValue : { ...value, dangling };
    }
  }
  return value;
};
