import { beforeAll, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import type { Accounts, RealmAccounts } from "../../../src/accounts/accounts.ts";
import type { RealmName } from "../../../src/accounts/ids.ts";
import { hashPassword } from "../../../src/accounts/passwords.ts";
import type { User } from "../../../src/accounts/repositories/users.ts";
import { createWorld, everyProvider, login, realmNamed, register, type World } from "./support.ts";

let world: World;
let realm: RealmAccounts;
let count = 0;

beforeAll(async () => {
  world = await createWorld();
});

beforeEach(async () => {
  count += 1;
  realm = await world.realm({ name: `repositories-${count}`, providers: everyProvider });
});

const newUser = async (input: Parameters<RealmAccounts["users"]["create"]>[0] = {}): Promise<User> => {
  const created = await realm.users.create(input);
  if (!created.ok) throw new Error(`conflict: ${created.conflict}`);
  return created.value;
};

describe("a query without a realm does not compile", () => {
  test("users and grants are reached through a checked realm name only", () => {
    expectTypeOf<Accounts>().not.toHaveProperty("users");
    expectTypeOf<Accounts>().not.toHaveProperty("grants");
    expectTypeOf<string>().not.toExtend<RealmName>();
    expectTypeOf<Accounts["inRealm"]>().parameter(0).toEqualTypeOf<RealmName>();
  });
});

describe("users", () => {
  test("are made with keys, identities and a password, all or nothing", async () => {
    const password = { username: "kim", displayName: "Kim", passwordHash: await hashPassword("correct horse") };
    const user = await newUser({
      fields: { firstname: "Kim" },
      tags: ["a"],
      keys: [
        { field: "email", value: "kim@example.org" },
        { field: "mobile", value: "+4930123" },
      ],
      identities: [{ provider: "oauth2-google", subject: "g-1" }],
      password,
    });
    expect(user).toMatchObject({
      realm: realm.realm,
      state: "normal",
      type: "normal",
      fields: { firstname: "Kim" },
      tags: ["a"],
      meta: {},
      customData: null,
    });
    for (const name of ["kim", "kim@example.org", "+4930123"])
      expect((await login(world, realm.realm, name, "correct horse")).status).toBe(200);

    const before = await realm.users.count();
    expect(await realm.users.create({ id: user.id })).toEqual({ ok: false, conflict: "id" });
    expect(await realm.users.create({ keys: [{ field: "email", value: "kim@example.org" }] })).toEqual({ ok: false, conflict: "key" });
    expect(await realm.users.create({ identities: [{ provider: "oauth2-google", subject: "g-1" }] })).toEqual({
      ok: false,
      conflict: "identity",
    });
    expect((await realm.users.create({ password })).ok).toBe(false);
    expect(await realm.users.count()).toBe(before);
  });

  test("an id is unique across realms (C1)", async () => {
    const user = await newUser();
    const other = await world.realm({ name: `other-${count}` });
    expect(await other.users.create({ id: user.id })).toEqual({ ok: false, conflict: "id" });
  });

  test("a name by which somebody signs in through a field cannot be registered by another", async () => {
    await newUser({ keys: [{ field: "mobile", value: "+4930123" }] });
    expect((await register(world, realm.realm, "+4930123", "correct horse")).status).toBe(409);
  });

  test("are listed page by page, by state, and by part of id, key or subject", async () => {
    const users = await Promise.all(
      ["ann", "bob", "cy"].map((name) => newUser({ keys: [{ field: "email", value: `${name}@example.org` }] })),
    );
    await newUser({ state: "locked", identities: [{ provider: "oauth2-apple", subject: "APPLE-7" }] });
    const first = await realm.users.list({ limit: 2 });
    const rest = await realm.users.list({ after: first[1]?.id ?? "" });
    const ids = [...first, ...rest].map((user) => user.id);
    expect(ids).toEqual(ids.toSorted());
    expect(ids.length).toBe(4);
    expect((await realm.users.list({ states: ["locked"] })).length).toBe(1);
    expect((await realm.users.list({ search: "BOB@" })).map((user) => user.id)).toEqual([users[1]?.id]);
    expect((await realm.users.list({ search: "apple" })).length).toBe(1);
    expect((await realm.users.list({ search: users[2]?.id ?? "" })).length).toBe(1);
    expect(await realm.users.list({ search: "%" })).toEqual([]);
  });

  test("a change replaces the members it has, and keys as a whole", async () => {
    const user = await newUser({ fields: { a: 1 }, tags: ["x"], keys: [{ field: "email", value: "old@example.org" }] });
    await newUser({ keys: [{ field: "email", value: "taken@example.org" }] });
    expect(await realm.users.update(user.id, { tags: ["y"] }, [{ field: "email", value: "new@example.org" }])).toMatchObject({
      ok: true,
      value: { fields: { a: 1 }, tags: ["y"] },
    });
    expect(await realm.users.findByKey(["email"], "old@example.org")).toBeUndefined();
    expect((await realm.users.findByKey(["mobile", "email"], "new@example.org"))?.id).toBe(user.id);
    expect(await realm.users.update(user.id, { tags: ["z"] }, [{ field: "email", value: "taken@example.org" }])).toEqual({
      ok: false,
      conflict: "key",
    });
    expect((await realm.users.find(user.id))?.tags).toEqual(["y"]);
  });
});

describe("guesses sent at once", () => {
  test("no more than the tolerated ones reach the password", async () => {
    await register(world, realm.realm, "kim@example.org", "correct horse");
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, guess) => login(world, realm.realm, "kim@example.org", `guess number ${guess}`)),
    );
    const statuses = answers.map((answer) => answer.status).toSorted();
    expect(statuses).toEqual([...Array.from({ length: 5 }, () => 401), ...Array.from({ length: 15 }, () => 429)]);
  });

  test("a blocked address does not use up another's tries for a name", async () => {
    const from = (address: string) => login(world, realm.realm, "lee@example.org", "wrong horse", { "cf-connecting-ip": address });
    for (let failure = 0; failure < 50; failure += 1) await realm.failures.charge([{ kind: "address", address: "2001:db8::1" }]);
    for (let round = 0; round < 8; round += 1) expect((await from("2001:db8::2")).status).toBe(429);
    expect((await from("198.51.100.1")).status).toBe(401);
  });
});

