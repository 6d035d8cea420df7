import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bitsOfDecimal,
  type Decimal,
  decimalClass,
  decimalOfBits,
  decimalText,
  parseDecimal,
  sameDecimal,
} from "../../../src/changeset/decimal.ts";
import { sameValue } from "../../../src/changeset/equality.ts";
import { bitsOfDouble, bitsOfFloat, doubleOfBits, floatOfBits } from "../../../src/changeset/floating.ts";
import { intKey, nullKey, objectIdKey, sameKey, stringKey, uuidKey } from "../../../src/changeset/key.ts";
import { keyOfBase64, KeyTextError, keyToBase64 } from "../../../src/changeset/key-text.ts";
import type { Payload } from "../../../src/changeset/model.ts";
import { compareTimestamps, millisecondsOf, timestampOfMilliseconds } from "../../../src/changeset/timestamp.ts";
import { anyKey, anyPayload } from "./arbitraries.ts";

const decimal = (coefficient: bigint, exponent: number, negative = false): Decimal => ({
  type: "Decimal",
  coefficient,
  exponent,
  negative,
});
const float = (value: number): Payload => ({ type: "Float", bits: bitsOfFloat(value) });
const double = (value: number): Payload => ({ type: "Double", bits: bitsOfDouble(value) });

describe("[SAMEVAL] values are the same", () => {
  const pairs: readonly (readonly [string, Payload, Payload, boolean])[] = [
    ["decimals with other trailing zeros", decimal(10n, -1), decimal(100n, -2), true],
    ["decimals far apart", decimal(1n, 6000), decimal(1n, -6000), false],
    ["decimals 34 digits apart", decimal(1n, 33), decimal(10n ** 33n, 0), true],
    ["decimals of the other sign", decimal(1n, 0), decimal(1n, 0, true), false],
    ["zeros of any sign and exponent", decimal(0n, 5), decimal(0n, -9, true), true],
    ["a coefficient beyond 34 digits, which counts as zero", decimal(10n ** 34n, 0), decimal(0n, 0), true],
    ["a non-canonical exponent, which counts as zero", decimal(5n, 7000), decimal(0n, 0), true],
    ["infinities with other coefficients", decimal(0n, 9184), decimal(7n, 9184), true],
    ["infinities of the other sign", decimal(0n, 9184), decimal(0n, 9184, true), false],
    ["NaN, bit-identical", decimal(1n, 9696), decimal(1n, 9696), true],
    ["NaN with other bits", decimal(1n, 9696), decimal(2n, 9696), false],
    ["float zeros of both signs", float(0), float(-0), true],
    ["double zeros of both signs", double(0), double(-0), true],
    ["float NaN", float(Number.NaN), float(Number.NaN), false],
    ["double NaN", double(Number.NaN), double(Number.NaN), false],
    ["an Int and a Double of one number", { type: "Int", value: 1n }, double(1), false],
    ["a Float and a Double of one number", float(1.5), double(1.5), false],
    ["a String and a Binary of the same bytes", { type: "String", value: "a" }, { type: "Binary", value: Uint8Array.of(97) }, false],
    ["binaries bytewise", { type: "Binary", value: Uint8Array.of(1, 2) }, { type: "Binary", value: Uint8Array.of(1, 2) }, true],
    ["links by class and key", { type: "Link", table: "A", key: intKey(1n) }, { type: "Link", table: "A", key: intKey(1n) }, true],
    [
      "links with keys of other types",
      { type: "Link", table: "A", key: intKey(1n) },
      { type: "Link", table: "A", key: stringKey("1") },
      false,
    ],
    ["links to other classes", { type: "Link", table: "A", key: nullKey }, { type: "Link", table: "B", key: nullKey }, false],
  ];
  it.each(pairs)("%s", (_, a, b, same) => {
    expect(sameValue(a, b)).toBe(same);
    expect(sameValue(b, a)).toBe(same);
  });

  it("with themselves, unless they are a Float or Double NaN", () => {
    fc.assert(
      fc.property(anyPayload, (value) => {
        const isNaN =
          (value.type === "Float" && Number.isNaN(floatOfBits(value.bits))) ||
          (value.type === "Double" && Number.isNaN(doubleOfBits(value.bits)));
        expect(sameValue(value, structuredClone(value))).toBe(!isNaN);
      }),
    );
  });
});

