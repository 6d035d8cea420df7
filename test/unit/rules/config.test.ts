import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { severityOf } from "../../../src/rules/config/diagnostic.ts";
import { parseRules, type RulesResult } from "../../../src/rules/config/parse-rules.ts";

const partition = (read: unknown, type = "string"): string =>
  JSON.stringify({
    sync: {
      state: "enabled",
      database_name: "crm",
      partition: { key: "realm_id", type, required: false, permissions: { read, write: false } },
    },
  });

const role = (parts: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ defaultRoles: [{ name: "r", applyWhen: {}, read: true, ...parts }] });

/** Findings as `code@line:column`. */
const found = ({ diagnostics }: RulesResult): readonly string[] => diagnostics.map(({ code, at }) => `${code}@${at.line}:${at.column}`);

describe("partition permissions (rules-and-config §2.3)", () => {
  const examples: readonly unknown[] = [
    true,
    { "%%true": true },
    {},
    { "%%partition": "PUBLIC" },
    { "%%partition": { $in: ["PUBLIC (NA)", "PUBLIC (EMEA)"] } },
    { "%%user.id": "5f4863e4d49bd2191ff1e623" },
    { "%%user.id": { $in: ["5f4863e4d49bd2191ff1e623"] } },
    { "%%user.custom_data.readPartitions": "%%partition" },
    { "%%user.data.writePartitions": "%%partition" },
    { "%%true": { "%function": { name: "canReadPartition", arguments: ["%%partition"] } } },
    { $or: [{ "%%partition": "a" }, { "%%user.type": "server" }] },
  ];
  it.each(examples.map((example) => [JSON.stringify(example), example] as const))("reads %s without a finding", (_, example) => {
    const result = parseRules(partition(example));
    expect(result.diagnostics).toEqual([]);
    expect(result.configuration).toMatchObject({
      mode: "partition",
      key: "realm_id",
      type: "string",
      write: { kind: "constant", value: false },
    });
  });

  it("reads an array-valued expansion compared with the partition as one test", () => {
    const { configuration } = parseRules(partition({ "%%user.custom_data.readPartitions": "%%partition" }));
    expect(configuration).toMatchObject({
      read: {
        kind: "test",
        subject: { kind: "expansion", expansion: { name: "user.custom_data", path: ["readPartitions"] } },
        conditions: [{ kind: "compare", operator: "$eq", right: { kind: "expansion", expansion: { name: "partition" } } }],
      },
    });
  });

  it.each([
    ["long", 42, []],
    ["long", { $numberLong: "42" }, []],
    ["long", "42", ["LiteralTypeMismatch"]],
    ["objectId", { $oid: "5f4863e4d49bd2191ff1e623" }, []],
    ["objectId", "5f4863e4d49bd2191ff1e623", ["LiteralTypeMismatch"]],
    ["uuid", { $in: [{ $uuid: "01234567-89ab-cdef-0123-456789abcdef" }, 1] }, ["LiteralTypeMismatch"]],
    ["string", null, []],
  ] as const)("[§2.2] compares a %s partition with %j by type", (type, literal, codes) => {
    expect(parseRules(partition({ "%%partition": literal }, type)).diagnostics.map(({ code }) => code)).toEqual(codes);
  });

  it("refuses a field of a document, a foreign expansion and an unknown type, and gives no configuration", () => {
    expect(found(parseRules(partition({ owner_id: "%%user.id" })))).toEqual(["DocumentFieldForbidden@1:136"]);
    expect(found(parseRules(partition({ "%%root.a": 1 })))).toEqual(["ForbiddenConstruct@1:136"]);
    const wrong = parseRules(partition(true, "int"));
    expect(found(wrong)).toEqual(["UnknownPartitionType@1:87"]);
    expect(wrong.configuration).toBeUndefined();
  });
});

