import { expect, test } from "vitest";
import page from "../../../docs/management.md?raw";
import { call } from "./support.ts";

interface Example {
  readonly request: string;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

const examples: readonly Example[] = [...page.matchAll(/```http\n([\s\S]*?)```/g)].map(([, text = ""]) => {
  const [asked = "", answered = ""] = text.split("\n\n");
  const [request = "", ...body] = asked.split("\n");
  const [status = "", ...answer] = answered.trim().split("\n");
  return {
    request,
    body: body.length === 0 ? undefined : JSON.parse(body.join("\n")),
    status: Number(status),
    answer: answer.length === 0 ? {} : JSON.parse(answer.join("\n")),
  };
});

/** Values that answers gave for `<name>`. */
const known = new Map<string, string>();

const fill = (text: string): string => text.replace(/<(\w+)>/g, (_match, name: string) => known.get(name) ?? `<${name}>`);

/** Takes from an answer what the example calls `<name>` for the first time. */
const learn = (expected: unknown, given: unknown): void => {
  if (typeof expected === "string") {
    const name = /^<(\w+)>$/.exec(expected)?.[1];
    if (name !== undefined && !known.has(name)) known.set(name, String(given));
  } else if (typeof expected === "object" && expected !== null && typeof given === "object" && given !== null) {
    for (const [key, value] of Object.entries(expected)) learn(value, Reflect.get(given, key));
  }
};

test("the page has examples", () => {
  expect(examples.length).toBeGreaterThan(10);
});

test.each(examples.map((example) => [example.request, example] as const))("%s", async (_title, { request, body, status, answer }) => {
  const [method = "", path = ""] = fill(request).split(" ");
  const given = await call(path, { method, ...(body === undefined ? {} : { text: fill(JSON.stringify(body)) }) });
  expect(given.status, given.text).toBe(status);
  learn(answer, given.json);
  expect(given.json).toMatchObject(JSON.parse(fill(JSON.stringify(answer))) as object);
});