describe("decimal text", () => {
  const table: readonly (readonly [Decimal, string])[] = [
    [decimal(1050n, -2), "10.50"],
    [decimal(1n, -1), "1E-1"],
    [decimal(1000n, -3), "1.000"],
    [decimal(325n, 8, true), "-3.25E10"],
    [decimal(0n, 10), "0E10"],
    [decimal(0n, 0, true), "-0"],
    [decimal(0n, 9184), "Inf"],
    [decimal(0n, 9184, true), "-Inf"],
    [decimal(0n, 9696), "NaN"],
    [decimal(10n ** 34n - 1n, 6111), "9.999999999999999999999999999999999E6144"],
  ];
  it.each(table)("%o is %s and back", (value, text) => {
    expect(decimalText(value)).toBe(text);
    expect(parseDecimal(text)).toEqual(value);
  });

  it("gives every canonical pattern back", () => {
    const pattern = fc.record({
      type: fc.constant("Decimal"),
      coefficient: fc.oneof(fc.bigInt({ min: 0n, max: 9999n }), fc.bigInt({ min: 0n, max: 10n ** 34n - 1n })),
      exponent: fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -6176, max: 6111 })),
      negative: fc.boolean(),
    });
    fc.assert(
      fc.property(pattern, (value) => {
        expect(parseDecimal(decimalText(value))).toEqual(value);
        expect(decimalOfBits(bitsOfDecimal(value))).toEqual(value);
      }),
    );
  });

  it.each([".5", "5.", "+1e3", "1E+3", "infinity", "nan", "000.1"])("reads %s", (text) => expect(parseDecimal(text)).toBeDefined());
  it.each(["", ".", "e5", "1e", "0x10", "1 ", "1,5", "1E6145", "12345678901234567890123456789012345", "1E-6177"])("refuses %s", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it("folds an exponent into the digits only when nothing is lost", () => {
    expect(parseDecimal("1E6144")).toEqual(decimal(10n ** 33n, 6111));
    expect(parseDecimal("10E-6177")).toEqual(decimal(1n, -6176));
    expect(decimalClass(parseDecimal("0E9000") ?? decimal(1n, 0))).toBe("zero");
    expect(sameDecimal(parseDecimal("0.30") ?? decimal(0n, 0), decimal(3n, -1))).toBe(true);
  });
});

describe("floats and doubles", () => {
  it("keep their bits through the number, NaN aside", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (floatBits, doubleBits) => {
        fc.pre(!Number.isNaN(floatOfBits(floatBits)) && !Number.isNaN(doubleOfBits(doubleBits)));
        expect(bitsOfFloat(floatOfBits(floatBits))).toBe(floatBits);
        expect(bitsOfDouble(doubleOfBits(doubleBits))).toBe(doubleBits);
      }),
    );
  });
});

describe("timestamps", () => {
  it.each([0, 1, -1, 999, -999, 1000, -1001, 1_700_000_000_123, -62_135_596_800_001])(
    "of %s ms have parts of one sign and come back",
    (milliseconds) => {
      const { seconds, nanoseconds } = timestampOfMilliseconds(milliseconds);
      expect(seconds >= 0n ? nanoseconds >= 0 || seconds === 0n : nanoseconds <= 0).toBe(true);
      expect(millisecondsOf(timestampOfMilliseconds(milliseconds))).toBe(milliseconds);
    },
  );

  it("are ordered by time", () => {
    const at = (seconds: bigint, nanoseconds: number) => ({ type: "Timestamp", seconds, nanoseconds }) as const;
    expect(compareTimestamps(at(-1n, -5), at(-1n, 0))).toBeLessThan(0);
    expect(compareTimestamps(at(1n, 5), at(1n, 0))).toBeGreaterThan(0);
    expect(compareTimestamps(at(1n, 5), at(1n, 5))).toBe(0);
  });
});

describe("base64 keys (sync-protocol §12.5)", () => {
  it.each([
    [nullKey, "AA=="],
    [intKey(5n), "AQU="],
    [intKey(64n), "AcAA"],
    [intKey(123456n), "AcDEBw=="],
    [intKey(-1n), "AUA="],
    [stringKey("short"), "AwVzaG9ydA=="],
    [objectIdKey("66a1f0c2d4e5b6a7980c1d2e"), "Cmah8MLU5banmAwdLg=="],
    [uuidKey("01234567-89ab-cdef-0123-456789abcdef"), "CwEjRWeJq83vASNFZ4mrze8="],
  ])("%o is %s and back", (key, text) => {
    expect(keyToBase64(key)).toBe(text);
    expect(keyOfBase64(text)).toEqual(key);
  });

  it("come back for every key", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        if (key.kind !== "global") expect(sameKey(keyOfBase64(keyToBase64(key)), key)).toBe(true);
      }),
    );
  });

  it.each(["", "AQ==", "AQUF", "AgE=", "QAEC", "AwVz", "!!", "AwH/"])("refuses %s", (text) => {
    expect(() => keyOfBase64(text)).toThrow(KeyTextError);
  });
});