describe("roles of flexible sync (rules-and-config §3)", () => {
  it.each([
    ["own data", { defaultRoles: [{ name: "o", applyWhen: {}, read: { owner_id: "%%user.id" }, write: { owner_id: "%%user.id" } }] }],
    ["admin", { defaultRoles: [{ name: "a", applyWhen: { "%%user.custom_data.isGlobalAdmin": true }, read: true, write: true }] }],
    [
      "news feed",
      {
        defaultRoles: [
          {
            name: "f",
            applyWhen: {},
            read: { $or: [{ owner_id: "%%user.id" }, { owner_id: { $in: ["%%user.custom_data.subscriptions"] } }] },
            write: { owner_id: "%%user.id" },
          },
        ],
      },
    ],
    [
      "collaboration",
      { defaultRoles: [{ name: "c", applyWhen: {}, write: { $or: [{ owner_id: "%%user.id" }, { collaborators: "%%user.id" }] } }] },
    ],
    [
      "custom and default roles",
      { rules: { Employees: [{ name: "self", applyWhen: {}, read: {}, write: { employee_id: "%%user.id" } }] }, defaultRoles: [] },
    ],
    ["the bare form", { Employees: [{ name: "self", applyWhen: {}, read: {}, write: false }] }],
    ["a class called rules", { rules: [{ name: "self", applyWhen: {}, read: true, write: false }] }],
    ["empty containers", { rules: {}, defaultRoles: {} }],
    [
      "conversions in applyWhen",
      { defaultRoles: [{ name: "x", applyWhen: { "%%user.id": { "%oidToString": "%%user.custom_data.id" } }, read: true }] },
    ],
  ])("reads the recipe “%s” without a finding", (_, document) => {
    const result = parseRules(JSON.stringify(document));
    expect(result.diagnostics).toEqual([]);
    expect(result.configuration?.mode).toBe("flexible");
  });

  it("reads the bare form as roles of classes, and comments as nothing", () => {
    const { configuration, diagnostics } = parseRules(`{ "Employees": [{ "name": "self", "applyWhen": {}, "read": {}, // as true
      "write": { "employee_id": "%%user.id" } /* own */ }] }`);
    expect(diagnostics).toEqual([]);
    const roles = configuration?.mode === "flexible" ? configuration.roles : undefined;
    expect([...(roles?.collections.keys() ?? [])]).toEqual(["Employees"]);
    expect(roles?.defaults).toEqual([]);
  });

  const forbidden: Readonly<Record<string, readonly ["applyWhen" | "read" | "write", unknown]>> = {
    "%%this": ["read", { "%%this.owner": "x" }],
    "%%prev": ["write", { "%%prev.owner": "x" }],
    "%%request in applyWhen": ["applyWhen", { "%%request.ip": "x" }],
    "%%partition": ["read", { a: "%%partition" }],
    "%%partition in applyWhen": ["applyWhen", { "%%partition": "x" }],
    "%stringToOid in write": ["write", { a: { "%stringToOid": "%%user.id" } }],
    "%oidToString in read": ["read", { a: { "%oidToString": "%%user.id" } }],
    "%function in read": ["read", { "%%true": { "%function": { name: "f", arguments: [] } } }],
  };
  it.each(Object.entries(forbidden))("[§3.4] forbids %s", (_, [place, expression]) => {
    const result = parseRules(role({ [place]: expression }));
    expect(result.diagnostics.map(({ code }) => code)).toEqual(["ForbiddenConstruct"]);
    expect(result.configuration).toBeUndefined();
  });

  it("[§3.4] forbids a document's field in applyWhen, and permits values, environment and user data everywhere", () => {
    expect(parseRules(role({ applyWhen: { owner_id: "x" } })).diagnostics.map(({ code }) => code)).toEqual(["DocumentFieldForbidden"]);
    const everywhere = { "%%values.open": true, "%%environment.tag": "prod", "%%user.data.plan": { $ne: "free" }, "%%true": true };
    expect(parseRules(role({ applyWhen: everywhere, read: everywhere, write: everywhere })).diagnostics).toEqual([]);
  });

  it("[§9.3] reads fields only where they are queryable, _id always, by class where they are declared so", () => {
    const rules = { Task: [{ name: "r", applyWhen: {}, read: { _id: 1, status: "open", "owner.name": "x" }, write: false }] };
    const everywhere = parseRules(JSON.stringify({ flexible_sync: { queryable_fields_names: ["status"] }, rules }));
    expect(everywhere.diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ["FieldNotQueryable", '"owner" is not a queryable field.'],
    ]);
    const byClass = parseRules(
      JSON.stringify({ flexible_sync: { queryable_fields_names: { Task: ["status", "owner"], Note: [] } }, rules }),
    );
    expect(byClass.diagnostics).toEqual([]);
  });

  it("[§9.6–8] wants names, once each, reachable roles, and roles that give something", () => {
    const result = parseRules(`{
  "defaultRoles": [
    { "applyWhen": {}, "read": true },
    { "name": "a", "applyWhen": {}, "write": false },
    { "name": "a", "applyWhen": { "%%user.type": "server" }, "read": true }
  ]
}`);
    expect(found(result)).toEqual(["MissingKey@3:5", "RoleWithoutAccess@4:5", "RoleUnreachable@5:5", "RoleNameTaken@5:15"]);
  });

  it("[§9.5] calls only functions that exist, and suggests the nearest", () => {
    const result = parseRules(role({ applyWhen: { "%%true": { "%function": { name: "isAdmim" } } } }), {
      functions: new Set(["isAdmin", "other"]),
    });
    expect(result.diagnostics).toMatchObject([{ code: "UnknownFunction", suggestion: 'Did you mean "isAdmin"?' }]);
  });
});

