import { bitsOfDecimal, decimalText } from "../../changeset/decimal.ts";
import { doubleOfBits, floatOfBits } from "../../changeset/floating.ts";
import type { ObjectKey } from "../../changeset/model.ts";
import { readableKey, readablePayload } from "../../changeset/readable/write.ts";
import type { ClassDescription, ColumnDescription } from "./classes.ts";
import type { ReadObject, ReadValue } from "./reader.ts";
import type { ObjectState } from "./state.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * `brief`: objects by class with plain values, links with their liveness, and the number of live embedded objects (merge-rules §16).
 * `full`: the schema too, and every value with its type; links to missing objects as users see them.
 */
export type Notation = "brief" | "full";

/** A whole state as JSON, for comparison with recorded ones. Holds all of it in memory. Sets and objects are sorted. */
export const stateToJson = (state: ObjectState, notation: Notation): Json => (notation === "brief" ? briefState(state) : fullState(state));

const sorted = (values: readonly Json[]): Json[] =>
  values
    .map((value) => ({ value, text: JSON.stringify(value) }))
    .sort((a, b) => compare(a.text, b.text))
    .map(({ value }) => value);
const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);

/** An object with these properties; `__proto__` is a name like any other. */
const objectOf = (entries: Iterable<readonly [string, Json]>): { readonly [name: string]: Json } => Object.fromEntries(entries);

/** One object of a class, in the full notation. */
export const objectToJson = (state: ObjectState, object: ReadObject): { readonly pk: Json; readonly fields: Json } => {
  const classes: Classes = new Map(state.classes().map((description) => [description.name, description]));
  return { pk: readableKey(object.key), fields: fullFields(classes, object.table, object.fields) };
};

// The brief notation.

const briefState = (state: ObjectState): Json => {
  const result: [string, Json][] = [];
  const embeddedCounts = new Map<string, number>();
  for (const description of state.classes()) {
    if (description.tableType === "Embedded") {
      embeddedCounts.set(description.name, embeddedCounts.get(description.name) ?? 0);
      continue;
    }
    const objects: Json[] = [];
    for (const object of state.objects(description.name, "raw")) {
      countEmbedded(object.fields.values(), embeddedCounts);
      const fields = [...object.fields].map(([name, value]) => [name, briefValue(value)] as const);
      const key = description.keyType === "GlobalKey" ? [] : [[description.keyField, briefKey(object.key)] as const];
      objects.push(objectOf([...key, ...fields]));
    }
    result.push([description.name, sorted(objects)]);
  }
  for (const [name, count] of embeddedCounts) result.push([`${name}#count`, count]);
  return objectOf(result);
};

const countEmbedded = (values: Iterable<ReadValue>, counts: Map<string, number>): void => {
  for (const value of values) {
    if (value.type === "Embedded") {
      counts.set(value.table, (counts.get(value.table) ?? 0) + 1);
      countEmbedded(value.fields.values(), counts);
    } else if (value.type === "List") countEmbedded(value.items, counts);
    else if (value.type === "Dictionary") countEmbedded(value.entries.values(), counts);
  }
};

const briefKey = (key: ObjectKey): Json => {
  switch (key.kind) {
    case "null":
      return null;
    case "int":
      return { int: key.value.toString() };
    case "string":
    case "objectId":
    case "uuid":
      return key.value;
    case "global":
      return { hi: key.hi.toString(), lo: key.lo.toString() };
  }
};

const briefValue = (value: ReadValue): Json => {
  switch (value.type) {
    case "Null":
      return null;
    case "Int":
      return { int: value.value.toString() };
    case "Bool":
    case "String":
    case "ObjectId":
    case "Uuid":
      return value.value;
    case "Link":
      return { link: value.table, pk: briefKey(value.key), dangling: value.dangling };
    case "List":
      return value.items.map(briefValue);
    case "Dictionary":
      return { dict: objectOf([...value.entries].map(([key, entry]) => [key, briefValue(entry)])) };
    case "Set":
      return { set: value.members.map((member) => JSON.stringify(briefValue(member))).sort(compare) };
    case "Embedded":
      return objectOf([...value.fields].map(([name, field]) => [name, briefValue(field)]));
    case "Binary":
    case "Timestamp":
    case "Float":
    case "Double":
    case "Decimal":
      return fullValue(new Map(), value);
  }
};

