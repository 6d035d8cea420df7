import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeChangeset, defaultDecodeLimits } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import { ChangesetError } from "../../../src/changeset/error.ts";
import { bytesOfHex, hexOf } from "../../../src/changeset/hex.ts";
import { intKey, stringKey } from "../../../src/changeset/key.ts";
import type { Instruction, InstructionKind, Payload, PayloadType } from "../../../src/changeset/model.ts";
import { opcodes, payloadTypes } from "../../../src/changeset/wire.ts";
import { anyInstructions } from "./arbitraries.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex.replaceAll(" ", "")) ?? expect.fail("bad hex in test");
const decode = (hex: string): Instruction[] => decodeChangeset(bytes(hex));
const setTo = (value: Payload): Instruction => ({
  kind: "Update",
  table: "T",
  key: intKey(1n),
  field: "f",
  path: [],
  value,
  isDefault: false,
});

function errorOf(work: () => unknown): ChangesetError {
  try {
    work();
  } catch (error) {
    if (error instanceof ChangesetError) return error;
    throw error;
  }
  return expect.fail("nothing was raised");
}

describe("changesets survive encoding and decoding", () => {
  it("with every instruction, value, key and path", () => {
    const kinds = new Set<InstructionKind>();
    const types = new Set<PayloadType>();
    fc.assert(
      fc.property(anyInstructions, (instructions) => {
        for (const instruction of instructions) {
          kinds.add(instruction.kind);
          if ("value" in instruction && typeof instruction.value === "object") types.add(instruction.value.type);
        }
        expect(decodeChangeset(encodeChangeset(instructions))).toEqual(instructions);
      }),
      { numRuns: 400 },
    );
    expect(kinds.size).toBe(Object.keys(opcodes).length);
    expect(types.size).toBe(Object.keys(payloadTypes).length);
  });

  it("and encode to the same bytes again", () => {
    fc.assert(
      fc.property(anyInstructions, (instructions) => {
        const encoded = encodeChangeset(instructions);
        expect(encodeChangeset(decodeChangeset(encoded))).toEqual(encoded);
      }),
      { numRuns: 200 },
    );
  });

  it("also a small one after one that outgrew the buffer", () => {
    const large = setTo({ type: "Binary", value: new Uint8Array(3_000_000).fill(7) });
    expect(encodeChangeset([large])).toHaveLength(3_000_020);
    expect(hexOf(encodeChangeset([setTo({ type: "Null" })]))).toBe("3f0001543f0101660400010101000000");
  });

  it("as zero bytes when there is no instruction", () => {
    expect(encodeChangeset([])).toEqual(new Uint8Array(0));
    expect(decode("")).toEqual([]);
  });

  it("without sharing memory with the input", () => {
    const input = encodeChangeset([setTo({ type: "Binary", value: Uint8Array.of(1, 2, 3) })]);
    const decoded = decodeChangeset(input);
    input.fill(0);
    expect(decoded).toEqual([setTo({ type: "Binary", value: Uint8Array.of(1, 2, 3) })]);
  });

  it("with a byte order mark, NUL and characters beyond the basic plane in texts of any length", () => {
    for (const text of ["\u{feff}a", "a\0b", "😀", "é".repeat(40), `${"x".repeat(30)}😀`, "\u{feff}"]) {
      const instruction = setTo({ type: "String", value: text });
      expect(decodeChangeset(encodeChangeset([instruction]))).toEqual([instruction]);
    }
  });
});

