import { bitsOfDecimal, type Decimal, decimalOfBits, parseDecimal } from "../decimal.ts";
import { defaultDecodeLimits } from "../decode.ts";
import { bitsOfDouble, bitsOfFloat, doubleOfBits, floatOfBits } from "../floating.ts";
import { bytesOfHex, isObjectIdText, isUuidText } from "../hex.ts";
import { globalKey, intKey, nullKey, objectIdKey, stringKey, uuidKey } from "../key.ts";
import type {
  AddColumn,
  AddTable,
  CollectionKind,
  ColumnType,
  Instruction,
  InstructionKind,
  KeyColumnType,
  ObjectKey,
  Path,
  PathElement,
  Payload,
  Place,
  Update,
} from "../model.ts";
import {
  collectionKinds,
  columnTypes,
  decimalCoefficientBits,
  decimalExponentBias,
  keyColumnTypes,
  maxDecimalExponent,
  namesOf,
  nanosecondsPerSecond,
  opcodes,
  payloadTypes,
} from "../wire.ts";
import { JsonCursor } from "./json-cursor.ts";
import type { ReadablePayloadType } from "./notation.ts";

export { ReadableChangesetError } from "./json-cursor.ts";

const { maxPathDepth } = defaultDecodeLimits;
const kinds: readonly InstructionKind[] = namesOf(opcodes);
const payloadWords: readonly ReadablePayloadType[] = namesOf(payloadTypes).map((type) => (type === "Uuid" ? "UUID" : type));
const columnWords = namesOf(columnTypes).map((type) => (type === "Uuid" ? "UUID" : type));
const keyColumnWords = namesOf(keyColumnTypes).map((type) => (type === "Uuid" ? "UUID" : type));
const keyWords = ["int", "string", "objectid", "uuid", "globalkey"] as const;

/**
 * Instructions written as JSON by `readableChangeset` or by hand.
 *
 * @param json the parsed JSON: an array of instructions.
 * @throws ReadableChangesetError naming the place in the JSON.
 */
export const parseReadable = (json: unknown): Instruction[] => new JsonCursor(json).items().map(instruction);

/** One value in its readable form. @throws ReadableChangesetError */
export const parseReadablePayload = (json: unknown): Payload => payload(new JsonCursor(json));

/** One primary key in its readable form. @throws ReadableChangesetError */
export const parseReadableKey = (json: unknown): ObjectKey => key(new JsonCursor(json));

function instruction(at: JsonCursor): Instruction {
  const kind = at.member("t").oneOf(kinds);
  switch (kind) {
    case "AddTable":
      return addTable(at);
    case "EraseTable":
      return { kind, table: at.only("t", "table").member("table").text() };
    case "CreateObject":
    case "EraseObject":
      return { kind, table: at.only("t", "table", "object").member("table").text(), key: key(at.member("object")) };
    case "AddColumn":
      return addColumn(at);
    case "EraseColumn":
      return { kind, table: at.only("t", "table", "field").member("table").text(), field: at.member("field").text() };
    case "Update":
      return update(at);
    case "AddInteger":
      return { kind, ...place(at, "value"), value: at.member("value").int64() };
    case "ArrayInsert":
      return { kind, ...listPlace(at, "value", "prior_size"), value: payload(at.member("value")), priorSize: priorSize(at) };
    case "ArrayMove":
      return { kind, ...listPlace(at, "ndx_2", "prior_size"), destination: at.member("ndx_2").uint32(), priorSize: priorSize(at) };
    case "ArrayErase":
      return { kind, ...listPlace(at, "prior_size"), priorSize: priorSize(at) };
    case "Clear":
      return { kind, ...place(at, "collection"), collection: collection(at) };
    case "SetInsert":
    case "SetErase":
      return { kind, ...place(at, "value"), value: payload(at.member("value")) };
  }
}