describe("first sign-ins at once", () => {
  test("end with one user", async () => {
    await register(world, realm.realm, "twin@example.org", "correct horse");
    const answers = await Promise.all(Array.from({ length: 4 }, () => login(world, realm.realm, "twin@example.org", "correct horse")));
    expect(new Set(answers.map((answer) => Object(answer.json).user_id)).size).toBe(1);
    expect(await realm.users.count()).toBe(1);
  });
});

describe("one-time codes", () => {
  test("digits: five tries, one use, one purpose, found by their subject", async () => {
    const issue = () => realm.codes.issue({ purpose: "sign-in-code", subject: "kim", form: "digits", lifeSeconds: 600 });
    const { token } = await issue();
    expect(token).toMatch(/^\d{6}$/);
    expect(await realm.codes.redeemFor("reset-password", "kim", token)).toBe(false);
    expect(await realm.codes.redeemFor("sign-in-code", "lee", token)).toBe(false);
    const won = await Promise.all(Array.from({ length: 3 }, () => realm.codes.redeemFor("sign-in-code", "kim", token)));
    expect(won.filter(Boolean).length).toBe(1);

    const second = await issue();
    const wrong = second.token === "000000" ? "000001" : "000000";
    for (let guess = 0; guess < 5; guess += 1) expect(await realm.codes.redeemFor("sign-in-code", "kim", wrong)).toBe(false);
    expect(await realm.codes.redeemFor("sign-in-code", "kim", second.token)).toBe(false);
  });
});

