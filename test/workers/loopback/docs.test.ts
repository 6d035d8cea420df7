import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { checkRealmFiles } from "../../../src/accounts/realm-files/check.ts";
import page from "../../../docs/realms.md?raw";

/** The fenced blocks of a language, in the order of the page. */
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1] ?? "");

/** A request as the page writes it: the line, headers, an empty line, the body. */
const send = async (text: string): Promise<Response> => {
  const [head = "", body = ""] = text.split("\n\n");
  const [line = "", ...headers] = head.split("\n");
  const [method = "", path = ""] = line.split(" ");
  const pairs = headers.map((header): [string, string] => {
    const [name = "", value = ""] = header.split(": ");
    return [name, value.replace("<admin token>", env.ADMIN_TOKEN)];
  });
  return exports.default.fetch(`http://reeve.test${path}`, { method, headers: pairs, body });
};

/** The names in an answer, at every depth, without what differs each time. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
};

it("the realm files of docs/realms.md are right", () => {
  const [first = "", remote = "", ...rest] = blocks("yaml");
  expect(rest).toEqual([]);
  expect(checkRealmFiles([{ path: "docs", text: first }])).toEqual([]);
  const partners = { path: "entities", text: "entities:\n  - name: partners\n" };
  expect(checkRealmFiles([{ path: "docs", text: remote }, partners])).toEqual([]);
});

it("its requests are answered as it says", async () => {
  const [files = ""] = blocks("yaml");
  const setUp = {
    files: [
      { path: "docs", text: files },
      { path: "more", text: "realms:\n  myRealm: {}\n" },
    ],
  };
  const pushed = await send(`POST /api/v1/realm-files\nAuthorization: Bearer <admin token>\n\n${JSON.stringify(setUp)}`);
  expect(pushed.status).toBe(200);
  const answers = blocks("json");
  const requests = blocks("http");
  expect(requests).toHaveLength(answers.length);
  for (const [index, request] of requests.entries()) {
    const answer = await send(request);
    const json: unknown = await answer.json();
    expect([request.split("\n")[0], answer.status, shapeOf(json)]).toEqual([
      request.split("\n")[0],
      200,
      shapeOf(JSON.parse(answers[index] ?? "")),
    ]);
  }
});
