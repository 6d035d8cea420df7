import { describe, expect, test } from "vitest";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { foundPartition, untilIdle } from "../support/partition.ts";
import { adminToken, ask, call, makeRealm, nameOf, newPerson } from "./support.ts";

interface Page {
  readonly items: readonly Record<string, unknown>[];
  readonly next: string | null;
}

/** All items of a list, page by page. */
const listAll = async (path: string, limit: number): Promise<readonly Record<string, unknown>[]> => {
  const items: Record<string, unknown>[] = [];
  let cursor = "";
  for (;;) {
    const page = await ask<Page>(`${path}${path.includes("?") ? "&" : "?"}limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = page.next;
  }
};

const post = (path: string, body: unknown, headers: Record<string, string> = {}) => call(path, { method: "POST", body, headers });

describe("the first admin [C13]", () => {
  test("is made by the first visit, once, and not again when that user is gone", async () => {
    const make = (username: string) =>
      call("/api/v1/setup", { method: "POST", token: undefined, body: { username, password: "long enough" } });
    expect((await call("/api/v1/setup", { token: undefined })).json).toEqual({ needed: true });
    const answers = await Promise.all([make("first@example.org"), make("second@example.org")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const made = answers.find(({ status }) => status === 201);
    if (made === undefined) throw new Error("nobody became the first admin");
    const { realm, userId } = made.json as { realm: string; userId: string };
    expect((await ask<Page>(`/api/v1/realms/${realm}/admins`)).items).toMatchObject([{ userId, scope: "server" }]);
    expect(await listAll(`/api/v1/realms/${realm}/users`, 50)).toHaveLength(1);
    const minted = await ask<{ accessToken: string }>(`/api/v1/realms/${realm}/users/${userId}/tokens`, { method: "POST" });
    expect(await ask("/api/v1/principal", { token: minted.accessToken })).toEqual({ kind: "admin", realm, userId, scope: "server" });
    await ask(`/api/v1/realms/${realm}/users/${userId}`, { method: "DELETE" });
    expect((await call("/api/v1/setup", { token: undefined })).json).toEqual({ needed: false });
    expect((await make("third@example.org")).status).toBe(409);
  });
});

describe("lists", () => {
  test("give every item once, whatever the page's size, also while items are added behind", async () => {
    await makeRealm("paged");
    for (let index = 0; index < 7; index += 1) await post("/api/v1/realms/paged/partitions", { key: `s:${index}` });
    for (const limit of [1, 2, 3, 7, 200]) {
      expect((await listAll("/api/v1/realms/paged/partitions", limit)).map(({ key }) => key)).toEqual(
        [0, 1, 2, 3, 4, 5, 6].map((index) => `s:${index}`),
      );
    }
    const first = await ask<Page>("/api/v1/realms/paged/partitions?limit=5");
    await post("/api/v1/realms/paged/partitions", { key: "s:7" });
    expect((await ask<Page>(`/api/v1/realms/paged/partitions?limit=5&cursor=${first.next}`)).items.map(({ key }) => key)).toEqual([
      "s:5",
      "s:6",
      "s:7",
    ]);
  });

  test("can be searched and filtered", async () => {
    const realm = nameOf("searched");
    await makeRealm(realm);
    await post(`/api/v1/realms/${realm}/users`, { username: "Kim@Example.org", password: "long enough" });
    const { userId } = await newPerson(realm);
    await call(`/api/v1/realms/${realm}/users/${userId}/state`, { method: "PUT", body: { state: "locked" } });
    expect(await listAll(`/api/v1/realms/${realm}/users?search=KIM@`, 10)).toMatchObject([{ profile: { name: "Kim@Example.org" } }]);
    expect(await listAll(`/api/v1/realms/${realm}/users?state=locked`, 10)).toMatchObject([{ id: userId }]);
    expect(await listAll(`/api/v1/realms/${realm}/users?search=nobody`, 10)).toEqual([]);
  });

  test("refuse a cursor that is not theirs, by its place", async () => {
    const { status, json } = await call("/api/v1/realms?cursor=zzz");
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: "InputInvalid", problems: [{ place: "query.cursor" }] });
  });
});

describe("an idempotency key", () => {
  test("gives the first answer again, and refuses another request", async () => {
    await makeRealm("once");
    const headers = { "Idempotency-Key": "key-1" };
    const first = await post("/api/v1/realms/once/users", { tags: ["a"] }, headers);
    const again = await post("/api/v1/realms/once/users", { tags: ["a"] }, headers);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await listAll("/api/v1/realms/once/users", 10)).toHaveLength(1);
    const other = await post("/api/v1/realms/once/users", { tags: ["b"] }, headers);
    expect(other).toMatchObject({ status: 422, json: { code: "IdempotencyKeyReused" } });
  });

  test("is given back when the request was refused, so that it can be sent again in order", async () => {
    await makeRealm("again");
    const headers = { "Idempotency-Key": "key-2" };
    expect((await post("/api/v1/realms/again/users", { tags: 1 }, headers)).status).toBe(400);
    expect((await post("/api/v1/realms/again/users", { tags: ["a"] }, headers)).status).toBe(201);
  });

  test("of many equal requests at once makes one", async () => {
    await makeRealm("race");
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post("/api/v1/realms/race/users", {}, { "Idempotency-Key": "key-3" })),
    );
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(await listAll("/api/v1/realms/race/users", 10)).toHaveLength(1);
  });
});

describe("realms", () => {
  test("settings are changed one by one, limits too, and a misspelt one is refused", async () => {
    await makeRealm("set", { displayName: "Set", limits: { connections: 5 } });
    const settings = await ask<Record<string, unknown>>("/api/v1/realms/set/settings", {
      method: "PATCH",
      body: { limits: { partitions: 3 } },
    });
    expect(settings).toMatchObject({
      displayName: "Set",
      limits: { connections: 5, partitions: 3, storedBytes: null },
      realmDelimiter: ":",
    });
    const refused = await call("/api/v1/realms/set/settings", { method: "PATCH", body: { realmRequird: true } });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain("realmRequird");
  });

  test("the default realm is neither deleted nor without another to take its place", async () => {
    expect(await call("/api/v1/realms/users", { method: "DELETE" })).toMatchObject({ status: 409, json: { code: "DefaultRealmStays" } });
  });

  test("a name is given once, to a realm or an application", async () => {
    await makeRealm("taken");
    expect(await post("/api/v1/realms", { name: "taken" })).toMatchObject({ status: 409, json: { code: "NameTaken" } });
    await post("/api/v1/realms/taken/applications", { id: "my-app", name: "My app" });
    expect((await post("/api/v1/realms", { name: "my-app" })).status).toBe(409);
    expect((await call("/api/client/v2.0/app/my-app/location", { token: undefined })).status).toBe(200);
    await ask("/api/v1/realms/taken/applications/my-app", { method: "DELETE" });
    expect((await call("/api/v1/realms/taken/applications/my-app", { method: "DELETE" })).status).toBe(404);
  });
});

test("a secret's value is written and never read", async () => {
  await makeRealm("secretive");
  const value = "very-secret-value-0123456789";
  const path = "/api/v1/realms/secretive/secrets/mine";
  const answers = [
    await call(path, { method: "PUT", body: { value } }),
    await call(path, { method: "PUT", body: { value: `${value}2` } }),
    await call("/api/v1/realms/secretive/secrets"),
    await call("/api/v1/realms/secretive/audit"),
    await call("/api/v1/realms/secretive"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(answers.map(({ text }) => text.includes(value))).toEqual(answers.map(() => false));
});

test("what is done stands in the audit log with who did it", async () => {
  const realm = nameOf("audited");
  await makeRealm(realm);
  const admin = await newPerson(realm, "realm");
  const { userId } = await newPerson(realm);
  await ask(`/api/v1/realms/${realm}/partitions/s%3Ap/grants/${userId}`, { method: "PUT", token: admin.token, body: { mayRead: true } });
  await ask(`/api/v1/realms/${realm}/users/${userId}/state`, { method: "PUT", body: { state: "disabled" } });
  const { items } = await ask<Page>(`/api/v1/realms/${realm}/audit`);
  expect(items.slice(0, 2)).toMatchObject([
    { actor: "admin-token", action: "user.state", target: userId, detail: { state: "disabled" } },
    { actor: admin.userId, action: "grant.set", target: "s:p", detail: { subject: userId, mayRead: true } },
  ]);
});

test("a forgotten user keeps id and grants, and loses all that tells who it was", async () => {
  const realm = nameOf("forgetful");
  await makeRealm(realm);
  const made = await ask<{ id: string }>(`/api/v1/realms/${realm}/users`, {
    method: "POST",
    body: { username: "kim@example.org", password: "long enough", tags: ["vip"], meta: { phone: "1" }, customData: { team: "red" } },
  });
  await ask(`/api/v1/realms/${realm}/partitions/s%3Ap/grants/${made.id}`, { method: "PUT", body: { mayRead: true } });
  const left = await ask(`/api/v1/realms/${realm}/users/${made.id}/forget`, { method: "POST" });
  expect(left).toMatchObject({ id: made.id, profile: {}, fields: {}, tags: [], meta: {}, customData: null });
  expect(JSON.stringify(await ask(`/api/v1/realms/${realm}/users/${made.id}`))).not.toContain("kim");
  expect((await ask<Page>(`/api/v1/realms/${realm}/grants?subject=${made.id}`)).items).toHaveLength(1);
});

describe("a partition", () => {
  test("shows its size, devices, classes and objects", async () => {
    const partition = stringPartition("shown/with: signs");
    const founder = await foundPartition(partition);
    founder.device.make();
    founder.device.uploadAll();
    await untilIdle(partition);
    const path = `/api/v1/realms/users/partitions/${encodeURIComponent(partition.key)}`;
    const report = await ask<{ report: Record<string, unknown> }>(path);
    expect(report).toMatchObject({ key: partition.key, ownerId: null, report: { serving: true, clientFiles: 1, historyBase: 0 } });
    expect(report.report.databaseBytes).toBeGreaterThan(0);
    expect((await ask<Page>(`${path}/clients`)).items).toMatchObject([{ ident: 2, ownerId: founder.user.userId, expired: false }]);
    const { items: classes } = await ask<Page>(`${path}/classes`);
    const [first] = classes.filter(({ objects }) => Number(objects) > 1);
    if (first === undefined) throw new Error("the founder made no objects");
    const objects = await listAll(`${path}/classes/${String(first.name)}/objects`, 1);
    expect(objects).toHaveLength(Number(first.objects));
    expect(new Set(objects.map(({ pk }) => JSON.stringify(pk))).size).toBe(objects.length);
    expect(await call(`${path}/classes/Nothing/objects`)).toMatchObject({ status: 404, json: { code: "ClassUnknown" } });
    expect(await ask(`${path}/compact`, { method: "POST" })).toMatchObject({ historyBase: expect.any(Number) });
    founder.connection.close();
  });

  test("that nobody opened has no object made for it", async () => {
    expect((await call("/api/v1/realms/users/partitions/s%3Anever")).status).toBe(404);
    await post("/api/v1/realms/users/partitions", { key: "s:entered" });
    expect(await ask("/api/v1/realms/users/partitions/s%3Aentered")).toMatchObject({ key: "s:entered", report: null });
    expect(await ask("/api/v1/realms/users/partitions/s%3Aentered/clients")).toEqual({ items: [], next: null });
  });
});

test("the status counts what the server holds, and the admin token is told from near misses", async () => {
  expect(await ask("/api/v1/status")).toMatchObject({ version: expect.any(String), realms: expect.any(Number) });
  for (const token of ["", adminToken.slice(1), `${adminToken}x`, adminToken.toUpperCase()]) {
    expect((await call("/api/v1/status", { token })).status).toBe(401);
  }
});
