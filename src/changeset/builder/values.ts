import { parseDecimal } from "../decimal.ts";
import { bitsOfDouble, bitsOfFloat } from "../floating.ts";
import { isObjectIdText, isUuidText } from "../hex.ts";
import { columnTypeOfKey, intKey, nullKey, objectIdKey, stringKey, uuidKey } from "../key.ts";
import type { ColumnType, KeyColumnType, ObjectKey, Scalar } from "../model.ts";
import { timestampOfMilliseconds } from "../timestamp.ts";

/** An embedded object to be written: its fields. */
export class EmbeddedValue {
  readonly fields: Fields;
  constructor(fields: Fields) {
    this.fields = fields;
  }
}

/** Fields of an object by name. */
export type Fields = Readonly<Record<string, Value>>;

/**
 * A value to be written. Arrays are lists, `Map`s dictionaries, `Set`s sets, in fields of that kind as in Mixed ones. Where the type is
 * not known (a Mixed field, an unknown class) a whole number is an Int and any other a Double; `double(5)` and its like say it outright.
 */
export type Value =
  | null
  | boolean
  | string
  | number
  | bigint
  | Date
  | Uint8Array
  | Scalar
  | EmbeddedValue
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | ReadonlySet<Value>;
export type ScalarValue = Exclude<Value, EmbeddedValue | readonly Value[] | ReadonlyMap<string, Value> | ReadonlySet<Value>>;

/** A primary key as callers have it: text and numbers become what the class asks for, by default String and Int keys. */
export type KeyValue = ObjectKey | null | string | number | bigint;

/** @throws RangeError when the number is not whole. */
export const int = (value: number | bigint): Scalar => ({ type: "Int", value: BigInt(value) });
export const float = (value: number): Scalar => ({ type: "Float", bits: bitsOfFloat(value) });
export const double = (value: number): Scalar => ({ type: "Double", bits: bitsOfDouble(value) });
/** @throws RangeError when the text is no decimal of at most 34 digits. */
export function decimal(text: string): Scalar {
  const value = parseDecimal(text);
  if (value === undefined) throw new RangeError(`not a decimal of at most 34 digits: ${text}`);
  return value;
}
/** `text`: 24 lower-case hex digits. */
export const objectId = (text: string): Scalar => ({ type: "ObjectId", value: text });
/** `text`: canonical, in lower case. */
export const uuid = (text: string): Scalar => ({ type: "Uuid", value: text });
/** Seconds since 1970, and nanoseconds of the same sign below 10^9. */
export const timestamp = (seconds: bigint, nanoseconds: number): Scalar => ({ type: "Timestamp", seconds, nanoseconds });
/** A link to an object, which need not exist yet. */
export const link = (table: string, key: KeyValue): Scalar => ({ type: "Link", table, key: keyOf(key, undefined) ?? nullKey });
export const embedded = (fields: Fields = {}): EmbeddedValue => new EmbeddedValue(fields);

const isInt64 = (value: bigint): boolean => value === BigInt.asIntN(64, value);

/** The key for a class whose key column has this type; undefined when the value cannot be one. */
export function keyOf(value: KeyValue, type: KeyColumnType | undefined): ObjectKey | undefined {
  if (value === null) return nullKey;
  switch (typeof value) {
    case "object":
      return type === undefined || value.kind === "null" || columnTypeOfKey[value.kind] === type ? value : undefined;
    case "string":
      if (type === "ObjectId") return isObjectIdText(value) ? objectIdKey(value) : undefined;
      if (type === "Uuid") return isUuidText(value) ? uuidKey(value) : undefined;
      return type === undefined || type === "String" ? stringKey(value) : undefined;
    case "number":
      if (!Number.isSafeInteger(value)) return undefined;
      return type === undefined || type === "Int" ? intKey(BigInt(value)) : undefined;
    case "bigint":
      return (type === undefined || type === "Int") && isInt64(value) ? intKey(value) : undefined;
  }
}

/**
 * The payload that writes a value into a place of this type (undefined: not known, as good as Mixed).
 *
 * @returns undefined when the value does not fit.
 */
export function payloadOf(value: ScalarValue, type: ColumnType | undefined): Scalar | undefined {
  const wanted = type === "Mixed" ? undefined : type;
  const payload = value === null ? nullPayload : rawPayload(value, wanted);
  if (payload === undefined || wanted === undefined || payload.type === "Null") return payload;
  return payload.type === wanted ? payload : undefined;
}

const nullPayload: Scalar = { type: "Null" };

function rawPayload(value: Exclude<ScalarValue, null>, wanted: ColumnType | undefined): Scalar | undefined {
  switch (typeof value) {
    case "boolean":
      return { type: "Bool", value };
    case "string":
      return textPayload(value, wanted);
    case "number":
      return numberPayload(value, wanted);
    case "bigint":
      if (wanted === "Decimal") return parseDecimal(value.toString());
      return isInt64(value) ? { type: "Int", value } : undefined;
    case "object":
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : timestampOfMilliseconds(value.getTime());
      if (value instanceof Uint8Array) return { type: "Binary", value };
      return isSound(value) ? value : undefined;
  }
}

/** Whether the format can hold a payload that the caller made. */
function isSound(payload: Scalar): boolean {
  if (payload.type === "Int") return isInt64(payload.value);
  if (payload.type === "ObjectId") return isObjectIdText(payload.value);
  return payload.type !== "Uuid" || isUuidText(payload.value);
}

function textPayload(value: string, wanted: ColumnType | undefined): Scalar | undefined {
  if (wanted === "ObjectId") return isObjectIdText(value) ? objectId(value) : undefined;
  if (wanted === "Uuid") return isUuidText(value) ? uuid(value) : undefined;
  return wanted === "Decimal" ? parseDecimal(value) : { type: "String", value };
}

function numberPayload(value: number, wanted: ColumnType | undefined): Scalar | undefined {
  if (wanted === "Float") return float(value);
  if (wanted === "Double") return double(value);
  if (wanted === "Decimal") return parseDecimal(String(value));
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return int(value);
  return wanted === "Int" ? undefined : double(value);
}