// The full notation.

type Classes = ReadonlyMap<string, ClassDescription>;

const fullState = (state: ObjectState): Json => {
  const classes: Classes = new Map(state.classes().map((description) => [description.name, description]));
  return objectOf([...classes].map(([name, description]) => [name, fullClass(state, classes, description)]));
};

const fullClass = (state: ObjectState, classes: Classes, description: ClassDescription): Json => {
  const columns = objectOf(description.columns.map((column) => [column.field, fullColumn(column)]));
  if (description.tableType === "Embedded") return { kind: "Embedded", columns };
  const objects: Json[] = [];
  for (const object of state.objects(description.name, "visible")) {
    objects.push({ pk: readableKey(object.key), fields: fullFields(classes, object.table, object.fields) });
  }
  return {
    kind: description.tableType,
    ...(description.keyType === "GlobalKey"
      ? {}
      : { pk_field: description.keyField, pk_type: typeName[description.keyType], pk_nullable: description.keyNullable }),
    columns,
    objects: sorted(objects),
  };
};

const typeName = {
  Mixed: "mixed",
  Int: "int",
  Bool: "bool",
  String: "string",
  Binary: "binary",
  Timestamp: "timestamp",
  Float: "float",
  Double: "double",
  Decimal: "decimal128",
  Link: "link",
  ObjectId: "objectId",
  Uuid: "uuid",
} as const;

const fullColumn = (column: ColumnDescription): Json => ({
  type: typeName[column.type],
  nullable: column.nullable,
  collection: column.collection,
  ...(column.linkTarget === undefined ? {} : { link_target: column.linkTarget }),
});

/** Collections that are properties stand bare, those held by a mixed value with their type. */
const fullFields = (classes: Classes, table: string, fields: ReadonlyMap<string, ReadValue>): Json => {
  const columns = classes.get(table)?.columns ?? [];
  return objectOf(
    columns.map((column) => {
      const value = fields.get(column.field) ?? { type: "Null" };
      if (column.collection === "List" && value.type === "List") return [column.field, value.items.map((item) => fullValue(classes, item))];
      if (column.collection === "Dictionary" && value.type === "Dictionary") {
        return [column.field, { dictionary: fullEntries(classes, value.entries) }];
      }
      return [column.field, fullValue(classes, value)];
    }),
  );
};

const hex = (value: bigint, bytes: number): string => value.toString(16).padStart(bytes * 2, "0");

/** Infinities and NaN have no JSON number: their text stands instead, beside the exact bits. */
const jsonNumber = (value: number): Json => (Number.isFinite(value) ? value : String(value));

/** A value with its type and exact content. Collections here are those held by a mixed value. */
const fullValue = (classes: Classes, value: ReadValue): Json => {
  switch (value.type) {
    case "Null":
    case "Int":
    case "Bool":
    case "String":
    case "ObjectId":
    case "Uuid":
    case "Binary":
    case "Timestamp":
    case "Link":
      return readablePayload(value);
    case "Float":
      return { type: "Float", value: jsonNumber(floatOfBits(value.bits)), bits: hex(BigInt(value.bits), 4) };
    case "Double":
      return { type: "Double", value: jsonNumber(doubleOfBits(value.bits)), bits: hex(value.bits, 8) };
    case "Decimal":
      return {
        type: "Decimal",
        value: decimalText(value),
        coeff: hex(value.coefficient, 16),
        exp: value.exponent,
        neg: value.negative,
        bid128: hex(bitsOfDecimal(value), 16),
      };
    case "List":
      return { type: "List", value: value.items.map((item) => fullValue(classes, item)) };
    case "Dictionary":
      return { type: "Dictionary", value: fullEntries(classes, value.entries) };
    case "Set":
      return { set: sorted(value.members.map((member) => fullValue(classes, member))) };
    case "Embedded":
      return { type: "Embedded", value: fullFields(classes, value.table, value.fields) };
  }
};

const fullEntries = (classes: Classes, entries: ReadonlyMap<string, ReadValue>): Json =>
  objectOf([...entries].map(([key, entry]) => [key, fullValue(classes, entry)]));
