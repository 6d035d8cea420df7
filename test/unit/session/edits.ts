import { intKey } from "../../../src/changeset/key.ts";
import type { Instruction } from "../../../src/changeset/model.ts";

// Short changes of the class that `schema` of the simulation declares.

const key = (number: number) => intKey(BigInt(number));
export const create = (number: number): Instruction => ({ kind: "CreateObject", table: "Item", key: key(number) });
export const erase = (number: number): Instruction => ({ kind: "EraseObject", table: "Item", key: key(number) });
export const title = (number: number, value: string): Instruction => ({
  kind: "Update",
  table: "Item",
  key: key(number),
  field: "title",
  path: [],
  value: { type: "String", value },
  isDefault: false,
});
export const insertTag = (number: number, index: number, size: number, value: string): Instruction => ({
  kind: "ArrayInsert",
  table: "Item",
  key: key(number),
  field: "tags",
  path: [index],
  value: { type: "String", value },
  priorSize: size,
});
export const add = (number: number, value: number): Instruction => ({
  kind: "AddInteger",
  table: "Item",
  key: key(number),
  field: "count",
  path: [],
  value: BigInt(value),
});
