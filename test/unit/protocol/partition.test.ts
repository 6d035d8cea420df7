import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  intPartition,
  maxPartitionBytes,
  objectIdPartition,
  parsePartition,
  partitionOfKey,
  stringPartition,
  uuidPartition,
} from "../../../src/protocol/partition.ts";
import { ProtocolError } from "../../../src/protocol/protocol-error.ts";

const read = (text: string) => parsePartition(new TextEncoder().encode(text), 3);
const keyOf = (text: string) => read(text).key;

describe("partition values", () => {
  it.each([
    ['"part"', "s:part"],
    ['""', "s:"],
    ['"null"', "s:null"],
    [String.raw`"caf\u00e9 \"x\""`, 's:café "x"'],
    ["null", "null"],
    ["42", "i:42"],
    ["-7", "i:-7"],
    ["0", "i:0"],
    ["-0", "i:0"],
    [" 42 ", "i:42"],
    ["9223372036854775807", "i:9223372036854775807"],
    ['{"$numberInt":"42"}', "i:42"],
    ['{"$numberLong":"42"}', "i:42"],
    ['{"$numberLong":"-9223372036854775808"}', "i:-9223372036854775808"],
    ['{ "$numberLong" : "9007199254740993" }', "i:9007199254740993"],
    ['{"$oid":"66A1F0C2d4e5b6a7980c1d2e"}', "o:66a1f0c2d4e5b6a7980c1d2e"],
    ['{"$uuid":"01234567-89AB-cdef-0123-456789abcdef"}', "u:01234567-89ab-cdef-0123-456789abcdef"],
    ['{"$binary":{"base64":"ASNFZ4mrze8BI0VniavN7w==","subType":"04"}}', "u:01234567-89ab-cdef-0123-456789abcdef"],
    ['{"$binary":{"subType":"4","base64":"ASNFZ4mrze8BI0VniavN7w=="}}', "u:01234567-89ab-cdef-0123-456789abcdef"],
  ])("[§5.1] %s is %s", (text, key) => {
    const partition = read(text);
    expect(partition.key).toBe(key);
    expect(partition.text).toBe(text);
    expect(partitionOfKey(key)?.key).toBe(key);
  });

  it.each([
    "",
    "part",
    "true",
    "42.0",
    "1e3",
    "9223372036854775808",
    "99999999999999999999",
    '{"$numberInt":"2147483648"}',
    '{"$numberInt":42}',
    '{"$numberLong":"4 2"}',
    '{"$numberDouble":"1.0"}',
    '{"$oid":"66a1"}',
    '{"$oid":"66a1f0c2d4e5b6a7980c1d2e","x":1}',
    '{"$uuid":"0123456789abcdef0123456789abcdef"}',
    '{"$binary":{"base64":"AAAA","subType":"04"}}',
    '{"$binary":{"base64":"ASNFZ4mrze8BI0VniavN7w==","subType":"00"}}',
    '{"$binary":{"base64":"***","subType":"04"}}',
    "{}",
    "[]",
    '["part"]',
    '{"$oid":null}',
    String.raw`"a\u0000b"`,
    String.raw`"line\nbreak"`,
    String.raw`"\ud800"`,
    JSON.stringify("é".repeat(maxPartitionBytes / 2 + 1)),
    JSON.stringify("x".repeat(100_000)),
  ])("[SS4] refuses %s with the session-level error 204", (text) => {
    let error: unknown;
    try {
      read(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: 204, level: "session", session: 3, reason: "badPartition" });
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(() => parsePartition(Uint8Array.of(0x22, 0xff, 0x22), 1)).toThrow(ProtocolError);
  });

  it("takes a string up to the limit", () => {
    expect(keyOf(JSON.stringify("é".repeat(maxPartitionBytes / 2)))).toHaveLength(2 + maxPartitionBytes / 2);
  });

  it("gives different values different keys, and each style of one value the same key", () => {
    const value = fc.oneof(
      fc.string({ maxLength: 40, unit: "grapheme" }).map((text) => stringPartition(text)),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((int) => intPartition(int)),
      fc.uuid().map((uuid) => uuidPartition(uuid)),
      fc.stringMatching(/^[0-9a-f]{24}$/).map((digits) => objectIdPartition(digits)),
    );
    fc.assert(
      fc.property(value, value, (one, other) => {
        fc.pre([one, other].every(({ key }) => partitionOfKey(key) !== undefined));
        expect(read(one.text)).toEqual(one);
        expect(partitionOfKey(one.key)).toEqual(one);
        expect(one.key === other.key).toBe(one.kind === other.kind && "value" in one && "value" in other && one.value === other.value);
      }),
    );
  });

  it.each(["", "part", "x:1", "i:042", "i:", "o:66A1F0C2D4E5B6A7980C1D2E", "u:1", "nullx"])("knows %s as no key", (key) => {
    expect(partitionOfKey(key)).toBeUndefined();
  });
});