/** What is read for `read` of a role. */
const readOf = (expression: unknown): unknown => {
  const { configuration, diagnostics } = parseRules(role({ read: expression }));
  expect(diagnostics).toEqual([]);
  return configuration?.mode === "flexible" ? configuration.roles.defaults[0]?.read : undefined;
};
const field = (...path: readonly string[]) => ({ kind: "field", path });
const equals = (right: unknown) => ({ kind: "compare", operator: "$eq", right });
const literal = (type: string, value?: unknown) => ({ kind: "literal", literal: value === undefined ? { type } : { type, value } });

describe("expressions (rules-and-config §4.1)", () => {
  it.each([
    ["null", null, literal("Null")],
    ["a whole number", 7, literal("Int", 7n)],
    ["a fraction", 0.5, { kind: "literal", literal: { type: "Double", bits: 0x3fe0000000000000n } }],
    ["a long", { $numberLong: "9223372036854775807" }, literal("Int", 9223372036854775807n)],
    [
      "a decimal",
      { $numberDecimal: "1.50" },
      { kind: "literal", literal: { type: "Decimal", coefficient: 150n, exponent: -2, negative: false } },
    ],
    ["an ObjectId", { $oid: "5F4863E4D49BD2191FF1E623" }, literal("ObjectId", "5f4863e4d49bd2191ff1e623")],
    ["a UUID", { $uuid: "01234567-89AB-cdef-0123-456789abcdef" }, literal("Uuid", "01234567-89ab-cdef-0123-456789abcdef")],
    [
      "a date",
      { $date: "1970-01-01T00:00:01.500Z" },
      { kind: "literal", literal: { type: "Timestamp", seconds: 1n, nanoseconds: 500_000_000 } },
    ],
    [
      "a date in milliseconds",
      { $date: { $numberLong: "-1" } },
      { kind: "literal", literal: { type: "Timestamp", seconds: 0n, nanoseconds: -1_000_000 } },
    ],
    ["bytes", { $binary: { base64: "AQI=", subType: "00" } }, literal("Binary", new Uint8Array([1, 2]))],
    ["a list", [1, "a"], { kind: "list", items: [literal("Int", 1n), literal("String", "a")] }],
    [
      "a document",
      { a: { b: 1 } },
      { kind: "document", members: new Map([["a", { kind: "document", members: new Map([["b", literal("Int", 1n)]]) }]]) },
    ],
    ["an expansion", "%%user.data.a.b", { kind: "expansion", expansion: { name: "user.data", path: ["a", "b"] } }],
  ])("reads %s as what it is", (_, value, right) => {
    expect(readOf({ f: value })).toEqual({ kind: "test", subject: field("f"), conditions: [equals(right)] });
  });

  it.each([
    ["$numberLong", "9223372036854775808"],
    ["$numberInt", "1.5"],
    ["$oid", "5f48"],
    ["$uuid", "5f48"],
    ["$date", "yesterday"],
    ["$numberDecimal", "many"],
    ["$binary", "AQI="],
  ])("refuses %s: %s", (key, value) => {
    expect(parseRules(role({ read: { f: { [key]: value } } })).diagnostics).toMatchObject([
      { code: "WrongShape", message: expect.stringContaining(key) },
    ]);
  });

  it("joins the entries of an object by and; $and, $or, $nor and $not and their synonyms keep their terms", () => {
    const a = { kind: "test", subject: field("a"), conditions: [equals(literal("Int", 1n))] };
    const b = { kind: "test", subject: field("b", "c"), conditions: [equals(literal("Bool", true))] };
    const [one, other] = [{ a: 1 }, { "b.c": true }];
    expect(readOf({ ...one, ...other })).toEqual({ kind: "all", of: [a, b] });
    for (const [operator, kind] of [
      ["and", "all"],
      ["or", "any"],
      ["nor", "none"],
    ] as const) {
      for (const mark of ["$", "%"]) expect(readOf({ [mark + operator]: [one, other] })).toEqual({ kind, of: [a, b] });
    }
    expect(readOf({ $not: one })).toEqual({ kind: "not", of: a });
    expect(readOf({ $or: [] })).toEqual({ kind: "any", of: [] });
    expect(readOf({ $and: [{}] })).toEqual({ kind: "all", of: [{ kind: "constant", value: true }] });
  });

  it("holds all operators behind one field, and their negation", () => {
    expect(readOf({ age: { $gte: 18, $lt: 65, $nin: [20], $exists: true, $not: { $eq: 30 } } })).toEqual({
      kind: "test",
      subject: field("age"),
      conditions: [
        { kind: "compare", operator: "$gte", right: literal("Int", 18n) },
        { kind: "compare", operator: "$lt", right: literal("Int", 65n) },
        { kind: "in", negated: true, list: { kind: "list", items: [literal("Int", 20n)] } },
        { kind: "exists", expected: true },
        { kind: "not", conditions: [equals(literal("Int", 30n))] },
      ],
    });
  });

  it("reads functions and conversions with their arguments in applyWhen", () => {
    const { configuration } = parseRules(
      role({
        applyWhen: {
          "%%true": { "%function": { name: "f", arguments: ["%%user.id", 1] } },
          "%%values.owner": { "%stringToOid": "%%user.id" },
        },
      }),
    );
    const userId = { kind: "expansion", expansion: { name: "user.id" } };
    expect(configuration?.mode === "flexible" ? configuration.roles.defaults[0]?.applyWhen : undefined).toEqual({
      kind: "all",
      of: [
        {
          kind: "test",
          subject: { kind: "expansion", expansion: { name: "true" } },
          conditions: [equals({ kind: "function", name: "f", parameters: [userId, literal("Int", 1n)] })],
        },
        {
          kind: "test",
          subject: { kind: "expansion", expansion: { name: "values", path: ["owner"] } },
          conditions: [equals({ kind: "convert", to: "ObjectId", operand: userId })],
        },
      ],
    });
  });

  it("[§4.3] warns of literals that an expansion can never equal", () => {
    const codes = (expression: unknown) => parseRules(role({ applyWhen: expression })).diagnostics.map(({ code }) => code);
    expect(codes({ "%%user.id": { $oid: "5f4863e4d49bd2191ff1e623" } })).toEqual(["LiteralTypeMismatch"]);
    expect(codes({ "%%user.id": { $in: ["a", 1, null] } })).toEqual(["LiteralTypeMismatch", "LiteralTypeMismatch"]);
    expect(codes({ "%%user.type": "admin" })).toEqual(["LiteralTypeMismatch"]);
    expect(codes({ "%%true": "true" })).toEqual(["LiteralTypeMismatch"]);
    expect(codes({ "%%user.type": { $not: { $eq: "server" } }, "%%user.custom_data.age": 3, "%%user.id": { $exists: true } })).toEqual([]);
  });

  it("reads when changed roles take effect, and whether defaults come after a class's own roles", () => {
    const { configuration } = parseRules(JSON.stringify({ rules: {}, fallThroughToDefault: true, rolesRefresh: "next-session" }));
    expect(configuration).toMatchObject({ roles: { fallThroughToDefault: true, refresh: "next-session" } });
    expect(parseRules(JSON.stringify({ rules: {} })).configuration).toMatchObject({
      roles: { fallThroughToDefault: false, refresh: "immediate" },
    });
  });
});

