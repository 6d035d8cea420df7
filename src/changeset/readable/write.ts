import { bitsOfDecimal, decimalClass, decimalText, type Decimal } from "../decimal.ts";
import { doubleOfBits, floatOfBits } from "../floating.ts";
import { hexOf } from "../hex.ts";
import type { ColumnType, Instruction, KeyColumnType, ObjectKey, Payload, Place } from "../model.ts";
import type { ReadableColumnType, ReadableInstruction, ReadableKey, ReadableKeyColumnType, ReadablePayload } from "./notation.ts";

const padded = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, "0");

/** A primary key as JSON: null, or an object with one of int, string, objectid, uuid, globalkey. */
export function readableKey(key: ObjectKey): ReadableKey {
  switch (key.kind) {
    case "null":
      return null;
    case "int":
      return { int: key.value.toString() };
    case "string":
      return { string: key.value };
    case "objectId":
      return { objectid: key.value };
    case "uuid":
      return { uuid: key.value };
    case "global":
      return { globalkey: `${padded(key.hi, 16)}-${padded(key.lo, 16)}` };
  }
}

/** A value as JSON. */
export function readablePayload(value: Payload): ReadablePayload {
  switch (value.type) {
    case "Null":
    case "Erased":
    case "List":
    case "Dictionary":
    case "Set":
    case "ObjectValue":
      return { type: value.type };
    case "Int":
      return { type: "Int", value: value.value.toString() };
    case "Bool":
      return { type: "Bool", value: value.value };
    case "String":
      return { type: "String", value: value.value };
    case "Binary":
      return { type: "Binary", value: hexOf(value.value) };
    case "Timestamp":
      return { type: "Timestamp", s: value.seconds.toString(), ns: value.nanoseconds };
    case "Float":
      return { type: "Float", ...finite(floatOfBits(value.bits)), bits: padded(value.bits, 8) };
    case "Double":
      return { type: "Double", ...finite(doubleOfBits(value.bits)), bits: padded(value.bits, 16) };
    case "Decimal":
      return readableDecimal(value);
    case "ObjectId":
      return { type: "ObjectId", value: value.value };
    case "Uuid":
      return { type: "UUID", value: value.value };
    case "Link":
      return { type: "Link", table: value.table, pk: readableKey(value.key) };
  }
}

const finite = (value: number): { value?: number } => (Number.isFinite(value) ? { value } : {});

function readableDecimal(decimal: Decimal): ReadablePayload {
  const { coefficient, exponent, negative } = decimal;
  const parts = decimalClass(decimal) === "NaN" ? {} : { coeff: padded(coefficient, 32), exp: exponent, neg: negative };
  return { type: "Decimal", value: notedDecimal(decimal), ...parts, bid128: padded(bitsOfDecimal(decimal), 32) };
}

/** The notation's own text of a decimal: as `decimalText`, but with sign and exponent always written once the coefficient passes 64 bits. */
function notedDecimal(decimal: Decimal): string {
  const { coefficient, exponent, negative } = decimal;
  const kind = decimalClass(decimal);
  if (coefficient >> 64n === 0n || kind === "NaN" || kind === "infinity") return decimalText(decimal);
  return `${negative ? "-" : "+"}${kind === "zero" ? 0 : coefficient}E${exponent < 0 ? "" : "+"}${exponent}`;
}

const columnType = (type: ColumnType): ReadableColumnType => (type === "Uuid" ? "UUID" : type);
const keyColumnType = (type: KeyColumnType): ReadableKeyColumnType => (type === "Uuid" ? "UUID" : type);
const place = ({ table, key, field, path }: Place) => ({ table, object: readableKey(key), field, path });

/** One instruction as JSON; `parseReadable` reads it back. */
export function readableInstruction(instruction: Instruction): ReadableInstruction {
  switch (instruction.kind) {
    case "AddTable": {
      const { kind, table, tableType } = instruction;
      if (tableType === "Embedded") return { t: kind, table, kind: "Embedded" };
      return {
        t: kind,
        table,
        kind: tableType === "Asymmetric" ? "TopLevelAsymmetric" : "TopLevel",
        pk_field: instruction.keyField,
        pk_type: keyColumnType(instruction.keyType),
        pk_nullable: instruction.keyNullable,
      };
    }
    case "EraseTable":
      return { t: instruction.kind, table: instruction.table };
    case "CreateObject":
    case "EraseObject":
      return { t: instruction.kind, table: instruction.table, object: readableKey(instruction.key) };
    case "AddColumn": {
      const { table, field, type, nullable, collection, linkTarget, dictionaryKeyType } = instruction;
      const target = linkTarget === undefined ? {} : { link_target: linkTarget };
      const keys = dictionaryKeyType === undefined ? {} : { key_type: columnType(dictionaryKeyType) };
      return { t: "AddColumn", table, field, type: columnType(type), nullable, collection, ...target, ...keys };
    }
    case "EraseColumn":
      return { t: "EraseColumn", table: instruction.table, field: instruction.field };
    case "Update": {
      const common = { t: instruction.kind, ...place(instruction), value: readablePayload(instruction.value) };
      return instruction.priorSize === undefined
        ? { ...common, is_default: instruction.isDefault }
        : { ...common, prior_size: instruction.priorSize };
    }
    case "AddInteger":
      return { t: "AddInteger", ...place(instruction), value: instruction.value.toString() };
    case "ArrayInsert":
      return { t: "ArrayInsert", ...place(instruction), value: readablePayload(instruction.value), prior_size: instruction.priorSize };
    case "ArrayMove":
      return { t: "ArrayMove", ...place(instruction), ndx_2: instruction.destination, prior_size: instruction.priorSize };
    case "ArrayErase":
      return { t: "ArrayErase", ...place(instruction), prior_size: instruction.priorSize };
    case "Clear":
      return { t: "Clear", ...place(instruction), collection: instruction.collection };
    case "SetInsert":
    case "SetErase":
      return { t: instruction.kind, ...place(instruction), value: readablePayload(instruction.value) };
  }
}

/** All instructions of a changeset as JSON. */
export const readableChangeset = (instructions: readonly Instruction[]): ReadableInstruction[] => instructions.map(readableInstruction);
