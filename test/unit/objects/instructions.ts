import { intKey } from "../../../src/changeset/key.ts";
import type {
  AddColumn,
  CollectionKind,
  ColumnType,
  Instruction,
  ObjectKey,
  PathElement,
  Payload,
  Place,
} from "../../../src/changeset/model.ts";

// Short ways to write instructions down. Objects of class A, whose keys are integers, unless said otherwise.

export const key = (value: number): ObjectKey => intKey(BigInt(value));
export const int = (value: number | bigint): Payload => ({ type: "Int", value: BigInt(value) });
export const text = (value: string): Payload => ({ type: "String", value });
export const link = (table: string, value: number): Payload => ({ type: "Link", table, key: key(value) });
export const nothing: Payload = { type: "Null" };
export const list: Payload = { type: "List" };
export const dictionary: Payload = { type: "Dictionary" };
export const embedded: Payload = { type: "ObjectValue" };
export const erased: Payload = { type: "Erased" };

export const place = (object: number, field: string, ...path: readonly PathElement[]): Place => ({
  table: "A",
  key: key(object),
  field,
  path,
});

export const addClass = (
  table: string,
  more: { readonly keyType?: "Int" | "String" | "GlobalKey"; readonly nullable?: boolean } = {},
): Instruction => ({
  kind: "AddTable",
  table,
  tableType: "TopLevel",
  keyField: more.keyType === "GlobalKey" ? "" : "_id",
  keyType: more.keyType ?? "Int",
  keyNullable: more.nullable ?? false,
});
export const addEmbedded = (table: string): Instruction => ({ kind: "AddTable", table, tableType: "Embedded" });
export const addColumn = (
  table: string,
  field: string,
  type: ColumnType,
  collection: CollectionKind = "Single",
  more: { readonly nullable?: boolean; readonly target?: string; readonly keys?: ColumnType } = {},
): AddColumn => ({
  kind: "AddColumn",
  table,
  field,
  type,
  collection,
  nullable: more.nullable ?? false,
  ...(more.target === undefined ? {} : { linkTarget: more.target }),
  ...(collection === "Dictionary" ? { dictionaryKeyType: more.keys ?? "String" } : {}),
});
export const eraseColumn = (table: string, field: string): Instruction => ({ kind: "EraseColumn", table, field });
export const eraseTable = (table: string): Instruction => ({ kind: "EraseTable", table });
export const create = (object: number, table = "A"): Instruction => ({ kind: "CreateObject", table, key: key(object) });
export const erase = (object: number, table = "A"): Instruction => ({ kind: "EraseObject", table, key: key(object) });

export const update = (at: Place, value: Payload): Instruction =>
  typeof at.path.at(-1) === "number" ? { kind: "Update", ...at, value, priorSize: 0 } : { kind: "Update", ...at, value, isDefault: false };
export const add = (at: Place, value: number | bigint): Instruction => ({ kind: "AddInteger", ...at, value: BigInt(value) });
export const insert = (at: Place, value: Payload, priorSize: number): Instruction => ({ kind: "ArrayInsert", ...at, value, priorSize });
export const move = (at: Place, destination: number, priorSize: number): Instruction => ({
  kind: "ArrayMove",
  ...at,
  destination,
  priorSize,
});
export const remove = (at: Place, priorSize: number): Instruction => ({ kind: "ArrayErase", ...at, priorSize });
export const clear = (at: Place, collection: CollectionKind): Instruction => ({ kind: "Clear", ...at, collection });
export const setInsert = (at: Place, value: Payload): Instruction => ({ kind: "SetInsert", ...at, value });
export const setErase = (at: Place, value: Payload): Instruction => ({ kind: "SetErase", ...at, value });

/** Class A with a field of most shapes, a class B with integer keys, and an embedded class E. */
export const schema: readonly Instruction[] = [
  addClass("A"),
  addClass("B"),
  addEmbedded("E"),
  addColumn("E", "x", "Int", "Single", { nullable: true }),
  addColumn("E", "l", "Int", "List"),
  addColumn("A", "i", "Int", "Single", { nullable: true }),
  addColumn("A", "n", "Int"),
  addColumn("A", "t", "String"),
  addColumn("A", "m", "Mixed", "Single", { nullable: true }),
  addColumn("A", "l", "Int", "List"),
  addColumn("A", "lm", "Mixed", "List", { nullable: true }),
  addColumn("A", "s", "Int", "Set"),
  addColumn("A", "sm", "Mixed", "Set", { nullable: true }),
  addColumn("A", "d", "Mixed", "Dictionary", { nullable: true }),
  addColumn("A", "e", "Link", "Single", { nullable: true, target: "E" }),
  addColumn("A", "el", "Link", "List", { target: "E" }),
  addColumn("A", "de", "Link", "Dictionary", { nullable: true, target: "E" }),
  addColumn("A", "lk", "Link", "Single", { nullable: true, target: "B" }),
  addColumn("A", "ll", "Link", "List", { target: "B" }),
  addColumn("A", "sl", "Link", "Set", { target: "B" }),
  addColumn("A", "dl", "Link", "Dictionary", { nullable: true, target: "B" }),
];