describe("settings of a realm", () => {
  test("are merged member by member and checked", async () => {
    await world.accounts.realms.update(realm.realm, { settings: { realmDelimiter: "/", refreshTokenSeconds: 3600 } });
    const updated = await world.accounts.realms.update(realm.realm, { settings: { refreshTokenSeconds: 7200 } });
    expect(updated?.settings).toMatchObject({ realmDelimiter: "/", refreshTokenSeconds: 7200, realmRequired: false });
    await expect(world.accounts.realms.update(realm.realm, { settings: { refreshTokenSeconds: 1 } })).rejects.toThrow();
    expect(await world.accounts.realms.update(realmNamed("missing"), { active: false })).toBeUndefined();
    expect(await world.accounts.realms.create({ name: realm.realm })).toBeUndefined();
  });

  test("a provider is added, changed and removed", async () => {
    const added = await realm.providers.set("custom-token", { config: { audience: "x" } });
    expect(added).toMatchObject({ type: "custom-token", name: "custom-token", disabled: false });
    expect(await realm.providers.set("custom-token", { disabled: true })).toMatchObject({
      id: added.id,
      disabled: true,
      config: { audience: "x" },
    });
    expect((await realm.providers.findById(added.id))?.type).toBe("custom-token");
    expect(await realm.providers.remove("custom-token")).toBe(true);
    expect(await realm.providers.remove("custom-token")).toBe(false);
  });

  test("secrets are listed without their values", async () => {
    expect(await realm.secrets.create("key", "value")).toMatchObject({ name: "key" });
    expect(await realm.secrets.create("key", "other")).toBeUndefined();
    expect(JSON.stringify(await realm.secrets.list())).not.toContain("value");
    expect(await realm.secrets.reveal("key")).toBe("value");
  });

  test("entities are kept as written", async () => {
    await realm.entities.set("customers", { fields: [{ name: "id" }] });
    await realm.entities.set("customers", { fields: [] });
    expect((await realm.entities.list()).map(({ name, definition }) => ({ name, definition }))).toEqual([
      { name: "customers", definition: { fields: [] } },
    ]);
    expect(await realm.entities.delete("customers")).toBe(true);
  });
});

describe("idempotency keys", () => {
  test("one request is carried out once; the same key with another request is refused; a key ends", async () => {
    const begin = (hash: string) => realm.idempotency.begin("key", hash, 60);
    const begun = await Promise.all([begin("a"), begin("a")]);
    expect(begun.map((state) => state.kind).toSorted()).toEqual(["first", "under way"]);
    expect(await begin("b")).toEqual({ kind: "mismatch" });
    await realm.idempotency.finish("key", 201, "{}");
    expect(await begin("a")).toEqual({ kind: "done", status: 201, body: "{}" });
    world.pass(61_000);
    expect(await begin("b")).toEqual({ kind: "first" });
    await realm.idempotency.abandon("key");
    expect(await begin("a")).toEqual({ kind: "first" });
  });
});

describe("the audit log", () => {
  test("is read newest first, by realm or as a whole, and outlives the realm", async () => {
    await realm.audit.append({ actor: "system", action: "user.create", target: "u1" });
    world.pass(1);
    await realm.audit.append({ actor: "system", action: "user.disable", target: "u1", detail: { why: "test" } });
    const [newest, oldest] = await realm.audit.list(undefined);
    expect([newest?.action, oldest?.action]).toEqual(["user.disable", "user.create"]);
    expect((await realm.audit.list(newest?.id)).map((entry) => entry.action)).toEqual(["user.create"]);
    await world.accounts.realms.delete(realm.realm);
    expect((await world.accounts.audit.list(undefined, 2)).map((entry) => entry.realm)).toEqual([realm.realm, realm.realm]);
  });
});

describe("what has expired", () => {
  test("is forgotten in all realms, and nothing else is", async () => {
    const user = await newUser();
    const session = { userId: user.id, provider: "anon-user", apiKeyId: null, deviceId: "", device: {} };
    await realm.sessions.create({ ...session, id: "1".repeat(24), expiresAt: world.now() + 1000 });
    await realm.sessions.create({ ...session, id: "2".repeat(24), expiresAt: world.now() + 1_000_000 });
    await realm.outbox.send({
      channel: "email",
      recipient: "kim@example.org",
      template: "sign-in-link",
      parameters: {},
      lifeSeconds: 1_000,
    });
    world.pass(2000);
    await world.accounts.forgetExpired();
    expect((await realm.sessions.list(user.id)).map((left) => left.id)).toEqual(["2".repeat(24)]);
    const [mail] = await realm.outbox.pending();
    expect(mail?.recipient).toBe("kim@example.org");
    await realm.outbox.delivered(mail?.id ?? "");
    expect(await realm.outbox.pending()).toEqual([]);
  });
});
