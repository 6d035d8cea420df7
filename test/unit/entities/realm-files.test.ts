import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultEntity } from "../../../src/accounts/entities/default-entity.ts";
import { compileEntity } from "../../../src/accounts/entities/model.ts";
import { checkRealmFiles, readRealmFiles, type WantedRealm } from "../../../src/accounts/realm-files/check.ts";
import type { RealmFile } from "../../../src/accounts/realm-files/diagnostic.ts";

const readFolder = (folder: string): readonly RealmFile[] => {
  const url = new URL(`../../seeds/kis/${folder}/`, import.meta.url);
  return readdirSync(url).map((path) => ({ path, text: readFileSync(new URL(path, url), "utf8") }));
};

const demand = (files: readonly RealmFile[]): readonly WantedRealm[] => {
  const result = readRealmFiles(files);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  return result.realms;
};

/** The findings in one file, as `line:column CODE`, and their messages. */
const findings = (text: string): readonly string[] =>
  checkRealmFiles([{ path: "iam/realms.yaml", text }]).map(({ line, column, code }) => `${line}:${column} ${code}`);
const messages = (text: string): string =>
  checkRealmFiles([{ path: "iam/realms.yaml", text }])
    .map(({ message }) => message)
    .join("\n");

describe("the files of the realms' seed, as written", () => {
  it("the default users entity is the built-in one", () => {
    const [users] = demand(readFolder("default"));
    expect(users?.entity.fields.map((field) => field.name)).toEqual(defaultEntity.fields.map((field) => field.name));
    const byName = new Map(defaultEntity.fields.map((field) => [field.name, field]));
    for (const field of users?.entity.fields ?? []) expect(field).toEqual(byName.get(field.name));
  });

  it("the default realm has its four providers", () => {
    const [users] = demand(readFolder("default"));
    expect(users).toMatchObject({ name: "users", isDefault: true, active: true });
    expect([...(users?.providers?.keys() ?? [])]).toEqual(["local-userpass", "o365", "passwordotp", "magicnumbers01"]);
  });

  it("id for identity, e-mail and mobile for authentication", () => {
    const [customers] = demand(readFolder("two-fields"));
    const entity = customers === undefined ? undefined : compileEntity(customers.entity);
    expect(entity?.identity.name).toBe("id");
    expect(entity?.signInFields).toEqual(expect.arrayContaining(["email", "mobile"]));
    expect(customers?.settings.signInFields).toEqual(entity?.signInFields);
  });

  it("a custom entity extends the default one", () => {
    const [customers] = demand(readFolder("customers"));
    const fields = new Map(customers?.entity.fields.map((field) => [field.name, field]));
    expect([...fields.keys()]).toEqual([...defaultEntity.fields.map((field) => field.name), "name", "username"]);
    expect(fields.get("name")).toMatchObject({ required: { by: "customers" }, nolog: true });
    expect(fields.get("password")).toMatchObject({ hash: { salt: "S$gsd#%" }, required: { message: "Name is required" } });
    expect(fields.get("email")).toMatchObject({ useForAuth: true, length: { min: 3, max: 255 } });
  });
});

const field = (lines: string): string => `entities:\n  - name: shop\n    fields:\n      - name: extra\n${lines}`;

