import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReadable, parseReadableKey, parseReadablePayload, ReadableChangesetError } from "../../../src/changeset/readable/parse.ts";
import { readableChangeset, readableKey, readablePayload } from "../../../src/changeset/readable/write.ts";
import { anyInstructions, anyKey, anyPayload } from "./arbitraries.ts";

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("the readable form loses nothing", () => {
  it("of changesets", () => {
    fc.assert(
      fc.property(anyInstructions, (instructions) => {
        expect(parseReadable(throughJson(readableChangeset(instructions)))).toEqual(instructions);
      }),
    );
  });
  it("of values", () => {
    fc.assert(
      fc.property(anyPayload, (value) => {
        expect(parseReadablePayload(throughJson(readablePayload(value)))).toEqual(value);
      }),
    );
  });
  it("of keys", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(parseReadableKey(throughJson(readableKey(key)))).toEqual(key);
      }),
    );
  });
});

describe("by hand", () => {
  it("small integers may be numbers, floats need no bits, decimals no parts", () => {
    expect(parseReadablePayload({ type: "Int", value: 5 })).toEqual({ type: "Int", value: 5n });
    expect(parseReadablePayload({ type: "Double", value: 1.5 })).toEqual({ type: "Double", bits: 0x3ff8000000000000n });
    expect(parseReadablePayload({ type: "Float", value: 1.5 })).toEqual({ type: "Float", bits: 0x3fc00000 });
    expect(parseReadablePayload({ type: "Decimal", value: "10.50" })).toEqual({
      type: "Decimal",
      coefficient: 1050n,
      exponent: -2,
      negative: false,
    });
  });
});

describe("a mistake is named with its place", () => {
  const update = {
    t: "Update",
    table: "Dog",
    object: { int: "1" },
    field: "age",
    path: [],
    value: { type: "Int", value: "3" },
    is_default: false,
  };
  const table: readonly (readonly [string, unknown, string, string])[] = [
    ["no array", {}, "$", "must be an array"],
    ["no instruction", [5], "$[0]", "must be an object"],
    ["an unknown instruction", [update, { t: "Updat" }], "$[1].t", "must be one of"],
    ["a missing member", [{ t: "EraseTable" }], "$[0]", "member table is missing"],
    ["an unknown member", [{ ...update, prior: 1 }], "$[0]", "unknown member prior"],
    ["a number beyond 64 bits", [{ ...update, value: { type: "Int", value: "9223372036854775808" } }], "$[0].value.value", "64 bits"],
    ["a number that is not exact", [{ ...update, value: { type: "Int", value: 2 ** 60 } }], "$[0].value.value", "as text"],
    ["a prior size on a field", [{ ...update, prior_size: 1 }], "$[0].prior_size", "list elements only"],
    ["a default flag on a list element", [{ ...update, path: [0] }], "$[0].is_default", "list element"],
    ["a negative index", [{ ...update, path: ["a", -1] }], "$[0].path[1]", "from 0 to 4294967295"],
    ["a path too deep", [{ ...update, path: Array.from({ length: 101 }).fill("a") }], "$[0].path", "at most 100"],
    [
      "a list instruction without index",
      [{ t: "ArrayErase", table: "A", object: null, field: "f", path: [], prior_size: 1 }],
      "$[0].path",
      "end in an index",
    ],
    ["two keys", [{ t: "CreateObject", table: "A", object: { int: "1", string: "1" } }], "$[0].object", "unknown member string"],
    ["an empty key", [{ t: "CreateObject", table: "A", object: {} }], "$[0].object", "must be null or have one of"],
    [
      "an ObjectId in upper case",
      [{ t: "CreateObject", table: "A", object: { objectid: "A".repeat(24) } }],
      "$[0].object.objectid",
      "lower-case",
    ],
    ["a value type that is none", [{ ...update, value: { type: "Uuid", value: "" } }], "$[0].value.type", "must be one of"],
    [
      "bits that are not the value",
      [{ ...update, value: { type: "Double", value: 1, bits: "0000000000000000" } }],
      "$[0].value.value",
      "not what the bits say",
    ],
    [
      "nanoseconds of the other sign",
      [{ ...update, value: { type: "Timestamp", s: "-1", ns: 5 } }],
      "$[0].value.ns",
      "sign of the seconds",
    ],
    ["a decimal that is none", [{ ...update, value: { type: "Decimal", value: "1,5" } }], "$[0].value.value", "decimal number"],
    ["a lone surrogate", [{ t: "EraseTable", table: "\ud800" }], "$[0].table", "lone surrogate"],
    [
      "a Mixed column that is not nullable",
      [{ t: "AddColumn", table: "A", field: "f", type: "Mixed", nullable: false, collection: "Single" }],
      "$[0].nullable",
      "must be true for Mixed",
    ],
  ];
  it.each(table)("%s", (_, json, place, what) => {
    try {
      parseReadable(json);
    } catch (error) {
      if (!(error instanceof ReadableChangesetError)) throw error;
      expect(error.place).toBe(place);
      expect(error.what).toContain(what);
      return;
    }
    expect.fail("nothing was raised");
  });

  it("whatever JSON comes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          expect(parseReadable(json)).toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(ReadableChangesetError);
        }
      }),
    );
  });
});
