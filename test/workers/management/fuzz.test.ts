import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { managementErrors } from "../../../src/errors/management.ts";
import { openApiDocument } from "../../../src/worker/management/reference.ts";
import { management } from "../../../src/worker/management/index.ts";
import { call, makeRealm, nameOf, newPerson, type Answer, type Call } from "./support.ts";

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

// What clients get, as they get it: JSON.
const document = JSON.parse(JSON.stringify(openApiDocument(management, "test"))) as Document;

const resolve = (schema: Schema): Schema => {
  const name = schema.$ref?.replace("#/components/schemas/", "");
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

let deep: unknown = 1;
for (let depth = 0; depth < 100; depth += 1) deep = [deep];

/** What no sensible client sends, for a value whose type is not looked at. */
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.5,
  "",
  " ",
  "x".repeat(5000),
  "\u0000",
  "\ud800",
  "usеrs", // With a Cyrillic е.
  "ｕｓｅｒｓ", // Full-width letters.
  "a\u200bb", // A space of no width.
  "../../etc",
  "'; DROP TABLE users; --",
  "%00",
  [],
  ["x"],
  {},
  { __proto__: { admin: true } },
  { $ne: null },
  deep,
];

/** A third of them, another for each turn: all are tried many times over. */
const someOf = (turn: number): readonly unknown[] => odd.filter((_value, index) => index % 3 === turn % 3);

const oddTexts = (turn: number): readonly string[] =>
  someOf(turn).filter((value): value is string => typeof value === "string" && value.isWellFormed() && value !== "");

const tables = async (): Promise<readonly string[]> => {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name NOT LIKE 'd1_%'",
  ).run<{ name: string }>();
  return results.map(({ name }) => name);
};

let names: readonly string[] = [];
let ids: Readonly<Record<string, string>> = {};

/** All that the account store holds. */
const contents = async (): Promise<string> =>
  JSON.stringify((await env.DB.batch(names.map((name) => env.DB.prepare(`SELECT * FROM ${name}`)))).map(({ results }) => results));

const realm = nameOf("fuzzed");

beforeAll(async () => {
  await makeRealm(realm);
  names = await tables();
  const { userId, sessionId } = await newPerson(realm);
  ids = {
    realm,
    userId,
    sessionId,
    subject: userId,
    partition: "s%3Ap",
    application: "app",
    provider: "anon-user",
    secret: "secret",
    className: "Thing",
  };
});

const fill = (path: string, changed: Readonly<Record<string, string>> = {}): string =>
  `/api/v1${path.replace(/\{(\w+)\}/g, (_match, name: string) => changed[name] ?? ids[name] ?? "x")}`;

/** Every request that breaks the operation's description in one place. */
const requestsOf = ({
  path,
  method,
  operation,
}: (typeof operations)[number]): readonly { readonly path: string; readonly call: Call }[] => {
  const requests: { path: string; call: Call }[] = [];
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const properties = schema === undefined ? {} : (resolve(schema).properties ?? {});
  if (schema !== undefined) {
    const texts = ["", "{", "[]", "null", "1", '"x"', '{"a":1,"a":2}', `{"x":"${"y".repeat(300_000)}"}`, "{} {}", "\ufeff{}"];
    for (const text of texts) requests.push({ path: fill(path), call: { method, text, headers: { "Content-Type": "application/json" } } });
    requests.push({ path: fill(path), call: { method, text: "{}", headers: { "Content-Type": "text/plain" } } });
    requests.push({ path: fill(path), call: { method, text: "a=b", headers: { "Content-Type": "application/x-www-form-urlencoded" } } });
    for (const [index, name] of [...Object.keys(properties), "unknown", "__proto__", "constructor"].entries()) {
      for (const value of someOf(index + path.length))
        requests.push({ path: fill(path), call: { method, text: `{${JSON.stringify(name)}:${JSON.stringify(value)}}` } });
      requests.push({ path: fill(path), call: { method, text: `{${JSON.stringify(name)}:1,${JSON.stringify(name)}:2}` } });
    }
  }
  for (const [index, parameter] of (operation.parameters ?? []).entries()) {
    for (const text of oddTexts(index + path.length)) {
      const encoded = encodeURIComponent(text);
      if (parameter.in === "path") requests.push({ path: fill(path, { [parameter.name]: encoded }), call: { method, body: schema && {} } });
      if (parameter.in === "query") requests.push({ path: `${fill(path)}?${parameter.name}=${encoded}`, call: { method } });
      if (parameter.in === "header" && /^[\x20-\x7e]*$/.test(text)) {
        requests.push({ path: fill(path), call: { method, body: {}, headers: { [parameter.name]: text } } });
      }
    }
  }
  return requests;
};

const checkProblem = ({ headers, json, text }: Answer, place: string): void => {
  expect(headers.get("Content-Type"), place).toBe("application/problem+json");
  expect(json, place).toMatchObject({ code: expect.any(String), detail: expect.any(String), requestId: expect.any(String) });
  const { code } = json as { code: string };
  expect(Object.keys(managementErrors), place).toContain(code);
  if (code === "InputInvalid") expect(text, place).toContain('"place":"');
};

/** What a fresh start would need an empty server for, or would follow for a while. */
const unfuzzed: ReadonlySet<string> = new Set(["setUp"]);

test.each(
  operations
    .filter(({ operation }) => !unfuzzed.has(operation.operationId))
    .map((operation) => [operation.operation.operationId, operation] as const),
)(
  "%s names what is wrong and stores nothing",
  async (_id, operation) => {
    let before = await contents();
    let refused = 0;
    const requests = requestsOf(operation);
    for (const request of requests) {
      const answer = await call(request.path, request.call);
      const place = `${request.call.method} ${request.path.slice(0, 200)} ${String(request.call.text).slice(0, 200)}: ${answer.status} ${answer.text.slice(0, 500)}`;
      expect(answer.status, place).toBeLessThan(500);
      const after = await contents();
      if (answer.status >= 400) {
        refused += 1;
        checkProblem(answer, place);
        expect(after === before, `${place} changed the store`).toBe(true);
      }
      before = after;
    }
    // A route without any input has nothing to be wrong.
    expect(refused > 0 || requests.length === 0 || operation.method === "GET").toBe(true);
  },
  60_000,
);

test("what the store is compared by tells of a change", async () => {
  const before = await contents();
  expect(await contents()).toBe(before);
  await call(fill("/realms/{realm}/secrets/counted"), { method: "PUT", body: { value: "x" } });
  expect(await contents()).not.toBe(before);
});

test("the first admin's making refuses bad input, and stays possible", async () => {
  for (const body of [{}, { username: "x" }, { username: "a\u200bb", password: "long enough" }, { username: "x", password: "short" }]) {
    expect((await call("/api/v1/setup", { method: "POST", token: undefined, body })).status).toBe(400);
  }
  expect((await call("/api/v1/setup", { token: undefined })).json).toEqual({ needed: true });
});
