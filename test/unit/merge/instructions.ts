import { intKey } from "../../../src/changeset/key.ts";
import type { CollectionKind, Instruction, Path, PathElement, Payload } from "../../../src/changeset/model.ts";
import type { MergeInput } from "../../../src/merge/types.ts";

// Instructions on one object, P[1], in few words. A place is its field and what follows: `["l", 0]`.

export type At = string | readonly [field: string, ...path: PathElement[]];
type Value = number | string | boolean | null | Payload;

const placeOf = (at: At): { table: string; key: ReturnType<typeof intKey>; field: string; path: Path } => {
  const [field, ...path] = typeof at === "string" ? [at] : at;
  return { table: "P", key: intKey(1n), field, path };
};

/** A number stands for an Int. */
export function value(from: Value): Payload {
  if (from === null) return { type: "Null" };
  if (typeof from === "number") return { type: "Int", value: BigInt(from) };
  if (typeof from === "string") return { type: "String", value: from };
  return typeof from === "boolean" ? { type: "Bool", value: from } : from;
}

export const objectValue: Payload = { type: "ObjectValue" };
export const list: Payload = { type: "List" };
export const dictionary: Payload = { type: "Dictionary" };
export const erased: Payload = { type: "Erased" };

export const create: Instruction = { kind: "CreateObject", table: "P", key: intKey(1n) };
export const eraseObject: Instruction = { kind: "EraseObject", table: "P", key: intKey(1n) };
export const set = (at: At, to: Value): Instruction => ({ kind: "Update", ...placeOf(at), value: value(to), isDefault: false });
export const setDefault = (at: At, to: Value): Instruction => ({ kind: "Update", ...placeOf(at), value: value(to), isDefault: true });
export const setElement = (at: At, to: Value, n: number): Instruction => ({
  kind: "Update",
  ...placeOf(at),
  value: value(to),
  priorSize: n,
});
export const add = (at: At, by: number): Instruction => ({ kind: "AddInteger", ...placeOf(at), value: BigInt(by) });
export const insert = (at: At, what: Value, n: number): Instruction => ({
  kind: "ArrayInsert",
  ...placeOf(at),
  value: value(what),
  priorSize: n,
});
export const move = (at: At, to: number, n: number): Instruction => ({ kind: "ArrayMove", ...placeOf(at), destination: to, priorSize: n });
export const erase = (at: At, n: number): Instruction => ({ kind: "ArrayErase", ...placeOf(at), priorSize: n });
export const clear = (at: At, collection: CollectionKind = "List"): Instruction => ({ kind: "Clear", ...placeOf(at), collection });
export const setInsert = (at: At, what: Value): Instruction => ({ kind: "SetInsert", ...placeOf(at), value: value(what) });
export const setErase = (at: At, what: Value): Instruction => ({ kind: "SetErase", ...placeOf(at), value: value(what) });

export const addTable = (table: string, keyField = "_id"): Instruction => ({
  kind: "AddTable",
  table,
  tableType: "TopLevel",
  keyField,
  keyType: "Int",
  keyNullable: false,
});
export const eraseTable = (table: string): Instruction => ({ kind: "EraseTable", table });
export const addColumn = (field: string, type: "Int" | "String"): Instruction => ({
  kind: "AddColumn",
  table: "P",
  field,
  type,
  nullable: false,
  collection: "Single",
});
export const addLinkColumn = (field: string, linkTarget: string): Instruction => ({
  kind: "AddColumn",
  table: "P",
  field,
  type: "Link",
  nullable: true,
  collection: "Single",
  linkTarget,
});
export const eraseColumn = (field: string): Instruction => ({ kind: "EraseColumn", table: "P", field });
export const link = (table: string, key: number): Payload => ({ type: "Link", table, key: intKey(BigInt(key)) });

/** A changeset by its pair. */
export const by = (originTimestamp: number, originFileIdent: number, ...instructions: Instruction[]): MergeInput => ({
  originTimestamp,
  originFileIdent,
  instructions,
});
