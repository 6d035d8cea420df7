import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sameValue } from "../../../src/changeset/equality.ts";
import { bitsOfDouble, bitsOfFloat } from "../../../src/changeset/floating.ts";
import { intKey, stringKey } from "../../../src/changeset/key.ts";
import type { Payload } from "../../../src/changeset/model.ts";
import { valueIdentity } from "../../../src/merge/value-identity.ts";

const small = fc.bigInt({ min: -2n, max: 2n });
const payload: fc.Arbitrary<Payload> = fc.oneof(
  small.map((value): Payload => ({ type: "Int", value })),
  fc.boolean().map((value): Payload => ({ type: "Bool", value })),
  fc.constantFrom("", "0", "1", "true", "é").map((value): Payload => ({ type: "String", value })),
  fc.uint8Array({ maxLength: 2, max: 2 }).map((value): Payload => ({ type: "Binary", value })),
  fc.record({ seconds: small, nanoseconds: fc.nat({ max: 2 }) }).map((at): Payload => ({ type: "Timestamp", ...at })),
  fc.constantFrom(0, -0, 1, 1.5, Number.NaN, Infinity, -Infinity).map((value): Payload => ({ type: "Float", bits: bitsOfFloat(value) })),
  fc.constantFrom(0, -0, 1, 1.5, Number.NaN, Infinity, -Infinity).map((value): Payload => ({ type: "Double", bits: bitsOfDouble(value) })),
  fc
    .record({
      coefficient: fc.constantFrom(0n, 1n, 10n, 100n, 10n ** 34n, 10n ** 34n - 1n),
      exponent: fc.constantFrom(-2, -1, 0, 1, 6112, 9184, 9200, 9696, 9700),
      negative: fc.boolean(),
    })
    .map((value): Payload => ({ type: "Decimal", ...value })),
  fc
    .record({ table: fc.constantFrom("A", "A s"), key: fc.constantFrom(intKey(1n), stringKey("1"), stringKey("s1")) })
    .map((to): Payload => ({ type: "Link", ...to })),
  fc.constantFrom<Payload>({ type: "Null" }, { type: "List" }, { type: "ObjectValue" }),
);

test("two payloads share their identity exactly when they are the same value", () => {
  let same = 0;
  fc.assert(
    fc.property(payload, payload, (a, b) => {
      const identity = valueIdentity(a);
      expect(identity !== undefined && identity === valueIdentity(b)).toBe(sameValue(a, b));
      if (sameValue(a, b)) same++;
    }),
    { numRuns: 5000 },
  );
  expect(same).toBeGreaterThan(30);
});