describe("integers (changeset-format §2)", () => {
  const table: readonly (readonly [bigint, string])[] = [
    [0n, "00"],
    [1n, "01"],
    [63n, "3f"],
    [64n, "c000"],
    [127n, "ff00"],
    [300n, "ac02"],
    [1000n, "e807"],
    [8191n, "ff3f"],
    [8192n, "80c000"],
    [2n ** 63n - 1n, "ffffffffffffffffff00"],
    [-1n, "40"],
    [-2n, "41"],
    [-64n, "7f"],
    [-65n, "c040"],
    [-128n, "ff40"],
    [-300n, "ab42"],
    [-(2n ** 63n), "ffffffffffffffffff40"],
  ];
  it.each(table)("%s is written as %s", (value, hex) => {
    const instruction = setTo({ type: "Int", value });
    expect(hexOf(encodeChangeset([instruction]))).toBe(`3f0001543f01016604000101010001${hex}00`);
    expect(decode(`3f0001543f01016604000101010001${hex}00`)).toEqual([instruction]);
  });
});

describe("the example of changeset-format §9.1", () => {
  const recorded = "3f0003446f67 3f01035f6964 000000010100 3f0203616765 3f0300 060002010000 02000101 0400010102 00 011e00";
  const instructions: Instruction[] = [
    { kind: "AddTable", table: "Dog", tableType: "TopLevel", keyField: "_id", keyType: "Int", keyNullable: false },
    { kind: "AddColumn", table: "Dog", field: "age", type: "Int", nullable: false, collection: "Single" },
    { kind: "CreateObject", table: "Dog", key: intKey(1n) },
    { kind: "Update", table: "Dog", key: intKey(1n), field: "age", path: [], value: { type: "Int", value: 30n }, isDefault: false },
  ];

  it("is decoded", () => expect(decode(recorded)).toEqual(instructions));

  it("is encoded with its definitions first, and only those in use", () => {
    expect(hexOf(encodeChangeset(instructions))).toBe(
      "3f0003446f673f01035f69643f020361676500000001010006000201000002000101040001010200011e00",
    );
  });
});

describe("what no SDK writes is refused with its code and place", () => {
  const update = "3f0001543f010166 0400010101";
  const table: readonly (readonly [string, string, string, number])[] = [
    ["opcodes beyond 13", "3f000154 0e00", "UnknownInstruction", 4],
    ["opcodes that only fit modulo 256", "3f000154 820400", "UnknownInstruction", 4],
    ["value types that only fit modulo 256", `${update}00 810205 00`, "UnsupportedPayloadType", 14],
    ["GlobalKey as value", `${update}00 40 0102 00`, "UnsupportedPayloadType", 14],
    ["a negative flag", `${update}00 0105 41`, "IntegerOutOfRange", 16],
    ["a path index of 2^32", `${update}01 808080801000 0500`, "InvalidPathElement", 14],
    ["a path marker other than -1", `${update}01 4100 0000`, "InvalidPathElement", 14],
    ["more than 100 steps", `${update} e500`, "PathTooDeep", 13],
    ["nanoseconds of 10^9", `${update}00 05 00 80 a8 d6 b9 07 00`, "TimestampOutOfRange", 14],
    ["nanoseconds of the other sign", `${update}00 05 01 40 00`, "TimestampOutOfRange", 14],
    ["a decimal's sign of 2", `${update}00 08 05 00 02 00`, "DecimalOutOfRange", 14],
    ["a decimal coefficient of 114 bits", `${update}00 08 ffffffffffffffffffffffffffffffff02 00 00 00`, "DecimalOutOfRange", 15],
    ["a decimal exponent beyond the format", `${update}00 08 05 e0cf00 00 00`, "DecimalOutOfRange", 14],
    ["a Mixed column that is not nullable", "3f000154 0600000000 00", "UnsupportedColumnType", 4],
    ["a column of a type for values only", "3f000154 0600004100 00", "UnsupportedColumnType", 7],
    ["text that is not UTF-8", `${update}00 03 02 c328 00`, "InvalidText", 16],
    ["a name that is not UTF-8", "3f0001ff", "InvalidText", 3],
    ["surrogates in UTF-8", `${update}00 03 03 eda080 00`, "InvalidText", 16],
    ["a binary longer than the input", `${update}00 04 ffffffffffffffffff01`, "TruncatedInput", 25],
    ["a string longer than any", "3f00 f0ffff07", "StringTooLong", 2],
    ["a list instruction without an index", `${update.replace("0400", "0800")}00 010500`, "MissingIndex", 8],
    ["a key of type Bool", "3f000154 02 00 0201", "UnsupportedKeyType", 6],
    ["an undefined name", "0100", "UnknownInternString", 1],
    ["a definition out of order", "3f010154", "UnexpectedInternIndex", 0],
    ["a definition twice", "3f0001543f010154", "RepeatedInternString", 4],
    ["an end inside a record", "3f000154 0200", "TruncatedInput", 6],
  ];
  it.each(table)("%s", (_, hex, code, offset) => {
    expect(errorOf(() => decode(hex))).toMatchObject({ code, offset, status: 212 });
  });

  it("a repeated name also among many", () => {
    const names = Array.from(
      { length: 30 },
      (_, index) => `3f${index.toString(16).padStart(2, "0")}02${hexOf(Uint8Array.of(65 + index, 66))}`,
    );
    expect(decode(names.join(""))).toEqual([]);
    expect(errorOf(() => decode(`${names.join("")}3f1e025a42`))).toMatchObject({ code: "RepeatedInternString", offset: 150 });
  });
});