describe("a wrong file is told by its place", () => {
  it.each([
    ["broken YAML", "realms:\n  shop: [\n", ["3:1 YAML_SYNTAX"]],
    ["a key twice", "realms:\n  shop: {}\n  shop: {}\n", ["3:3 DUPLICATE_KEY"]],
    ["a misspelt key", "realms:\n  shop:\n    activ: true\n", ["3:5 UNKNOWN_KEY"]],
    ["a misspelt section", "realm:\n  shop: {}\n", ["1:1 UNKNOWN_KEY"]],
    ["text for a flag", "realms:\n  shop:\n    active: yes please\n", ["3:13 WRONG_TYPE"]],
    ["a list for a mapping", "realms:\n  - shop\n", ["2:3 WRONG_TYPE"]],
    ["a Cyrillic letter in a realm", "realms:\n  s\u04bbop: {}\n", ["2:3 BAD_NAME"]],
    ["realms that differ by case", "realms:\n  shop: {}\n  Shop: {}\n", ["3:3 DUPLICATE_NAME"]],
    ["an unknown entity", "realms:\n  shop:\n    entity: custmers\n", ["3:13 UNKNOWN_ENTITY"]],
    ["an unknown provider", "realms:\n  shop:\n    providers:\n      - pasword\n", ["4:9 UNKNOWN_PROVIDER"]],
    ["a provider twice", "realms:\n  shop:\n    providers: [password, password]\n", ["3:27 DUPLICATE_NAME"]],
    ["a wrong provider's setting", "providers:\n  password:\n    config: { autoConfirm: maybe }\n", ["2:3 BAD_SETTING"]],
    ["a defined provider of no known type", "providers:\n  mine:\n    type: pasword\n", ["3:11 UNKNOWN_PROVIDER"]],
    ["a provider in code that there is not", "realms:\n  a:\n    providers: [custom/nowhere]\n", ["3:17 UNKNOWN_PROVIDER"]],
    ["two defaults", "realms:\n  a: { default: true }\n  b: { default: true }\n", ["3:3 TWO_DEFAULTS"]],
    ["an inactive default", "realms:\n  a:\n    default: true\n    active: false\n", ["4:5 DEFAULT_INACTIVE"]],
    ["an unknown setting", "realms:\n  a:\n    settings:\n      realmRequird: true\n", ["4:7 UNKNOWN_KEY"]],
    ["a setting of a wrong type", "realms:\n  a:\n    settings:\n      realmRequired: maybe\n", ["4:22 BAD_SETTING"]],
    ["an entity twice", "entities:\n  - name: a\n  - name: a\n", ["3:11 DUPLICATE_NAME"]],
    ["an entity without a name", "entities:\n  - fields: []\n", ["2:5 MISSING"]],
    [
      "a field twice",
      "entities:\n  - name: a\n    fields:\n      - { name: x, type: string }\n      - { name: x, type: string }\n",
      ["5:17 DUPLICATE_NAME"],
    ],
    ["an unknown type", field("        type: strng\n"), ["5:15 UNKNOWN_TYPE"]],
    ["no type", field(""), ["4:15 MISSING"]],
    [
      "an inherited type changed",
      "entities:\n  - name: a\n    fields:\n      - name: email\n        type: number\n",
      ["4:15 TYPE_CONFLICT"],
    ],
    ["an unknown validation", field("        type: string\n        validations:\n          - type: uniqe\n"), ["7:19 UNKNOWN_VALIDATION"]],
    ["an unknown compliance", field("        type: string\n        compliances:\n          - type: nologs\n"), ["7:19 UNKNOWN_COMPLIANCE"]],
    [
      "min above max",
      field("        type: string\n        validations:\n          - type: length\n            min: 5\n            max: 3\n"),
      ["7:13 BAD_LENGTH"],
    ],
    ["a broken expression", field('        type: string\n        computed: firstname + "\n'), ["6:19 BAD_EXPRESSION"]],
    ["an unknown field in an expression", field("        type: string\n        computed: fistname\n"), ["6:19 BAD_EXPRESSION"]],
    ["a hashed field in an expression", field("        type: string\n        computed: password\n"), ["6:19 BAD_EXPRESSION"]],
    ["a default of another type", field("        type: boolean\n        defaultvalue: lower('x')\n"), ["6:23 BAD_DEFAULT"]],
    ["a circle of computed fields", field("        type: string\n        computed: extra\n"), ["2:11 COMPUTATION_CYCLE"]],
    [
      "two identities",
      field(
        "        type: string\n        attributes: { useforidentity: true }\n      - name: id\n        attributes: { useforidentity: true }\n",
      ),
      ["7:15 IDENTITY_COUNT"],
    ],
    ["a number to sign in by", field("        type: number\n        attributes: { useforauth: true }\n"), ["4:15 BAD_ATTRIBUTE"]],
    [
      "a password that is not text",
      "entities:\n  - name: a\n    fields:\n      - name: password\n        type: number\n",
      ["5:15 TYPE_CONFLICT"],
    ],
    [
      "a circle of entities",
      "entities:\n  - { name: a, inherits: b }\n  - { name: b, inherits: a }\n",
      ["2:26 INHERITANCE_CYCLE", "3:26 INHERITANCE_CYCLE"],
    ],
  ] as const)("%s", (_, text, expected) => expect(findings(text)).toEqual(expected));

  it("suggests what was probably meant", () => {
    expect(messages("realms:\n  shop:\n    activ: true\n")).toContain("did you mean active?");
    expect(messages("realms:\n  shop:\n    entity: uesrs\n")).toContain("did you mean users?");
    expect(messages(field("        type: strng\n"))).toContain("did you mean string?");
  });

  it("names circles and look-alike letters", () => {
    expect(messages("entities:\n  - { name: a, inherits: b }\n  - { name: b, inherits: a }\n")).toContain("a → b → a");
    expect(messages("realms:\n  s\u04bbop: {}\n")).toContain("U+04BB, which only looks like a plain letter");
  });

  it("tells all findings of all files, in the order of the files", () => {
    const found = checkRealmFiles([
      { path: "b.yaml", text: "realms:\n  x: { activ: true }\n" },
      { path: "a.yaml", text: "entities:\n  - nme: y\n" },
    ]);
    expect(found.map(({ file, code }) => `${file} ${code}`)).toEqual(["b.yaml UNKNOWN_KEY", "a.yaml UNKNOWN_KEY", "a.yaml MISSING"]);
  });
});

describe("bombs", () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${["b", "c", "d", "e", "f", "g", "h"]
    .map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefg"[index]}`).join(", ")}]`)
    .join("\n")}\n`;

  it.each([
    ["aliases of aliases", bomb],
    ["a deep nest", `realms: ${"[".repeat(60)}${"]".repeat(60)}`],
    ["a huge file", `# ${"x".repeat(300_000)}`],
    ["many nodes", `realms: [${"a,".repeat(30_000)}a]`],
  ])("%s are refused in little time", (_, text) => {
    const started = performance.now();
    expect(findings(text).map((finding) => finding.split(" ")[1])).toContain("YAML_LIMIT");
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("brackets without end are refused, by the parser or by the limit", () => {
    expect(findings("[".repeat(100_000))[0]).toMatch(/YAML_(LIMIT|SYNTAX)$/);
  });
});

describe("whatever the text", () => {
  it("checking ends with findings or realms, never with a fault", () => {
    const words = fc.constantFrom(
      "realms",
      "entities",
      "name",
      "fields",
      "- ",
      ": ",
      "\n  ",
      "\n",
      "users",
      "&a ",
      "*a",
      "{",
      "}",
      "[",
      "]",
      "'",
      "|",
      "type",
      "true",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 4 })), { maxLength: 40 }), (parts) => {
        const result = readRealmFiles([{ path: "x.yaml", text: parts.join("") }]);
        return result.ok || result.diagnostics.every(({ line, column }) => line >= 1 && column >= 1);
      }),
      { numRuns: 1000 },
    );
  });
});