function addTable(at: JsonCursor): AddTable {
  const tableKind = at.member("kind").oneOf(["TopLevel", "Embedded", "TopLevelAsymmetric"]);
  const table = at.member("table").text();
  if (tableKind === "Embedded") {
    at.only("t", "table", "kind");
    return { kind: "AddTable", table, tableType: "Embedded" };
  }
  at.only("t", "table", "kind", "pk_field", "pk_type", "pk_nullable");
  return {
    kind: "AddTable",
    table,
    tableType: tableKind === "TopLevel" ? "TopLevel" : "Asymmetric",
    keyField: at.member("pk_field").text(),
    keyType: keyColumnType(at.member("pk_type")),
    keyNullable: at.member("pk_nullable").boolean(),
  };
}

function addColumn(at: JsonCursor): AddColumn {
  at.only("t", "table", "field", "type", "nullable", "collection", "link_target", "key_type");
  const type = columnType(at.member("type"));
  const kind = collection(at);
  const nullable = at.member("nullable").boolean();
  if (type === "Mixed" && !nullable && kind !== "Dictionary") at.member("nullable").fail("must be true for Mixed");
  if (type !== "Link" && at.has("link_target")) at.member("link_target").fail("belongs to Link columns only");
  if (kind !== "Dictionary" && at.has("key_type")) at.member("key_type").fail("belongs to dictionaries only");
  return {
    kind: "AddColumn",
    table: at.member("table").text(),
    field: at.member("field").text(),
    type,
    nullable,
    collection: kind,
    // A link column without target is the legacy typed link, which the format writes as an empty name.
    ...(type === "Link" ? { linkTarget: at.has("link_target") ? at.member("link_target").text() : "" } : {}),
    ...(kind === "Dictionary" ? { dictionaryKeyType: columnType(at.member("key_type")) } : {}),
  };
}

function update(at: JsonCursor): Update {
  const where = place(at, "value", "is_default", "prior_size");
  const value = payload(at.member("value"));
  if (typeof where.path.at(-1) === "number") {
    if (at.has("is_default")) at.member("is_default").fail("does not belong to a list element");
    return { kind: "Update", ...where, value, priorSize: priorSize(at) };
  }
  if (at.has("prior_size")) at.member("prior_size").fail("belongs to list elements only");
  return { kind: "Update", ...where, value, isDefault: at.member("is_default").boolean() };
}

function place(at: JsonCursor, ...others: readonly string[]): Place {
  at.only("t", "table", "object", "field", "path", ...others);
  return {
    table: at.member("table").text(),
    key: key(at.member("object")),
    field: at.member("field").text(),
    path: path(at.member("path")),
  };
}

function listPlace(at: JsonCursor, ...others: readonly string[]): Place {
  const where = place(at, ...others);
  if (typeof where.path.at(-1) !== "number") at.member("path").fail("must end in an index");
  return where;
}

function path(at: JsonCursor): Path {
  const items = at.items();
  if (items.length > maxPathDepth) at.fail(`must have at most ${maxPathDepth} steps`);
  return items.map((item): PathElement => (typeof item.value === "string" ? item.text() : item.uint32()));
}

const priorSize = (at: JsonCursor): number => at.member("prior_size").uint32();
const collection = (at: JsonCursor): CollectionKind => at.member("collection").oneOf(namesOf(collectionKinds));

function columnType(at: JsonCursor): ColumnType {
  const word = at.oneOf(columnWords);
  return word === "UUID" ? "Uuid" : word;
}

function keyColumnType(at: JsonCursor): KeyColumnType {
  const word = at.oneOf(keyColumnWords);
  return word === "UUID" ? "Uuid" : word;
}

function key(at: JsonCursor): ObjectKey {
  if (at.value === null) return nullKey;
  at.only(...keyWords);
  const kind = keyWords.find((word) => at.has(word)) ?? at.fail(`must be null or have one of ${keyWords.join(", ")}`);
  const content = at.only(kind).member(kind);
  switch (kind) {
    case "int":
      return intKey(content.int64());
    case "string":
      return stringKey(content.text());
    case "objectid":
      return objectIdKey(objectId(content));
    case "uuid":
      return uuidKey(uuid(content));
    case "globalkey": {
      const halves = /^([0-9a-f]{16})-([0-9a-f]{16})$/.exec(content.text()) ?? content.fail("must be two halves of 16 hex digits");
      return globalKey(BigInt(`0x${halves[1]}`), BigInt(`0x${halves[2]}`));
    }
  }
}

