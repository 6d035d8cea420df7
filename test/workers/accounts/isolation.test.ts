import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { RealmAccounts } from "../../../src/accounts/accounts.ts";
import { createTokens } from "../../../src/accounts/tokens.ts";
import {
  createWorld,
  everyProvider,
  login,
  newSigningKeys,
  readSignedIn,
  realmNamed,
  register,
  type SignedInAnswer,
  type World,
} from "./support.ts";

let world: World;
let red: RealmAccounts;
let blue: RealmAccounts;
let inRed: SignedInAnswer;

beforeAll(async () => {
  world = await createWorld();
  red = await world.realm({ name: "red", providers: everyProvider });
  blue = await world.realm({ name: "blue", providers: everyProvider });
  await register(world, "red", "kim@example.org", "red password");
  await register(world, "blue", "kim@example.org", "blue password");
  inRed = readSignedIn((await login(world, "red", "kim@example.org", "red password")).json);
});

describe("a realm's users are its own (C1)", () => {
  test("the same name is another person in another realm, with another password and id", async () => {
    const inBlue = readSignedIn((await login(world, "blue", "kim@example.org", "blue password")).json);
    expect(inBlue.user_id).not.toBe(inRed.user_id);
    expect((await login(world, "blue", "kim@example.org", "red password")).status).toBe(401);
  });

  test("another realm's handle finds, changes and deletes nothing", async () => {
    const id = inRed.user_id;
    expect(await blue.users.find(id)).toBeUndefined();
    expect(await blue.users.setState(id, "locked")).toBe(false);
    expect(await blue.users.update(id, { tags: ["x"] })).toEqual({ ok: true, value: undefined });
    expect(await blue.users.delete(id)).toBe(false);
    expect(await blue.users.identitiesOf(id)).toEqual([]);
    expect(await blue.credentials.listOfUser(id)).toEqual([]);
    expect(await blue.sessions.list(id)).toEqual([]);
    expect(await blue.sessions.revokeAll(id)).toBe(0);
    expect((await blue.users.list({ search: id })).length).toBe(0);
    expect((await red.users.find(id))?.state).toBe("normal");
    expect((await red.sessions.list(id)).length).toBe(1);
  });

  test("the store refuses rows that tie users of two realms together", async () => {
    expect(await blue.admins.grant(inRed.user_id, "realm", null)).toBe(false);
    expect(await blue.grants.set("p", { kind: "user", userId: inRed.user_id }, { mayRead: true })).toBeUndefined();
    const session = { id: "0".repeat(24), provider: "anon-user", apiKeyId: null, deviceId: "", device: {}, expiresAt: world.now() + 1000 };
    await expect(blue.sessions.create({ ...session, userId: inRed.user_id })).rejects.toThrow();
    const raw = env.DB.prepare(
      "INSERT INTO identities (id, realm, user_id, provider, subject, created_at) VALUES ('i', 'blue', ?, 'p', 's', 0)",
    );
    await expect(raw.bind(inRed.user_id).run()).rejects.toThrow("FOREIGN KEY");
  });

  test("an API key opens its own realm only", async () => {
    const created = await red.apiKeys.create(inRed.user_id, "key");
    const attempt = (realm: string) =>
      world.call(`/app/${realm}/auth/providers/api-key/login`, { method: "POST", body: { key: created?.key } });
    expect((await attempt("red")).status).toBe(200);
    expect((await attempt("blue")).status).toBe(401);
  });

  test("failures in one realm delay nobody in another", async () => {
    for (let failure = 0; failure < 6; failure += 1) await red.failures.charge([{ kind: "name", name: "kim@example.org" }]);
    expect((await login(world, "red", "kim@example.org", "red password")).status).toBe(429);
    expect((await login(world, "blue", "kim@example.org", "blue password")).status).toBe(200);
    await red.failures.forget("kim@example.org");
  });

  test("linking with a token of another realm is refused", async () => {
    const answer = await world.call("/app/blue/auth/providers/local-userpass/login?link=true", {
      method: "POST",
      body: { username: "kim@example.org", password: "blue password" },
      token: inRed.access_token,
    });
    expect(answer).toMatchObject({ status: 403, json: { error_code: "UserAppDomainMismatch" } });
  });
});

