import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideGrant, fullAccess, noAccess, type Access, type GrantFlags, type GrantQuestion } from "../../../src/rules/grants.ts";

const flag = fc.constantFrom(true, false, null);
const grant = fc.option(fc.record<GrantFlags>({ mayRead: flag, mayWrite: flag, mayManage: flag }), { nil: undefined });
const access = fc.record<Access>({ mayRead: fc.boolean(), mayWrite: fc.boolean(), mayManage: fc.boolean() });
const question = fc.record<GrantQuestion>({
  isAdmin: fc.boolean(),
  isOwner: fc.boolean(),
  isClaimed: fc.boolean(),
  own: grant,
  everybody: grant,
  openPartitions: access,
});

const stranger: GrantQuestion = {
  isAdmin: false,
  isOwner: false,
  isClaimed: true,
  own: undefined,
  everybody: undefined,
  openPartitions: fullAccess,
};
const flags = (mayRead: boolean | null, mayWrite: boolean | null, mayManage: boolean | null): GrantFlags => ({
  mayRead,
  mayWrite,
  mayManage,
});

describe("decideGrant (D1)", () => {
  test("admins and owners have everything, whatever is recorded", () => {
    fc.assert(
      fc.property(question, (asked) => {
        expect(decideGrant({ ...asked, isAdmin: true })).toEqual(fullAccess);
        expect(decideGrant({ ...asked, isOwner: true })).toEqual(fullAccess);
      }),
      { seed: 20261122 },
    );
  });

  test("an own flag that is set decides alone", () => {
    let decided = 0;
    fc.assert(
      fc.property(question, (asked) => {
        const answer = decideGrant({ ...asked, isAdmin: false, isOwner: false, isClaimed: true });
        for (const key of ["mayRead", "mayWrite", "mayManage"] as const) {
          const own = asked.own?.[key] ?? null;
          if (own === null) continue;
          decided += 1;
          expect(answer[key]).toBe(own);
        }
      }),
      { seed: 20261122 },
    );
    expect(decided).toBeGreaterThan(50);
  });

  test.for([
    ["nobody is named: closed", undefined, undefined, noAccess],
    ["everybody may read", undefined, flags(true, null, null), { ...noAccess, mayRead: true }],
    ["everybody may write, this user may not", flags(null, false, null), flags(true, true, null), { ...noAccess, mayRead: true }],
    ["everybody may not, this user may", flags(true, true, null), flags(false, false, false), { ...fullAccess, mayManage: false }],
  ] as const)("%s", ([, own, everybody, expected]) => {
    expect(decideGrant({ ...stranger, own, everybody })).toEqual(expected);
  });

  test("a partition that nobody has claimed is as open as the realm says", () => {
    const openPartitions = { mayRead: true, mayWrite: false, mayManage: false };
    expect(decideGrant({ ...stranger, isClaimed: false, openPartitions })).toEqual(openPartitions);
  });
});
