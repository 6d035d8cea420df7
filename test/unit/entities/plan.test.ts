import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultEntity } from "../../../src/accounts/entities/default-entity.ts";
import { readRealmFiles, type WantedRealm } from "../../../src/accounts/realm-files/check.ts";
import { describeStep, planRealmFiles, type CurrentRealm, type Step } from "../../../src/accounts/realm-files/plan.ts";
import { realmSettings } from "../../../src/accounts/settings.ts";

const fresh: Omit<CurrentRealm, "name"> = {
  isDefault: false,
  active: false,
  entity: defaultEntity,
  providers: new Map([["local-userpass", {}]]),
  settings: realmSettings.parse({}),
};

const wantedOf = (text: string): readonly WantedRealm[] => {
  const result = readRealmFiles([{ path: "realms.yaml", text }]);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  return result.realms;
};

/** What a store holds after a step, as the repositories would have it. */
const carryOut = (realms: ReadonlyMap<string, CurrentRealm>, step: Step): ReadonlyMap<string, CurrentRealm> => {
  const realm = realms.get(step.realm) ?? { ...fresh, name: step.realm };
  const change = (changes: Partial<CurrentRealm>): ReadonlyMap<string, CurrentRealm> =>
    new Map([...realms, [step.realm, { ...realm, ...changes }]]);
  switch (step.kind) {
    case "create realm":
      return change({});
    case "set entity":
      return change({ entity: step.entity });
    case "set provider":
      return change({ providers: new Map([...realm.providers, [step.type, step.config ?? realm.providers.get(step.type) ?? {}]]) });
    case "disable provider":
      return change({ providers: new Map([...realm.providers].filter(([type]) => type !== step.type)) });
    case "change settings":
      return change({ settings: realmSettings.parse({ ...realm.settings, ...step.settings }) });
    case "activate":
      return change({ active: true });
    case "deactivate":
      return change({ active: false });
    case "make default":
      return new Map([...realms].map(([name, stored]) => [name, { ...stored, isDefault: name === step.realm }]));
  }
};

const run = (wanted: readonly WantedRealm[], current: ReadonlyMap<string, CurrentRealm>) => {
  const steps = planRealmFiles([...current.values()], wanted, fresh);
  return { steps, after: steps.reduce(carryOut, current) };
};

/** Realm files drawn at random: two realms, with or without what a realm may have. */
const files = fc
  .array(
    fc.record({
      active: fc.boolean(),
      entity: fc.constantFrom("users", "staff"),
      providers: fc.option(fc.uniqueArray(fc.constantFrom("password", "anonymous", "o365", "magicnumbers01"), { maxLength: 3 })),
      realmRequired: fc.option(fc.boolean()),
      config: fc.boolean(),
    }),
    { minLength: 2, maxLength: 2 },
  )
  .map((realms) => {
    const lines = realms.map(({ active, entity, providers, realmRequired }, index) => {
      const settings = realmRequired === null ? "" : `\n    settings: { realmRequired: ${realmRequired} }`;
      const list = providers === null ? "" : `\n    providers: [${providers.join(", ")}]`;
      return `  r${index}:\n    active: ${active}\n    entity: ${entity}${list}${settings}`;
    });
    const config = realms[0]?.config === true ? "\nproviders:\n  password: { type: password, config: { autoConfirm: false } }" : "";
    return `realms:\n${lines.join("\n")}${config}\nentities:\n  - name: staff\n    fields:\n      - { name: room, type: string }\n`;
  });

describe("the plan that leads from stored realms to wanted ones", () => {
  it("is empty once it was carried out, from wherever it started", () => {
    let steps = 0;
    fc.assert(
      fc.property(files, files, (first, second) => {
        const before = run(wantedOf(first), new Map()).after;
        const change = run(wantedOf(second), before);
        steps += change.steps.length;
        expect(run(wantedOf(second), change.after).steps).toEqual([]);
      }),
      { numRuns: 60 },
    );
    expect(steps).toBeGreaterThan(20);
  });

  it("may be cut short anywhere and carried on, and lets nobody into a realm that is half made", () => {
    fc.assert(
      fc.property(files, fc.nat({ max: 12 }), (text, done) => {
        const wanted = wantedOf(text);
        const { steps, after } = run(wanted, new Map());
        const half = steps.slice(0, done).reduce(carryOut, new Map<string, CurrentRealm>());
        for (const [index, step] of steps.entries()) {
          if (step.kind === "activate")
            expect(steps.findLastIndex((other) => other.realm === step.realm && other.kind !== "make default")).toBe(index);
        }
        expect(run(wanted, half).after).toEqual(after);
      }),
      { numRuns: 60 },
    );
  });

  it("leaves realms alone that no file names", () => {
    const other: CurrentRealm = { ...fresh, name: wantedOf("realms: { other: {} }\n")[0]!.name };
    expect(planRealmFiles([other], wantedOf("realms: { shop: {} }\n"), fresh).map(({ realm }) => realm)).toEqual(["shop", "shop"]);
  });

  it("makes another realm the default last, and tells each step in a line", () => {
    const steps = planRealmFiles([], wantedOf("realms:\n  a: { default: true, providers: [] }\n  b: {}\n"), fresh);
    expect(steps.map(describeStep)).toEqual([
      "create the realm a",
      "a: disable the provider local-userpass",
      "a: let users in",
      "create the realm b",
      "b: let users in",
      "make a the default realm",
    ]);
  });
});