describe("tokens (app-services-api §5)", () => {
  const refused = { status: 401, contentType: "application/json", json: { error_code: "InvalidSession" } };

  test("an access token refreshes nothing, and a refresh token reads nothing", async () => {
    expect(await world.call("/auth/session", { method: "POST", token: inRed.access_token })).toMatchObject(refused);
    expect(await world.call("/auth/profile", { token: inRed.refresh_token })).toMatchObject(refused);
  });

  test("an expired access token says so in the words that clients look for", async () => {
    const session = readSignedIn((await login(world, "red", "kim@example.org", "red password")).json);
    world.pass(30 * 60_000);
    expect(await world.call("/auth/profile", { token: session.access_token })).toMatchObject({
      status: 401,
      json: { error: "invalid session: access token expired", error_code: "InvalidSession" },
    });
    expect((await world.call("/auth/session", { method: "POST", token: session.refresh_token })).status).toBe(201);
    world.pass(60 * 86_400_000);
    expect(await world.call("/auth/session", { method: "POST", token: session.refresh_token })).toMatchObject(refused);
  });

  test("a realm that was deleted and made again does not know the old one's tokens", async () => {
    await world.realm({ name: "phoenix", providers: everyProvider });
    const old = await world.signIn("phoenix", "anon-user");
    expect(await world.accounts.realms.delete(realmNamed("phoenix"))).toBe(true);
    await world.realm({ name: "phoenix", providers: everyProvider });
    expect(await world.call("/auth/profile", { token: old.access_token })).toMatchObject(refused);
    expect(await world.call("/auth/session", { method: "POST", token: old.refresh_token })).toMatchObject(refused);
  });

  test("a refresh token of a key that is missing here is not refused but put off, so that no device signs its user out", async () => {
    const stranger = await createTokens(await newSigningKeys("elsewhere"));
    const subject = { realm: red.realm, realmId: "0".repeat(24), userId: inRed.user_id, sessionId: "0".repeat(24), deviceId: "" };
    const refresh = await stranger.issueRefresh(subject, 3600, world.now());
    const access = await stranger.issueAccess(subject, null, world.now());
    expect(await world.call("/auth/session", { method: "POST", token: refresh })).toMatchObject({
      status: 503,
      json: { error_code: "MaintenanceInProgress" },
    });
    expect(await world.call("/auth/profile", { token: access })).toMatchObject(refused);
  });
});

describe("the default realm", () => {
  test("always exists, is called users, and cannot be deleted", async () => {
    expect(await world.accounts.realms.default()).toMatchObject({ name: "users", isDefault: true, active: true, entity: "users" });
    expect(await world.accounts.realms.delete(realmNamed("users"))).toBe(false);
    expect((await login(world, "users", "nobody", "whatever")).status).toBe(401);
    expect((await world.signIn("users", "anon-user")).user_id).toMatch(/^[0-9a-f]{24}$/);
  });

  test("another one may take its place, and there is always exactly one", async () => {
    await world.accounts.realms.makeDefault(red.realm);
    expect((await world.accounts.realms.list()).filter((realm) => realm.isDefault).map((realm) => realm.name)).toEqual(["red"]);
    expect(await world.accounts.realms.makeDefault(realmNamed("missing"))).toBe(false);
    await world.accounts.realms.makeDefault(realmNamed("users"));
    expect((await world.accounts.realms.default()).name).toBe("users");
  });

  test("an App ID leads to one realm only (C10)", async () => {
    expect(await red.applications.create("red-app", "one")).toMatchObject({ realm: "red" });
    expect(await blue.applications.create("red-app", "one")).toBeUndefined();
    expect(await blue.applications.create("red", "two")).toBeUndefined();
    expect(await world.accounts.realms.create({ name: realmNamed("red-app") })).toBeUndefined();
  });
});
