import type { PathInstruction, PathElement } from "../../changeset/model.ts";
import { Refusal } from "./bad-changeset.ts";
import type { ClassState, Column, ObjectRecord, ValueType } from "./classes.ts";
import { emptyDictionary, emptyList, type Fields, type Stored, type StoredDictionary, type StoredList } from "./values.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Where a path ends (merge-rules §7): a field of the object or of an embedded one, an element of a list, or an entry of a dictionary.
 * `level`: how many collections enclose a collection that would be put here, itself included.
 */
export type Slot =
  | { readonly kind: "field"; readonly record: ObjectRecord; readonly fields: Fields; readonly column: Column }
  | {
      readonly kind: "element";
      readonly record: ObjectRecord;
      readonly list: StoredList;
      readonly index: number;
      readonly type: ValueType;
      readonly level: number;
    }
  | {
      readonly kind: "entry";
      readonly record: ObjectRecord;
      readonly dictionary: StoredDictionary;
      readonly key: string;
      readonly type: ValueType;
      readonly level: number;
    };

/** Collections nest at most this deep in a Mixed (changeset-format §10). */
export const maxNesting = 100;
/** Bounds embedded objects inside embedded objects, which have no limit of their own. */
const maxPathLength = 400;

export const classNamed = (workspace: Workspace, name: string): ClassState => {
  const found = workspace.classes.get(name);
  if (found === undefined) throw new Refusal("NoSuchClass", `no class ${name}`);
  return found;
};

export const columnNamed = (owner: ClassState, field: string): Column => {
  const column = owner.columns.get(field);
  if (column !== undefined) return column;
  if (owner.identity.tableType !== "Embedded" && owner.identity.keyField === field) {
    throw new Refusal("PrimaryKeyImmutable", `${field} is the primary key of ${owner.name}`);
  }
  throw new Refusal("NoSuchField", `no property ${field} in ${owner.name}`);
};

/** Walks from the top-level object down. Only the last step may lead to something that is not there. */
export const resolve = (workspace: Workspace, instruction: PathInstruction): Slot => {
  const { table, key, field, path } = instruction;
  const owner = classNamed(workspace, table);
  if (owner.identity.tableType === "Embedded") throw new Refusal("ClassWithoutKeys", `${table} is embedded`);
  const record = workspace.record(owner, key);
  if (record.fields === undefined) throw new Refusal("NoSuchObject", `no object with this key in ${table}`);
  if (path.length > maxPathLength) throw new Refusal("PathTooDeep", `a path of ${path.length} steps`);
  return walkField(workspace, record, record.fields, columnNamed(owner, field), path, 0);
};

const walkField = (
  workspace: Workspace,
  record: ObjectRecord,
  fields: Fields,
  column: Column,
  path: readonly PathElement[],
  position: number,
): Slot => {
  if (position === path.length) return { kind: "field", record, fields, column };
  switch (column.collection) {
    case "Single":
      return walkValue(workspace, record, fields[column.id], column, path, position, 1);
    case "List":
    case "Dictionary":
      return walkValue(workspace, record, heldCollection(fields, column, column.collection), column, path, position, 1);
    case "Set":
      throw new Refusal("PathMismatch", "a path cannot lead into a set");
  }
};

/** The collection in a field; an empty one is the default, so that putting it there changes nothing. */
const heldCollection = (fields: Fields, column: Column, kind: "List" | "Dictionary"): Stored => {
  const held = fields[column.id];
  if (held !== undefined) return held;
  const created = kind === "List" ? emptyList() : emptyDictionary();
  fields[column.id] = created;
  return created;
};

/** `level`: number of the collection that `value` is, if it is one, counted from its field. */
const walkValue = (
  workspace: Workspace,
  record: ObjectRecord,
  value: Stored | undefined,
  type: ValueType,
  path: readonly PathElement[],
  position: number,
  level: number,
): Slot => {
  const element = path[position];
  const isLast = position === path.length - 1;
  if (value === undefined || value.type === "Null") {
    if (type.embedded) throw new Refusal("PathNotFound", "the embedded object on the way is null");
    throw new Refusal("PathMismatch", "the path leads through null");
  }
  switch (value.type) {
    case "Embedded": {
      if (typeof element !== "string") throw new Refusal("PathMismatch", "an index where the name of a property is needed");
      const column = columnNamed(classNamed(workspace, type.linkTarget ?? ""), element);
      return walkField(workspace, record, value.fields, column, path, position + 1);
    }
    case "List": {
      if (typeof element !== "number") throw new Refusal("PathMismatch", "a name where an index is needed");
      if (isLast) return { kind: "element", record, list: value, index: element, type, level: level + 1 };
      const held = value.items[element];
      if (held === undefined) throw new Refusal("PathNotFound", `index ${element} in a list of ${value.items.length}`);
      return walkValue(workspace, record, held, type, path, position + 1, level + 1);
    }
    case "Dictionary": {
      if (typeof element !== "string") throw new Refusal("PathMismatch", "an index where a dictionary key is needed");
      if (isLast) return { kind: "entry", record, dictionary: value, key: element, type, level: level + 1 };
      const held = value.entries.get(element);
      if (held === undefined) throw new Refusal("PathNotFound", `no dictionary key ${element}`);
      return walkValue(workspace, record, held, type, path, position + 1, level + 1);
    }
  }
  throw new Refusal("PathMismatch", `the path leads through a value of type ${value.type}`);
};
