import { beforeAll, expect, test, vi } from "vitest";
import { createLog } from "../../../src/platform/logging.ts";
import { exports } from "cloudflare:workers";
import { ask, call, makeRealm, nameOf, newPerson } from "./support.ts";

interface Page {
  readonly items: readonly Record<string, unknown>[];
  readonly next: string;
}

const setLevel = (level: string | null) => ask("/api/v1/logs/level", { method: "PUT", body: { level } });
const say = (level: "info" | "debug" | "warn", message: string, details: Record<string, string> = {}) =>
  createLog("off", "test").log(level, message, details);
const read = (query: string) => ask<Page>(`/api/v1/logs?${query}`);
const messages = ({ items }: Page) => items.map(({ message }) => message);

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  await setLevel("debug");
});

test("lines are kept, in order, and found by level, realm and what they are about", async () => {
  say("info", "first", { realm: "one", requestId: "r-1" });
  say("debug", "second", { realm: "two" });
  say("warn", "third", { realm: "one" });
  await vi.waitFor(async () => expect(messages(await read(""))).toEqual(expect.arrayContaining(["first", "second", "third"])), {
    timeout: 5000,
  });
  const all = messages(await read("")).filter((message) => ["first", "second", "third"].includes(String(message)));
  expect(all).toEqual(["first", "second", "third"]);
  expect(messages(await read("level=warn"))).toContain("third");
  expect(messages(await read("level=warn"))).not.toContain("first");
  expect(messages(await read("level=off"))).toEqual([]);
  expect(messages(await read("realm=two"))).toEqual(["second"]);
  expect(messages(await read("about=r-1"))).toEqual(["first"]);
  expect(messages(await read("since=2999-01-01T00:00:00Z"))).toEqual([]);
});

test("pages go on where the one before ended, and the end can be followed", async () => {
  say("info", "a");
  say("info", "b");
  await vi.waitFor(async () => expect(messages(await read(""))).toContain("b"), { timeout: 5000 });
  const seen: unknown[] = [];
  let page = await read("limit=1");
  while (page.items.length > 0) {
    expect(page.items).toHaveLength(1);
    seen.push(...messages(page));
    page = await read(`limit=1&cursor=${page.next}`);
  }
  expect(seen.slice(-2)).toEqual(["a", "b"]);
  const followed = read(`wait=20&cursor=${page.next}`);
  say("info", "news");
  expect(messages(await followed)).toEqual(["news"]);
});

test("the level can be changed while the service runs", async () => {
  expect(await ask("/api/v1/logs/level")).toEqual({ level: "debug", chosen: true });
  await setLevel("error");
  say("warn", "not said");
  await setLevel("debug");
  say("info", "said");
  await vi.waitFor(async () => expect(messages(await read(""))).toContain("said"), { timeout: 5000 });
  expect(messages(await read(""))).not.toContain("not said");
  expect(await setLevel(null)).toEqual({ level: "off", chosen: false });
  await setLevel("debug");
});

test("secrets do not reach the log, whatever detail they stand in", async () => {
  const person = await newPerson(nameOf("users"));
  say("info", "leaky", {
    password: "hunter22",
    path: `/x?baas_at=${person.token}&y=1`,
    header: `Bearer ${person.token}`,
    note: `saw ${person.token}`,
  });
  await vi.waitFor(async () => expect(messages(await read(""))).toContain("leaky"), { timeout: 5000 });
  const { items } = await read("");
  const line = JSON.stringify(items.find(({ message }) => message === "leaky"));
  expect(line).toContain("[redacted]");
  expect(line).not.toContain("hunter22");
  expect(line).not.toContain(person.token);
  expect(line).toContain("&y=1");
});

test("a fault of the service is found in the log by the request id that the caller was told", async () => {
  const refused = await exports.default.fetch("http://reeve.test/api/v1/realms", { headers: { Authorization: "Bearer x" } });
  expect(((await refused.json()) as { requestId: string }).requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test("the admin of a realm sees that realm's lines only", async () => {
  await makeRealm("logged");
  const admin = await newPerson(nameOf("logged"), "realm");
  say("info", "mine", { realm: "logged" });
  say("info", "theirs", { realm: "users" });
  await vi.waitFor(async () => expect(messages(await read(""))).toContain("theirs"), { timeout: 5000 });
  expect(messages(await ask<Page>("/api/v1/realms/logged/logs", { token: admin.token }))).toEqual(["mine"]);
  expect((await call("/api/v1/logs", { token: admin.token })).status).toBe(403);
});
