import { objectIdText, uuidText, writeHexText } from "../../changeset/hex.ts";
import { globalKey, intKey, nullKey, objectIdKey, stringKey, uuidKey } from "../../changeset/key.ts";
import type { ObjectKey } from "../../changeset/model.ts";

const tag = { null: 0, int: 1, string: 2, objectId: 3, uuid: 4, global: 5 } as const;
const signBit = 1n << 63n;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** An object key as bytes whose order is the order of pages: null first, integers by value, strings by their UTF-8, ids bytewise. */
export const encodeRowKey = (key: ObjectKey): Uint8Array => {
  switch (key.kind) {
    case "null":
      return Uint8Array.of(tag.null);
    case "int":
      return bigEndian(tag.int, [BigInt.asUintN(64, key.value) ^ signBit]);
    case "string":
      return withTag(tag.string, encoder.encode(key.value));
    case "objectId":
      return fromHex(tag.objectId, key.value, 12);
    case "uuid":
      return fromHex(tag.uuid, key.value, 16);
    case "global":
      return bigEndian(tag.global, [key.hi, key.lo]);
  }
};

const withTag = (kind: number, content: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(1 + content.length);
  bytes[0] = kind;
  bytes.set(content, 1);
  return bytes;
};

const bigEndian = (kind: number, values: readonly bigint[]): Uint8Array => {
  const bytes = new Uint8Array(1 + values.length * 8);
  const view = new DataView(bytes.buffer);
  bytes[0] = kind;
  values.forEach((value, index) => view.setBigUint64(1 + index * 8, value));
  return bytes;
};

const fromHex = (kind: number, text: string, length: number): Uint8Array => {
  const bytes = new Uint8Array(1 + length);
  bytes[0] = kind;
  writeHexText(text, bytes, 1, length);
  return bytes;
};

/** Inverse of `encodeRowKey`. Throws RangeError on bytes it did not write. */
export const decodeRowKey = (bytes: Uint8Array): ObjectKey => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.getUint8(0);
  switch (kind) {
    case tag.null:
      return nullKey;
    case tag.int:
      return intKey(BigInt.asIntN(64, view.getBigUint64(1) ^ signBit));
    case tag.string:
      return stringKey(decoder.decode(bytes.subarray(1)));
    case tag.objectId:
      return objectIdKey(objectIdText(bytes, 1));
    case tag.uuid:
      return uuidKey(uuidText(bytes, 1));
    case tag.global:
      return globalKey(view.getBigUint64(1), view.getBigUint64(9));
  }
  throw new RangeError(`unknown kind ${kind} of a stored key`);
};

/** Bytewise order, as SQLite compares blobs. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** Where, in a list in the order of keys, those behind `after` begin; its length when there are none. */
export const firstAfter = (sorted: readonly { readonly key: Uint8Array }[], after: Uint8Array): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = sorted[middle];
    if (candidate !== undefined && compareBytes(candidate.key, after) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
};