describe("bad input", () => {
  it.each(
    [
      ["", "JsonSyntax"],
      ["{", "JsonSyntax"],
      ["[]", "WrongShape"],
      ['{"defaultRoles":[],}', "JsonSyntax"],
      ['{"defaultRoles":[],"defaultRoles":[]}', "DuplicateKey"],
      [`${'{"a":['.repeat(40)}1${"]}".repeat(40)}`, "NestedTooDeeply"],
      ["[".repeat(200_000), "NestedTooDeeply"],
      [`"${"x".repeat(1024 * 1024)}"`, "FileUnreadable"],
      [role({ read: { a: { $in: "x" } } }), "OperandWrong"],
      [role({ read: { a: { $exists: "yes" } } }), "OperandWrong"],
      [role({ read: { $or: {} } }), "OperandWrong"],
      [role({ read: { $in: ["a"] } }), "OperandWrong"],
      [role({ read: { a: { $gte: 1, b: 2 } } }), "WrongShape"],
      [role({ read: { a: { $regex: "x" } } }), "UnknownOperator"],
      [role({ read: { a: { $oid: "x" } } }), "WrongShape"],
      [role({ read: { a: "%%usr.id" } }), "UnknownExpansion"],
      [role({ read: { a: "%%user.name" } }), "UnknownExpansion"],
      [role({ read: "yes" }), "WrongShape"],
    ].map(([text = "", code = ""]) => [text.slice(0, 60), code, text] as const),
  )("%s is %s", (_, code, text) => {
    const result = parseRules(text);
    expect(result.diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
    expect(result.configuration).toBeUndefined();
  });

  it("never throws, and never uses what has an error", () => {
    const words = fc.constantFrom(
      "rules",
      "defaultRoles",
      "sync",
      "partition",
      "permissions",
      "read",
      "write",
      "applyWhen",
      "name",
      "$or",
      "$in",
      "%%user.id",
      "%function",
      "$not",
      "$oid",
    );
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 6 },
        fc.boolean(),
        fc.string(),
        fc.integer(),
        words,
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(words, tie("node"), { maxKeys: 4 }),
      ),
    })).node;
    let used = 0;
    fc.assert(
      fc.property(value, (document) => {
        const { configuration, diagnostics } = parseRules(JSON.stringify(document));
        if (configuration !== undefined) used += 1;
        expect(configuration === undefined).toBe(diagnostics.some(({ code }) => severityOf(code) === "error"));
      }),
      { numRuns: 500 },
    );
    expect(used).toBeGreaterThan(0);
  });
});