function objectId(at: JsonCursor): string {
  const text = at.text();
  return isObjectIdText(text) ? text : at.fail("must be 24 lower-case hex digits");
}

function uuid(at: JsonCursor): string {
  const text = at.text();
  return isUuidText(text) ? text : at.fail("must be a UUID in lower case");
}

function payload(at: JsonCursor): Payload {
  const type = at.member("type").oneOf(payloadWords);
  switch (type) {
    case "Null":
    case "Erased":
    case "List":
    case "Dictionary":
    case "Set":
    case "ObjectValue":
      at.only("type");
      return { type };
    case "Timestamp":
      return timestamp(at.only("type", "s", "ns"));
    case "Float":
    case "Double":
      return floating(type, at.only("type", "value", "bits"));
    case "Decimal":
      return decimal(at.only("type", "value", "coeff", "exp", "neg", "bid128"));
    case "Link":
      at.only("type", "table", "pk");
      return { type, table: at.member("table").text(), key: key(at.member("pk")) };
  }
  const value = at.only("type", "value").member("value");
  switch (type) {
    case "Int":
      return { type, value: value.int64() };
    case "Bool":
      return { type, value: value.boolean() };
    case "String":
      return { type, value: value.text() };
    case "Binary":
      return { type, value: bytesOfHex(value.text()) ?? value.fail("must be pairs of hex digits") };
    case "ObjectId":
      return { type, value: objectId(value) };
    case "UUID":
      return { type: "Uuid", value: uuid(value) };
  }
}

function timestamp(at: JsonCursor): Payload {
  const seconds = at.member("s").int64();
  const nanoseconds = at.member("ns").integer(1 - nanosecondsPerSecond, nanosecondsPerSecond - 1);
  if ((nanoseconds > 0 && seconds < 0n) || (nanoseconds < 0 && seconds > 0n)) at.member("ns").fail("must have the sign of the seconds");
  return { type: "Timestamp", seconds, nanoseconds };
}

/** `bits` decides; without it the number does. Both together must agree. */
function floating(type: "Float" | "Double", at: JsonCursor): Payload {
  const value = at.has("value") ? at.member("value").number() : undefined;
  if (!at.has("bits")) {
    const given = value ?? at.fail("needs value or bits");
    return type === "Float" ? { type, bits: bitsOfFloat(given) } : { type, bits: bitsOfDouble(given) };
  }
  const bits = at.member("bits").hexInteger(type === "Float" ? 8 : 16);
  const payload: Payload = type === "Float" ? { type, bits: Number(bits) } : { type, bits };
  const meant = type === "Float" ? floatOfBits(Number(bits)) : doubleOfBits(bits);
  if (value !== undefined && value !== meant) at.member("value").fail(`is not what the bits say (${meant})`);
  return payload;
}

/** The pattern `bid128` decides, else `coeff`, `exp` and `neg`, else the text in `value`. Patterns given twice must agree. */
function decimal(at: JsonCursor): Payload {
  const pattern = at.has("bid128") ? decimalOfBits(at.member("bid128").hexInteger(32)) : undefined;
  const parts = at.has("coeff") ? decimalParts(at) : undefined;
  if (pattern !== undefined && parts !== undefined && bitsOfDecimal(pattern) !== bitsOfDecimal(parts)) {
    at.member("bid128").fail("is not what coeff, exp and neg say");
  }
  const value = at.member("value");
  const text = value.text();
  return pattern ?? parts ?? parseDecimal(text) ?? value.fail("must be a decimal number of at most 34 digits");
}

function decimalParts(at: JsonCursor): Decimal {
  const coefficient = at.member("coeff").hexInteger(32);
  if (coefficient >> decimalCoefficientBits !== 0n) at.member("coeff").fail("must fit 113 bits");
  const exponent = at.member("exp").integer(-decimalExponentBias, maxDecimalExponent);
  return { type: "Decimal", coefficient, exponent, negative: at.member("neg").boolean() };
}
