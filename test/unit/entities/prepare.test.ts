import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultEntity } from "../../../src/accounts/entities/default-entity.ts";
import { compileEntity, type EntityDefinition, type FieldDefinition } from "../../../src/accounts/entities/model.ts";
import { prepareUser, redact, type Author, type FieldIssue, type PreparedUser } from "../../../src/accounts/entities/prepare.ts";
import { findDuplicateKey } from "../../../src/accounts/strict-json.ts";

const users = compileEntity(defaultEntity);
const scope = { now: Date.UTC(2026, 10, 22), ulid: () => "01ARZ3NDEKTSV4RRFFQ69G5FAV" };

const complete = { email: "Ada@Sample.com", firstname: "Ada", lastname: "Lovelace" };

const demand = (input: Record<string, unknown>, author: Author = "administrator", current?: Record<string, unknown>): PreparedUser => {
  const result = prepareUser(users, input, author, scope, current);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.user;
};

const issues = (input: Record<string, unknown>, author: Author = "administrator", current?: Record<string, unknown>): readonly string[] => {
  const result = prepareUser(users, input, author, scope, current);
  return result.ok ? [] : result.issues.map(({ field, code }: FieldIssue) => `${field} ${code}`);
};

const withField = (field: Partial<FieldDefinition> & { readonly name: string; readonly type: string }): EntityDefinition => ({
  name: "custom",
  fields: [...defaultEntity.fields, { useForAuth: false, useForIdentity: false, nolog: false, ...field }],
});

describe("users of the default entity", () => {
  it("are completed by defaults and computed fields", () => {
    const { values, state, tags, meta, properties, fields } = demand(complete);
    expect(values).toMatchObject({ displayname: "Ada Lovelace", active: true, locked: false, meta: {}, properties: {} });
    expect({ state, tags, meta, properties }).toEqual({ state: "normal", tags: [], meta: {}, properties: {} });
    expect(fields).toEqual({ email: "Ada@Sample.com", firstname: "Ada", lastname: "Lovelace", displayname: "Ada Lovelace" });
  });

  it("are found by normalised values of unique fields and of fields for signing in", () => {
    expect(demand({ ...complete, mobile: "+4930", username: "ADA" }).keys).toEqual([
      { field: "email", value: "ada@sample.com" },
      { field: "mobile", value: "+4930" },
      { field: "username", value: "ada" },
    ]);
  });

  it("need all that the entity requires, from an administrator", () => {
    expect(issues({})).toEqual(["email presence", "firstname presence", "lastname presence"]);
    expect(issues({ email: "", firstname: null, lastname: "Lovelace" })).toContain("firstname presence");
  });

  it("need only a name for signing in from themselves", () => {
    expect(issues({}, "self")).toEqual(["email presence"]);
    expect(issues({ email: "a@sample.com" }, "self")).toEqual([]);
  });

  it("are refused with every mistake at once, in the entity's order", () => {
    const wrong = { lastname: "x", email: "nope", nickname: "x", mobile: 7, tags: "x", properties: [], displayname: "x", active: "yes" };
    expect(issues({ ...wrong, firstname: "Ada" })).toEqual([
      "nickname unknown",
      "email custom.email",
      "mobile type",
      "properties type",
      "lastname length.min",
      "displayname computed",
      "active type",
      "tags type",
    ]);
  });

  it("are recomputed at a change, and keep what is not named", () => {
    const { values } = demand(complete);
    const current = { ...values, id: "u1" };
    expect(demand({ middlename: "King" }, "self", current).values).toMatchObject({
      displayname: "Ada King Lovelace",
      lastname: "Lovelace",
    });
    expect(demand(current, "self", current).values).toEqual(current);
    expect(issues({ id: "u2" }, "administrator", current)).toEqual(["id final"]);
    expect(issues({ firstname: null }, "administrator", current)).toEqual(["firstname presence"]);
  });

  it("an administrator locks and disables by fields, the user cannot", () => {
    expect(demand({ ...complete, locked: true }).state).toBe("locked");
    expect(demand({ ...complete, active: false }).state).toBe("disabled");
    expect(issues({ email: "a@sample.com", locked: false }, "self")).toEqual(["locked protected"]);
  });

  it("never have their password among their values", () => {
    const { values, fields, toHash, keys } = demand({ ...complete, password: "my-password" });
    expect(JSON.stringify({ values, fields, keys })).not.toContain("my-password");
    expect(toHash).toEqual([{ field: "password", text: "my-password", salt: undefined }]);
  });
});

