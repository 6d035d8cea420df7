import type { AddColumn, AddTable, EraseColumn, EraseTable } from "../../changeset/model.ts";
import { Refusal } from "./bad-changeset.ts";
import type { ClassIdentity, ClassState, Column } from "./classes.ts";
import { classNamed, columnNamed } from "./places.ts";
import { utf8Length } from "./utf8.ts";
import type { Workspace } from "./workspace.ts";

const maxClassNameBytes = 57;
const maxFieldNameBytes = 63;

export const addTable = (workspace: Workspace, instruction: AddTable): void => {
  const existing = workspace.classes.get(instruction.table);
  if (existing !== undefined) {
    requireSameClass(existing, instruction);
    return;
  }
  if (utf8Length(instruction.table) > maxClassNameBytes) throw new Refusal("ClassNameTooLong", `more than ${maxClassNameBytes} bytes`);
  workspace.addClass(instruction.table, identityOf(instruction));
};

const identityOf = (instruction: AddTable): ClassIdentity => {
  if (instruction.tableType === "Embedded") return { tableType: "Embedded" };
  const { tableType, keyField, keyType, keyNullable } = instruction;
  return { tableType, keyField, keyType, keyNullable };
};

/** Key types are not compared, and a class without key only has to be there (merge-rules §7). */
const requireSameClass = (existing: ClassState, instruction: AddTable): void => {
  const { identity } = existing;
  if (instruction.tableType === "Embedded") {
    if (identity.tableType !== "Embedded") throw new Refusal("ClassMismatch", "the existing class is not embedded");
    return;
  }
  if (instruction.keyType === "GlobalKey") return;
  if (identity.tableType === "Embedded") throw new Refusal("ClassMismatch", "the existing class is embedded");
  if (identity.tableType !== instruction.tableType) throw new Refusal("ClassMismatch", `the existing class is ${identity.tableType}`);
  if (identity.keyField !== instruction.keyField) throw new Refusal("ClassMismatch", `the existing key property is ${identity.keyField}`);
  if (identity.keyNullable !== instruction.keyNullable) throw new Refusal("ClassMismatch", "the nullability of the key differs");
};

export const eraseTable = (workspace: Workspace, instruction: EraseTable): void => {
  const erased = classNamed(workspace, instruction.table);
  for (const other of workspace.classes.values()) {
    if (other === erased) continue;
    for (const column of other.columns.values()) {
      if (column.linkTarget === erased.name) throw new Refusal("ClassStillLinked", `${other.name}.${column.name} links to it`);
    }
  }
  workspace.eraseClass(erased);
};

export const addColumn = (workspace: Workspace, instruction: AddColumn): void => {
  const owner = classNamed(workspace, instruction.table);
  if (requireSameColumn(owner, instruction)) return;
  const { field, type, nullable, collection, linkTarget } = instruction;
  if (utf8Length(field) > maxFieldNameBytes) throw new Refusal("FieldNameTooLong", `more than ${maxFieldNameBytes} bytes`);
  if (collection === "Dictionary" && instruction.dictionaryKeyType !== "String") {
    throw new Refusal("DictionaryKeysNotText", `keys of type ${instruction.dictionaryKeyType ?? "unknown"}`);
  }
  const embedded = isEmbeddedTarget(workspace, linkTarget);
  if (embedded && collection === "Set") throw new Refusal("SetOfEmbeddedObjects", `${linkTarget ?? ""} is embedded`);
  const column: Column = {
    id: owner.nextColumnId++,
    name: field,
    type,
    nullable,
    collection,
    embedded,
    ...(linkTarget === undefined ? {} : { linkTarget }),
  };
  // Existing objects have the default without being touched: a missing value reads as the column's default.
  owner.columns.set(field, column);
  workspace.columnsChanged(owner, () => owner.columns.delete(field));
};

/** Whether the property is there already. Nullability and key type are not compared (merge-rules §7). */
const requireSameColumn = (owner: ClassState, instruction: AddColumn): boolean => {
  const { field, type, collection, linkTarget } = instruction;
  if (owner.identity.tableType !== "Embedded" && owner.identity.keyType !== "GlobalKey" && owner.identity.keyField === field) {
    if (type === owner.identity.keyType && collection === "Single") return true;
    throw new Refusal("FieldMismatch", `the primary key is of type ${owner.identity.keyType}`);
  }
  const existing = owner.columns.get(field);
  if (existing === undefined) return false;
  if (existing.type !== type) throw new Refusal("FieldMismatch", `the existing type is ${existing.type}, the other ${type}`);
  if (existing.collection !== collection)
    throw new Refusal("FieldMismatch", `the existing kind is ${existing.collection}, the other ${collection}`);
  if (existing.linkTarget !== linkTarget)
    throw new Refusal("FieldMismatch", `the existing link target is ${existing.linkTarget ?? "none"}`);
  return true;
};

const isEmbeddedTarget = (workspace: Workspace, linkTarget: string | undefined): boolean => {
  if (linkTarget === undefined || linkTarget === "") return false;
  const target = workspace.classes.get(linkTarget);
  if (target === undefined) throw new Refusal("NoSuchLinkTarget", `no class ${linkTarget}`);
  return target.identity.tableType === "Embedded";
};

export const eraseColumn = (workspace: Workspace, instruction: EraseColumn): void => {
  const owner = classNamed(workspace, instruction.table);
  const column = columnNamed(owner, instruction.field);
  const before = [...owner.columns];
  owner.columns.delete(column.name);
  workspace.columnsChanged(owner, () => {
    owner.columns.clear();
    for (const [name, other] of before) owner.columns.set(name, other);
  });
};
