import { ByteReader } from "../../changeset/byte-reader.ts";
import { ByteWriter } from "../../changeset/byte-writer.ts";
import type { Scalar } from "../../changeset/model.ts";
import type { ClassState, ValueType } from "./classes.ts";
import { decodeRowKey, encodeRowKey } from "./row-key.ts";
import { memberIdentity } from "./set-identity.ts";
import { isDefault, nullValue, type Fields, type Stored } from "./values.ts";

const formatVersion = 1;

const tag = {
  null: 0,
  int: 1,
  false: 2,
  true: 3,
  string: 4,
  binary: 5,
  timestamp: 6,
  float: 7,
  double: 8,
  decimal: 9,
  link: 10,
  objectId: 11,
  uuid: 12,
  list: 13,
  dictionary: 14,
  set: 15,
  embedded: 16,
} as const;

/** Finds the class an embedded value belongs to; it exists as long as the column does. */
export type FindClass = (name: string) => ClassState;

/**
 * The values of an object as one blob: a version byte, then per column that differs from its default its id + 1 and its value, then 0.
 * Values of erased columns are left out. Equal states give equal bytes, except for the order in which sets and dictionaries were filled.
 */
export const encodeFields = (owner: ClassState, fields: Fields, findClass: FindClass): Uint8Array => {
  if (writer.bytes.length > maxKeptBytes) writer = new ByteWriter(initialBytes);
  writer.position = 0;
  writer.byte(formatVersion);
  writeFields(owner, fields, findClass);
  return writer.bytes.slice(0, writer.position);
};

const initialBytes = 16 * 1024;
/** A buffer that grew beyond this for one large object is not kept. */
const maxKeptBytes = 1024 * 1024;
/** Encoding is synchronous and does not call itself: one buffer serves all. */
let writer = new ByteWriter(initialBytes);

const writeFields = (owner: ClassState, fields: Fields, findClass: FindClass): void => {
  for (const column of owner.columns.values()) {
    const value = fields[column.id];
    if (value === undefined || isDefault(value, column)) continue;
    writer.unsigned(column.id + 1);
    writeValue(value, column, findClass);
  }
  writer.unsigned(0);
};

const writeValue = (value: Stored, type: ValueType, findClass: FindClass): void => {
  switch (value.type) {
    case "List":
      writer.byte(tag.list);
      writer.unsigned(value.items.length);
      for (const item of value.items) writeValue(item, type, findClass);
      return;
    case "Dictionary":
      writer.byte(tag.dictionary);
      writer.unsigned(value.entries.size);
      for (const [key, entry] of value.entries) {
        writer.text(key);
        writeValue(entry, type, findClass);
      }
      return;
    case "Set":
      writer.byte(tag.set);
      writer.unsigned(value.members.size);
      for (const member of value.members.values()) writeScalar(member);
      return;
    case "Embedded":
      writer.byte(tag.embedded);
      writeFields(findClass(type.linkTarget ?? ""), value.fields, findClass);
      return;
  }
  writeScalar(value);
};

const writeScalar = (value: Scalar): void => {
  switch (value.type) {
    case "Null":
      writer.byte(tag.null);
      return;
    case "Int":
      writer.byte(tag.int);
      writer.integer64(value.value);
      return;
    case "Bool":
      writer.byte(value.value ? tag.true : tag.false);
      return;
    case "String":
      writer.byte(tag.string);
      writer.text(value.value);
      return;
    case "Binary":
      writer.byte(tag.binary);
      writer.binary(value.value);
      return;
    case "Timestamp":
      writer.byte(tag.timestamp);
      writer.integer64(value.seconds);
      writer.signed(value.nanoseconds);
      return;
    case "Float":
      writer.byte(tag.float);
      writer.float32Bits(value.bits);
      return;
    case "Double":
      writer.byte(tag.double);
      writer.float64Bits(value.bits);
      return;
    case "Decimal":
      writer.byte(tag.decimal);
      writer.byte(value.negative ? 1 : 0);
      writer.signed(value.exponent);
      writer.groups(value.coefficient);
      return;
    case "Link":
      writer.byte(tag.link);
      writer.text(value.table);
      writer.binary(encodeRowKey(value.key));
      return;
    case "ObjectId":
      writer.byte(tag.objectId);
      writer.hexText(value.value, 12);
      return;
    case "Uuid":
      writer.byte(tag.uuid);
      writer.hexText(value.value, 16);
      return;
  }
};

/**
 * Inverse of `encodeFields`; needs no classes, since the blob describes itself. Values of columns erased since stay in the result, unread.
 *
 * @throws RangeError for a damaged row or one of a later version.
 */
export const decodeFields = (data: Uint8Array): Fields => {
  const reader = new ByteReader(data);
  try {
    const version = reader.uint8();
    if (version !== formatVersion) throw new RangeError(`unknown version ${version}`);
    return readFields(reader);
  } catch (error) {
    // Not to be taken for a fault of whoever sent a changeset.
    throw new RangeError("a stored object cannot be read", { cause: error });
  }
};

const readFields = (reader: ByteReader): Fields => {
  const fields: Fields = [];
  for (let marker = reader.size(); marker !== 0; marker = reader.size()) fields[marker - 1] = readValue(reader);
  return fields;
};

const readValue = (reader: ByteReader): Stored => {
  const kind = reader.uint8();
  switch (kind) {
    case tag.list: {
      const items: Stored[] = [];
      for (let rest = reader.size(); rest > 0; rest--) items.push(readValue(reader));
      return { type: "List", items };
    }
    case tag.dictionary: {
      const entries = new Map<string, Stored>();
      for (let rest = reader.size(); rest > 0; rest--) entries.set(reader.text(), readValue(reader));
      return { type: "Dictionary", entries };
    }
    case tag.set: {
      const members = new Map<string, Scalar>();
      for (let rest = reader.size(); rest > 0; rest--) {
        const member = readScalar(reader, reader.uint8());
        members.set(memberIdentity(member), member);
      }
      return { type: "Set", members };
    }
    case tag.embedded:
      return { type: "Embedded", fields: readFields(reader) };
  }
  return readScalar(reader, kind);
};

const readScalar = (reader: ByteReader, kind: number): Scalar => {
  switch (kind) {
    case tag.null:
      return nullValue;
    case tag.int:
      return { type: "Int", value: reader.int64() };
    case tag.false:
    case tag.true:
      return { type: "Bool", value: kind === tag.true };
    case tag.string:
      return { type: "String", value: reader.text() };
    case tag.binary:
      return { type: "Binary", value: reader.binary() };
    case tag.timestamp:
      return { type: "Timestamp", seconds: reader.int64(), nanoseconds: reader.int32() };
    case tag.float:
      return { type: "Float", bits: reader.float32Bits() };
    case tag.double:
      return { type: "Double", bits: reader.float64Bits() };
    case tag.decimal: {
      const negative = reader.uint8() === 1;
      const exponent = reader.int32();
      return { type: "Decimal", coefficient: reader.decimalCoefficient(), exponent, negative };
    }
    case tag.link:
      return { type: "Link", table: reader.text(), key: decodeRowKey(reader.binary()) };
    case tag.objectId:
      return { type: "ObjectId", value: reader.objectId() };
    case tag.uuid:
      return { type: "Uuid", value: reader.uuid() };
  }
  throw new RangeError(`unknown tag ${kind} in a stored object`);
};