describe("fields of every type", () => {
  const read = (type: string, value: unknown): unknown => {
    const result = prepareUser(compileEntity(withField({ name: "extra", type })), { ...complete, extra: value }, "administrator", scope);
    return result.ok ? result.user.values["extra"] : result.issues.map(({ message }) => message);
  };

  it.each([
    ["string", "e\u0301", "\u00e9"],
    ["number", 1.5, 1.5],
    ["boolean", false, false],
    ["date", "2026-11-22T01:00:00+01:00", "2026-11-22T00:00:00.000Z"],
    ["ulid", "01arz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    ["object", { a: [1] }, { a: [1] }],
    ["array(number)", [1, 2], [1, 2]],
    ["array(array(string))", [["a"], []], [["a"], []]],
  ])("%s takes %j", (type, value, stored) => expect(read(type, value)).toEqual(stored));

  it.each([
    ["string", 1],
    ["string", "\ud800"],
    ["string", "x".repeat(10_001)],
    ["number", "1"],
    ["number", Number.POSITIVE_INFINITY],
    ["boolean", 0],
    ["date", "22.11.2026"],
    ["date", "2026-02-31T25:00:00Z"],
    ["ulid", "8".repeat(26)],
    ["object", []],
    ["object", JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`)],
    ["array(number)", [1, "2"]],
    ["array(string)", Array.from({ length: 1001 }, () => "x")],
  ])("%s refuses %j", (type, value) => expect(read(type, value)).toHaveLength(1));
});

describe("custom entities", () => {
  it("a final field is set once", () => {
    const entity = compileEntity(withField({ name: "number", type: "string", final: { message: "number is final" } }));
    const first = prepareUser(entity, { number: "1" }, "administrator", scope, { ...complete, active: true });
    expect(first.ok).toBe(true);
    const second = prepareUser(entity, { number: "2" }, "administrator", scope, { ...complete, active: true, number: "1" });
    expect(second.ok ? [] : second.issues).toMatchObject([{ field: "number", code: "final", message: "number is final" }]);
  });

  it("computed fields follow each other, whatever their order", () => {
    const base = withField({ name: "shout", type: "string", computed: "upper(greeting)" });
    const greeting = {
      name: "greeting",
      type: "string",
      computed: '"hello " + firstname',
      useForAuth: false,
      useForIdentity: false,
      nolog: false,
    };
    const entity = compileEntity({ ...base, fields: [...base.fields, greeting] });
    const result = prepareUser(entity, complete, "administrator", scope);
    expect(result.ok ? result.user.values["shout"] : undefined).toBe("HELLO ADA");
  });
});

describe("nolog", () => {
  it("hides what must not be logged, what is hashed, what is computed from either, and what is not known", () => {
    const values = { ...demand({ ...complete, mobile: "+4930" }).values, password: "my-password", typo: "secret" };
    const shown = redact(users, values);
    expect(shown).toMatchObject({ active: true, locked: false, email: "[redacted]", displayname: "[redacted]", password: "[redacted]" });
    for (const secret of ["Ada", "Lovelace", "+4930", "my-password", "secret", "sample.com"])
      expect(JSON.stringify(shown)).not.toContain(secret);
  });
});

describe("a name that stands twice in JSON", () => {
  it.each([
    ['{"a":1,"a":2}', ["a"]],
    ['{"a":{"b":1,"c":[{"d":1,"d":2}]}}', ["a", "c", "[]", "d"]],
    ['{"a":1,"\\u0061":2}', ["a"]],
    ['{"a" : 1 , "a" : 2}', ["a"]],
  ])("%s", (json, path) => {
    const found = findDuplicateKey(json);
    expect(found).toBeDefined();
    if (path.length > 0) expect(found?.path).toEqual(path);
  });

  it.each(['{"a":"a","b":["a","a"],"c":{"a":1}}', '["a","a"]', '"a"', "{}", '{"a\\"b":1,"a":"\\"a\\":"}'])("not in %s", (json) => {
    expect(findDuplicateKey(json)).toBeUndefined();
  });

  it("not in anything that was written by JSON.stringify", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => findDuplicateKey(JSON.stringify(value)) === undefined),
      { numRuns: 2000 },
    );
  });
});
