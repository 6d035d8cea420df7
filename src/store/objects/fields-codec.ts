import { ByteReader, ByteWriter } from "./bytes.ts";
import type { ClassState, ValueType } from "./classes.ts";
import { dashed, decodeRowKey, encodeRowKey } from "./row-key.ts";
import { memberIdentity } from "./set-identity.ts";
import { isDefault, nullValue, type Fields, type Scalar, type Stored } from "./values.ts";

const formatVersion = 1;

const tag = {
  null: 0,
  smallInt: 1,
  int: 2,
  false: 3,
  true: 4,
  string: 5,
  binary: 6,
  timestamp: 7,
  float: 8,
  double: 9,
  decimal: 10,
  link: 11,
  objectId: 12,
  uuid: 13,
  list: 14,
  dictionary: 15,
  set: 16,
  embedded: 17,
} as const;

/** Integers of a magnitude below this are written as one varint (2v, or −2v − 1 for negative v), others as eight bytes. */
const smallLimit = 2n ** 50n;

/** Finds the class an embedded value belongs to; it exists as long as the column does. */
export type FindClass = (name: string) => ClassState;

/**
 * The values of an object as one blob: a version byte, then per column that differs from its default its id + 1 and its value, then 0.
 * Values of erased columns are left out. Equal states give equal bytes, except for the order in which sets and dictionaries were filled.
 */
export const encodeFields = (owner: ClassState, fields: Fields, findClass: FindClass): Uint8Array => {
  writer.byte(formatVersion);
  writeFields(owner, fields, findClass);
  return writer.finish();
};

const writer = new ByteWriter();

const writeFields = (owner: ClassState, fields: Fields, findClass: FindClass): void => {
  for (const column of owner.columns.values()) {
    const value = fields[column.id];
    if (value === undefined || isDefault(value, column)) continue;
    writer.uint(column.id + 1);
    writeValue(value, column, findClass);
  }
  writer.uint(0);
};

const writeValue = (value: Stored, type: ValueType, findClass: FindClass): void => {
  switch (value.type) {
    case "List":
      writer.byte(tag.list);
      writer.uint(value.items.length);
      for (const item of value.items) writeValue(item, type, findClass);
      return;
    case "Dictionary":
      writer.byte(tag.dictionary);
      writer.uint(value.entries.size);
      for (const [key, entry] of value.entries) {
        writer.text(key);
        writeValue(entry, type, findClass);
      }
      return;
    case "Set":
      writer.byte(tag.set);
      writer.uint(value.members.size);
      for (const member of value.members.values()) writeScalar(member);
      return;
    case "Embedded":
      writer.byte(tag.embedded);
      writeFields(findClass(type.linkTarget ?? ""), value.fields, findClass);
      return;
    case "Null":
    case "Int":
    case "Bool":
    case "String":
    case "Binary":
    case "Timestamp":
    case "Float":
    case "Double":
    case "Decimal":
    case "Link":
    case "ObjectId":
    case "Uuid":
      writeScalar(value);
      return;
  }
};

const writeScalar = (value: Scalar): void => {
  switch (value.type) {
    case "Null":
      writer.byte(tag.null);
      return;
    case "Int":
      writeInt(value.value);
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
      writer.bytes(value.value);
      return;
    case "Timestamp":
      writer.byte(tag.timestamp);
      writer.int64(value.seconds);
      writer.uint(value.nanoseconds + 2 ** 30);
      return;
    case "Float":
      writer.byte(tag.float);
      writer.uint32(value.bits);
      return;
    case "Double":
      writer.byte(tag.double);
      writer.uint64(value.bits);
      return;
    case "Decimal":
      writer.byte(tag.decimal);
      writer.byte(value.negative ? 1 : 0);
      writer.uint(value.exponent + 2 ** 15);
      writer.uint64(value.coefficient >> 64n);
      writer.uint64(value.coefficient);
      return;
    case "Link":
      writer.byte(tag.link);
      writer.text(value.table);
      writer.bytes(encodeRowKey(value.key));
      return;
    case "ObjectId":
      writer.byte(tag.objectId);
      writer.hex(value.value);
      return;
    case "Uuid":
      writer.byte(tag.uuid);
      writer.hex(value.value.replaceAll("-", ""));
      return;
  }
};

const writeInt = (value: bigint): void => {
  if (value > -smallLimit && value < smallLimit) {
    writer.byte(tag.smallInt);
    const small = Number(value);
    writer.uint(small < 0 ? small * -2 - 1 : small * 2);
    return;
  }
  writer.byte(tag.int);
  writer.int64(value);
};

/**
 * Inverse of `encodeFields`; needs no classes, since the blob describes itself. Values of columns erased since stay in the result, unread.
 * Throws RangeError for a damaged row or one of a later version.
 */
export const decodeFields = (data: Uint8Array): Fields => {
  const reader = new ByteReader(data);
  const version = reader.byte();
  if (version !== formatVersion) throw new RangeError(`object row of unknown version ${version}`);
  return readFields(reader);
};

const readFields = (reader: ByteReader): Fields => {
  const fields: Fields = [];
  for (let marker = reader.uint(); marker !== 0; marker = reader.uint()) fields[marker - 1] = readValue(reader);
  return fields;
};

const readValue = (reader: ByteReader): Stored => {
  const kind = reader.byte();
  switch (kind) {
    case tag.list: {
      const items: Stored[] = [];
      for (let rest = reader.uint(); rest > 0; rest--) items.push(readValue(reader));
      return { type: "List", items };
    }
    case tag.dictionary: {
      const entries = new Map<string, Stored>();
      for (let rest = reader.uint(); rest > 0; rest--) entries.set(reader.text(), readValue(reader));
      return { type: "Dictionary", entries };
    }
    case tag.set: {
      const members = new Map<string, Scalar>();
      for (let rest = reader.uint(); rest > 0; rest--) {
        const member = readScalar(reader, reader.byte());
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
    case tag.smallInt: {
      const folded = reader.uint();
      return { type: "Int", value: BigInt(folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2) };
    }
    case tag.int:
      return { type: "Int", value: reader.int64() };
    case tag.false:
    case tag.true:
      return { type: "Bool", value: kind === tag.true };
    case tag.string:
      return { type: "String", value: reader.text() };
    case tag.binary:
      return { type: "Binary", value: reader.bytes() };
    case tag.timestamp:
      return { type: "Timestamp", seconds: reader.int64(), nanoseconds: reader.uint() - 2 ** 30 };
    case tag.float:
      return { type: "Float", bits: reader.uint32() };
    case tag.double:
      return { type: "Double", bits: reader.uint64() };
    case tag.decimal: {
      const negative = reader.byte() === 1;
      const exponent = reader.uint() - 2 ** 15;
      const high = reader.uint64();
      return { type: "Decimal", coefficient: (high << 64n) | reader.uint64(), exponent, negative };
    }
    case tag.link:
      return { type: "Link", table: reader.text(), key: decodeRowKey(reader.bytes()) };
    case tag.objectId:
      return { type: "ObjectId", value: reader.hex(12) };
    case tag.uuid:
      return { type: "Uuid", value: dashed(reader.hex(16)) };
  }
  throw new RangeError(`unknown tag ${kind} in a stored object`);
};