describe("limits", () => {
  it("bound the size before anything is read", () => {
    const limits = { ...defaultDecodeLimits, maxBytes: 3 };
    expect(errorOf(() => decodeChangeset(bytes("3f000154"), limits))).toMatchObject({ code: "ChangesetTooLarge", offset: 0 });
  });

  it("bound the number of instructions", () => {
    const limits = { ...defaultDecodeLimits, maxInstructions: 2 };
    expect(decodeChangeset(bytes("3f000154 0100 0100"), limits)).toHaveLength(2);
    expect(errorOf(() => decodeChangeset(bytes("3f000154 0100 0100 0100"), limits))).toMatchObject({
      code: "ChangesetTooLarge",
      offset: 8,
    });
  });
});

describe("encoding refuses what could not be read again", () => {
  const table: readonly (readonly [string, Instruction, string])[] = [
    ["an integer of 65 bits", setTo({ type: "Int", value: 2n ** 63n }), "Unencodable"],
    ["a lone surrogate", setTo({ type: "String", value: "\ud800" }), "Unencodable"],
    ["a lone surrogate in a name", { kind: "CreateObject", table: "T", key: stringKey("\udfff") }, "Unencodable"],
    ["an ObjectId that is none", setTo({ type: "ObjectId", value: "12" }), "Unencodable"],
    ["nanoseconds out of range", setTo({ type: "Timestamp", seconds: 0n, nanoseconds: 1e9 }), "TimestampOutOfRange"],
    ["a decimal of 114 bits", setTo({ type: "Decimal", coefficient: 2n ** 113n, exponent: 0, negative: false }), "DecimalOutOfRange"],
    [
      "a list instruction without an index",
      { kind: "ArrayErase", table: "T", key: intKey(1n), field: "f", path: [], priorSize: 1 },
      "MissingIndex",
    ],
    [
      "a path of 101 steps",
      { kind: "AddInteger", table: "T", key: intKey(1n), field: "f", path: Array.from({ length: 101 }, () => 0), value: 1n },
      "PathTooDeep",
    ],
    ["a size of 2^32", { kind: "ArrayErase", table: "T", key: intKey(1n), field: "f", path: [0], priorSize: 2 ** 32 }, "Unencodable"],
    ["a string longer than any", setTo({ type: "String", value: "x".repeat(0xfffff0) }), "StringTooLong"],
  ];
  it.each(table)("%s", (_, instruction, code) => {
    const good: Instruction = { kind: "EraseTable", table: "T" };
    expect(errorOf(() => encodeChangeset([good, instruction]))).toMatchObject({ code, offset: 1 });
    expect(encodeChangeset([good])).toEqual(bytes("3f000154 0100"));
  });
});
