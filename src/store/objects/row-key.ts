import { globalKey, intKey, nullKey, objectIdKey, stringKey, uuidKey } from "../../changeset/key.ts";
import type { ObjectKey } from "../../changeset/model.ts";
import { ByteReader, ByteWriter, codeUnits, decodeText, encodeText, fromCodeUnits } from "./bytes.ts";

const tag = { null: 0, int: 1, string: 2, brokenString: 3, objectId: 4, uuid: 5, global: 6 } as const;
const writer = new ByteWriter();
const signBit = 1n << 63n;

/**
 * An object key as bytes whose order is the order of pages: null first, integers by value, strings by their UTF-8, ids bytewise.
 * Strings that are not well-formed Unicode follow after the others by code unit.
 */
export const encodeRowKey = (key: ObjectKey): Uint8Array => {
  switch (key.kind) {
    case "null":
      writer.byte(tag.null);
      break;
    case "int":
      writer.byte(tag.int);
      writer.uint64(BigInt.asUintN(64, key.value) ^ signBit);
      break;
    case "string": {
      const wellFormed = key.value.isWellFormed();
      writer.byte(wellFormed ? tag.string : tag.brokenString);
      writer.raw(wellFormed ? encodeText(key.value) : codeUnits(key.value));
      break;
    }
    case "objectId":
      writer.byte(tag.objectId);
      writer.hex(key.value);
      break;
    case "uuid":
      writer.byte(tag.uuid);
      writer.hex(key.value.replaceAll("-", ""));
      break;
    case "global":
      writer.byte(tag.global);
      writer.uint64(key.hi);
      writer.uint64(key.lo);
      break;
  }
  return writer.finish();
};

/** Inverse of `encodeRowKey`. Throws RangeError on bytes it did not write. */
export const decodeRowKey = (bytes: Uint8Array): ObjectKey => {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  switch (kind) {
    case tag.null:
      return nullKey;
    case tag.int:
      return intKey(BigInt.asIntN(64, reader.uint64() ^ signBit));
    case tag.string:
      return stringKey(decodeText(bytes.subarray(1)));
    case tag.brokenString:
      return stringKey(fromCodeUnits(bytes.subarray(1)));
    case tag.objectId:
      return objectIdKey(reader.hex(12));
    case tag.uuid:
      return uuidKey(dashed(reader.hex(16)));
    case tag.global:
      return globalKey(reader.uint64(), reader.uint64());
  }
  throw new RangeError(`unknown kind ${kind} of a stored key`);
};

/** 32 hex digits as a canonical UUID. */
export const dashed = (digits: string): string =>
  `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;

/** Bytewise order, as SQLite compares blobs. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};
