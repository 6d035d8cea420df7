import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { looksLikeEmail, maxLoginNameLength, normaliseLoginName, splitRealmPrefix } from "../../../src/accounts/names.ts";

const keyOf = (typed: string): string | undefined => {
  const result = normaliseLoginName(typed);
  return result.ok ? result.name.key : undefined;
};

describe("login names", () => {
  test.for([
    ["Kim@Example.ORG", "kim@example.org"],
    ["validEmail", "validemail"],
    ["jo\u0308rg@example.org", "j\u00f6rg@example.org"],
    ["+49 30".replace(" ", ""), "+4930"],
    [
      "\u0438\u0432\u0430\u043d@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
      "\u0438\u0432\u0430\u043d@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
    ],
    ["\u592a\u90ce@example.org", "\u592a\u90ce@example.org"],
  ])("%s is stored as %s", ([typed, stored]) => {
    expect(keyOf(typed ?? "")).toBe(stored);
  });

  test.for([
    ["", "empty"],
    ["x".repeat(maxLoginNameLength + 1), "too long"],
    ["a b@example.org", "contains characters that cannot be seen"],
    ["a\u00a0b", "contains characters that cannot be seen"],
    ["a\u200db", "contains characters that cannot be seen"],
    ["\u202egro.elpmaxe@mik", "contains characters that cannot be seen"],
    ["a\u0000b", "contains characters that cannot be seen"],
    ["\ud800", "contains characters that cannot be seen"],
    ["p\u0430ypal@example.org", "mixes look-alike letters"],
    ["\u03bfmega\u0430", "mixes look-alike letters"],
    ["\uff4bim@example.org", "mixes look-alike letters"],
    ["\ufb01sh@example.org", "mixes look-alike letters"],
    ["\u{1d424}im@example.org", "mixes look-alike letters"],
  ])("%j is refused: %s", ([typed, problem]) => {
    expect(normaliseLoginName(typed ?? "")).toEqual({ ok: false, problem });
  });

  test("the stored form is its own stored form, and writing a name otherwise changes nothing", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (typed) => {
        const key = keyOf(typed);
        if (key === undefined) return;
        accepted += 1;
        expect(keyOf(key)).toBe(key);
        expect(keyOf(typed.normalize("NFD"))).toBe(key);
      }),
      { numRuns: 2000, seed: 20261122 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test("an address is told from a name", () => {
    for (const address of ["kim@example.org", "k@localhost", "k+tag@a.b.c"]) expect(looksLikeEmail(address)).toBe(true);
    for (const name of ["kim", "@example.org", "kim@", "a@b@c", "kim@a..b", "kim@.org", `${"k".repeat(250)}@a.bc`])
      expect(looksLikeEmail(name)).toBe(false);
  });
});

describe("realms in names: myRealm:john (C9)", () => {
  test("the first delimiter splits; without one, or without a delimiter in the settings, no realm is named", () => {
    expect(splitRealmPrefix("myRealm:john", ":")).toEqual({ realm: "myRealm", name: "john" });
    expect(splitRealmPrefix("myRealm:john@sample.com", ":")).toEqual({ realm: "myRealm", name: "john@sample.com" });
    expect(splitRealmPrefix("myRealm::jo:hn", "::")).toEqual({ realm: "myRealm", name: "jo:hn" });
    expect(splitRealmPrefix("john", ":")).toEqual({ realm: undefined, name: "john" });
    expect(splitRealmPrefix("myRealm:john", null)).toEqual({ realm: undefined, name: "myRealm:john" });
    expect(splitRealmPrefix(":john", ":")).toEqual({ realm: "", name: "john" });
  });
});
