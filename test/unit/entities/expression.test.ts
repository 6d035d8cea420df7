import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate, expressionLimits, fieldsOf, parseExpression, type ExpressionScope } from "../../../src/accounts/entities/expression.ts";

const scope = (fields: Readonly<Record<string, string | number | boolean | null>> = {}): ExpressionScope => ({
  now: Date.UTC(2026, 10, 22),
  ulid: () => "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  field: (name) => new Map(Object.entries(fields)).get(name) ?? null,
});

const valueOf = (source: string, fields: Readonly<Record<string, string | number | boolean | null>> = {}): unknown => {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${parsed.problem} at ${parsed.offset}`);
  return evaluate(parsed.expression, scope(fields));
};

describe("expressions of defaultvalue and computed", () => {
  it.each([
    ["ulid()", "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    ["now()", "2026-11-22T00:00:00.000Z"],
    ["'{}'\n", "{}"],
    ["true\n", true],
    ["false", false],
    ["null", null],
    ["-1.5", -1.5],
    ["1 + 2 + 3", 6],
    ["1 + 'x'", "1x"],
    ["\"a\\\"b\" + 'c\\'d'", "a\"bc'd"],
    ["(1 + 2) + 'x'", "3x"],
    ["upper(trim('  a ')) + lower('B')", "Ab"],
    ["coalesce(missing, '', 'x')", "x"],
    ["missing + 'x'", "x"],
  ])("%j is %j", (source, value) => expect(valueOf(source)).toBe(value));

  it("joins the seed's display name", () => {
    const source = 'firstname + " " + middlename + " " + lastname\n';
    expect(valueOf(source, { firstname: "Ada", middlename: "King", lastname: "Lovelace" })).toBe("Ada King Lovelace");
    const parsed = parseExpression(source);
    expect(parsed.ok ? [...fieldsOf(parsed.expression)] : []).toEqual(["firstname", "middlename", "lastname"]);
  });

  it.each([
    ["", 0],
    ["a +", 3],
    ["'a", 0],
    ["a b", 2],
    ["(a", 2],
    ["a)", 1],
    ["eval('x')", 0],
    ["constructor.constructor('x')", 11],
    ["a; b", 1],
    ["lower()", 0],
    ["lower('a', 'b')", 0],
    ["`a`", 0],
    ["{}", 0],
    ["a[0]", 1],
    ["a = b", 2],
  ])("%j is refused at character %i", (source, offset) => {
    expect(parseExpression(source)).toMatchObject({ ok: false, offset });
  });

  it("is bounded in length, depth and result", () => {
    expect(parseExpression("a".repeat(expressionLimits.sourceLength + 1)).ok).toBe(false);
    expect(parseExpression("(".repeat(50) + "a" + ")".repeat(50))).toMatchObject({ ok: false, problem: "nested too deeply" });
    const doubled = Array.from({ length: 200 }, () => "x").join("+");
    expect(String(valueOf(doubled, { x: "y".repeat(4000) }))).toHaveLength(expressionLimits.resultLength);
  });

  it("names of the platform are fields that are not set", () => {
    for (const name of ["constructor", "__proto__", "globalThis", "process", "toString"]) expect(valueOf(name)).toBeNull();
  });

  it("whatever the text: a result or a place, in no time", () => {
    let read = 0;
    const parts = fc.constantFrom("a", "lower", "(", ")", "+", "'", '"', " ", "1", ",", "ulid()", "true", "\\", "coalesce(");
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string({ maxLength: 3 })), { maxLength: 30 }), (words) => {
        const source = words.join("");
        const parsed = parseExpression(source);
        if (!parsed.ok) return parsed.offset >= 0 && parsed.offset <= source.length;
        read += 1;
        const value = evaluate(parsed.expression, scope({ a: "b" }));
        return value === null || ["string", "number", "boolean"].includes(typeof value);
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(50);
  });
});
