import { decodeJwt } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { createWorld, everyProvider, login, readSignedIn, register, startTime, type World } from "./support.ts";

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.realm({ name: "todo", providers: everyProvider });
  await world.realm({ name: "closed", providers: {} });
});

describe("location (app-services-api §2)", () => {
  test("names this origin, its websocket and the sync route", async () => {
    const answer = await world.call("/app/todo/location");
    expect(answer.status).toBe(200);
    expect(answer.contentType).toBe("application/json");
    expect(answer.json).toEqual({
      deployment_model: "GLOBAL",
      location: "US-VA",
      hostname: "https://sync.test",
      ws_hostname: "wss://sync.test",
      sync_route: "wss://sync.test/api/client/v2.0/app/todo/realm-sync",
    });
  });

  test("an unknown App ID gets 404 with the text that SDKs' tests compare", async () => {
    const answer = await world.call("/app/nobody/location");
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ error: "cannot find app using Client App ID 'nobody'" });
  });

  test("the id of an application leads to its realm", async () => {
    const shop = await world.realm({ name: "shop" });
    expect(await shop.applications.create("shop-web", "web")).toMatchObject({ realm: "shop" });
    expect((await world.call("/app/shop-web/location")).status).toBe(200);
  });
});

describe("the way of a device's first sign-in (app-services-api §15)", () => {
  test("anonymous: login, profile, refresh, logout", async () => {
    const signedIn = await world.signIn("todo", "anon-user", { options: { device: { sdk: "JS", platform: "Linux", appVersion: "" } } });
    expect(signedIn.user_id).toMatch(/^[0-9a-f]{24}$/);
    expect(signedIn.device_id).toMatch(/^[0-9a-f]{24}$/);

    const profile = await world.call("/auth/profile", { token: signedIn.access_token });
    expect(profile).toMatchObject({ status: 200, contentType: "application/json" });
    expect(profile.json).toMatchObject({
      user_id: signedIn.user_id,
      type: "normal",
      identities: [{ provider_type: "anon-user" }],
      data: {},
    });

    const refreshed = await world.call("/auth/session", { method: "POST", token: signedIn.refresh_token });
    expect(refreshed.status).toBe(201);
    expect(Object.keys(Object(refreshed.json))).toEqual(["access_token"]);

    const out = await world.call("/auth/session", { method: "DELETE", token: signedIn.refresh_token });
    expect(out).toMatchObject({ status: 204, contentType: null, text: "" });
    const again = await world.call("/auth/session", { method: "POST", token: signedIn.refresh_token });
    expect(again).toMatchObject({ status: 401, json: { error_code: "InvalidSession" } });
    const twice = await world.call("/auth/session", { method: "DELETE", token: signedIn.refresh_token });
    expect(twice.text).toContain("failed to find refresh token");
    // Access tokens already given out live on to their end (§5.3).
    expect((await world.call("/auth/profile", { token: signedIn.access_token })).status).toBe(200);
  });

  test("each anonymous sign-in is a new user", async () => {
    const first = await world.signIn("todo", "anon-user");
    const second = await world.signIn("todo", "anon-user");
    expect(second.user_id).not.toBe(first.user_id);
  });

  test("e-mail and password: register, sign in twice, same user, e-mail in the profile", async () => {
    expect(await register(world, "todo", "kim@example.org", "correct horse")).toMatchObject({
      status: 201,
      text: "{}",
      contentType: "application/json",
    });
    const first = readSignedIn((await login(world, "todo", "kim@example.org", "correct horse")).json);
    const second = readSignedIn((await login(world, "todo", "KIM@Example.ORG", "correct horse")).json);
    expect(second.user_id).toBe(first.user_id);
    const profile = await world.call("/auth/profile", { token: second.access_token });
    expect(profile.json).toMatchObject({
      data: { email: "kim@example.org" },
      identities: [{ provider_type: "local-userpass", provider_data: { email: "kim@example.org" } }],
    });
  });

  test("tokens have integer exp and iat, the realm, the session and no user_data where there is no custom data (rule 5)", async () => {
    const signedIn = await world.signIn("todo", "anon-user");
    const access = decodeJwt(signedIn.access_token);
    const refresh = decodeJwt(signedIn.refresh_token);
    expect(access).toMatchObject({ typ: "access", realm: "todo", sub: signedIn.user_id, baas_device_id: signedIn.device_id });
    expect(access.iat).toBe(startTime / 1000);
    expect(access.exp).toBe(startTime / 1000 + 30 * 60);
    expect(refresh.exp).toBe(startTime / 1000 + 60 * 86_400);
    expect(access["sid"]).toBe(refresh["sid"]);
    expect("user_data" in access).toBe(false);
  });

  test("custom data stands in the next access token (§5.1, §5.4)", async () => {
    const todo = world.accounts.inRealm((await world.accounts.realms.findByAppId("todo"))!.name);
    const signedIn = await world.signIn("todo", "anon-user");
    await todo.users.update(signedIn.user_id, { customData: { team: "red" } });
    const refreshed = await world.call("/auth/session", { method: "POST", token: signedIn.refresh_token });
    const token: unknown = Reflect.get(Object(refreshed.json), "access_token");
    expect(decodeJwt(String(token))["user_data"]).toEqual({ team: "red" });
    await todo.users.update(signedIn.user_id, { customData: { long: "x".repeat(10_000) } });
    const large = await world.call("/auth/session", { method: "POST", token: signedIn.refresh_token });
    expect(large.text.length).toBeLessThan(8192);
  });

  test("a device keeps its id, given as text or as an ObjectId; zeros mean none", async () => {
    const id = "66a1f0c2d4e5b6a7980c1d2f";
    const device = (deviceId: unknown) => world.signIn("todo", "anon-user", { options: { device: { deviceId } } });
    expect((await device(id)).device_id).toBe(id);
    expect((await device({ $oid: id })).device_id).toBe(id);
    expect((await device("0".repeat(24))).device_id).not.toBe("0".repeat(24));
  });
});

describe("refusals of a sign-in (app-services-api §3)", () => {
  test("unknown name, wrong password and unconfirmed name are refused in the same words", async () => {
    await register(world, "todo", "lee@example.org", "correct horse");
    await world.realm({
      name: "confirming",
      providers: { "local-userpass": { config: { autoConfirm: false, emailConfirmationUrl: "https://app.test/confirm" } } },
    });
    await register(world, "confirming", "lee@example.org", "correct horse");
    const answers = [
      await login(world, "todo", "nobody@example.org", "correct horse"),
      await login(world, "todo", "lee@example.org", "wrong horse"),
      await login(world, "confirming", "lee@example.org", "correct horse"),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.contentType).toBe("application/json");
      expect(answer.json).toMatchObject({ error: "unauthorized", error_code: "InvalidPassword" });
    }
  });

  test("a provider that the realm has not switched on, or that nobody knows, is not found", async () => {
    for (const provider of ["anon-user", "api-key", "custom-token", "carrier-pigeon"]) {
      const answer = await world.call(`/app/closed/auth/providers/${provider}/login`, { method: "POST", body: { key: "k", token: "t" } });
      expect(answer).toMatchObject({ status: 404, json: { error_code: "AuthProviderNotFound" } });
    }
  });

  test("passwords of 6 to 128 characters are accepted, others are not", async () => {
    const status = async (password: string) => (await register(world, "todo", `p${password.length}@example.org`, password)).status;
    expect(await status("x".repeat(5))).toBe(400);
    expect(await status("x".repeat(6))).toBe(201);
    expect(await status("x".repeat(128))).toBe(201);
    const long = await register(world, "todo", "p129@example.org", "x".repeat(129));
    expect(long).toMatchObject({ status: 400, json: { error_code: "BadRequest", error: "password must be between 6 and 128 characters" } });
    // A longer password must not pass for its permitted prefix.
    expect((await login(world, "todo", "p128@example.org", "x".repeat(129))).status).toBe(401);
  });

  test("a name can be registered once, however it is written", async () => {
    expect((await register(world, "todo", "J\u00f6rg@example.org", "correct horse")).status).toBe(201);
    for (const same of ["J\u00f6rg@example.org", "jo\u0308rg@EXAMPLE.org"]) {
      expect(await register(world, "todo", same, "correct horse")).toMatchObject({
        status: 409,
        json: { error: "name already in use", error_code: "AccountNameInUse" },
      });
    }
    expect((await register(world, "todo", "p\u0430ul@example.org", "correct horse")).status).toBe(400);
  });

  test("locked and disabled users are turned away and their tokens end; users of an inactive realm come back later", async () => {
    const guests = await world.realm({ name: "guests", providers: everyProvider });
    await register(world, "guests", "max@example.org", "correct horse");
    const signedIn = readSignedIn((await login(world, "guests", "max@example.org", "correct horse")).json);
    for (const state of ["locked", "disabled", "pending"] as const) {
      await guests.users.setState(signedIn.user_id, state);
      expect(world.changes.at(-1)).toEqual({ realm: "guests", userId: signedIn.user_id, partition: undefined });
      expect(await login(world, "guests", "max@example.org", "correct horse")).toMatchObject({
        status: 401,
        json: { error_code: "UserDisabled" },
      });
      expect((await login(world, "guests", "max@example.org", "wrong horse")).json).toMatchObject({ error_code: "InvalidPassword" });
      expect(await world.call("/auth/session", { method: "POST", token: signedIn.refresh_token })).toMatchObject({
        status: 401,
        json: { error_code: "InvalidSession" },
      });
      await guests.users.setState(signedIn.user_id, "normal");
      await guests.failures.forget("max@example.org");
    }
    expect((await world.call("/auth/session", { method: "POST", token: signedIn.refresh_token })).status).toBe(201);
    await world.accounts.realms.update(guests.realm, { active: false });
    expect(await login(world, "guests", "max@example.org", "correct horse")).toMatchObject({
      status: 401,
      json: { error_code: "UserDisabled" },
    });
    const refresh = () => world.call("/auth/session", { method: "POST", token: signedIn.refresh_token });
    // SDKs sign their users out on 401, and delete what anonymous ones have not sent.
    expect(await refresh()).toMatchObject({ status: 503, json: { error_code: "MaintenanceInProgress" } });
    await world.accounts.realms.update(guests.realm, { active: true });
    expect((await refresh()).status).toBe(201);
  });
});

describe("brute force", () => {
  test("after five failures the delay for a name doubles, known or not, and a right password waits too", async () => {
    await register(world, "todo", "target@example.org", "correct horse");
    for (const name of ["target@example.org", "no-target@example.org"]) {
      for (let failure = 0; failure < 5; failure += 1) expect((await login(world, "todo", name, "wrong horse")).status).toBe(401);
      const waits: string[] = [];
      for (let round = 0; round < 4; round += 1) {
        const blocked = await login(world, "todo", name, "correct horse");
        expect(blocked).toMatchObject({ status: 429, json: { error_code: "TooManyAttempts" } });
        waits.push(blocked.headers.get("Retry-After") ?? "");
        world.pass(Number(waits.at(-1)) * 1000);
        expect((await login(world, "todo", name, "wrong horse")).status).toBe(401);
      }
      expect(waits).toEqual(["1", "2", "4", "8"]);
    }
    world.pass(16_000);
    expect((await login(world, "todo", "target@example.org", "correct horse")).status).toBe(200);
    expect((await login(world, "todo", "target@example.org", "wrong horse")).status).toBe(401);
  });

  test("an address that guesses many names is delayed as well, and others are not", async () => {
    const from = (address: string, name: string) => login(world, "todo", name, "wrong horse", { "cf-connecting-ip": address });
    const todo = world.accounts.inRealm((await world.accounts.realms.findByAppId("todo"))!.name);
    await Promise.all(Array.from({ length: 49 }, () => todo.failures.charge([{ kind: "address", address: "198.51.100.7" }])));
    expect((await from("198.51.100.7", "guess@example.org")).status).toBe(401);
    expect((await from("198.51.100.7", "other@example.org")).status).toBe(429);
    expect((await from("198.51.100.8", "other@example.org")).status).toBe(401);
  });
});

describe("realms in names: myRealm:john (C9)", () => {
  beforeAll(async () => {
    await world.realm({ name: "myRealm", providers: everyProvider });
    await register(world, "myRealm", "john", "correct horse");
    await register(world, "users", "john", "battery staple");
  });

  const realmOf = (answer: { json: unknown }) => decodeJwt(readSignedIn(answer.json).access_token)["realm"];

  test("the default realm's URL serves any realm that the name's prefix names", async () => {
    expect(realmOf(await login(world, "users", "myRealm:john", "correct horse"))).toBe("myRealm");
    expect(realmOf(await login(world, "users", "john", "battery staple"))).toBe("users");
    expect((await login(world, "users", "myRealm:john", "battery staple")).status).toBe(401);
  });

  test("elsewhere the prefix must name the realm of the URL", async () => {
    expect(realmOf(await login(world, "myRealm", "myRealm:john", "correct horse"))).toBe("myRealm");
    expect(await login(world, "myRealm", "users:john", "battery staple")).toMatchObject({
      status: 403,
      json: { error_code: "UserAppDomainMismatch" },
    });
    expect((await login(world, "users", "noRealm:john", "correct horse")).json).toMatchObject({ error_code: "RealmNotFound" });
  });

  test("a property names the realm too, and must agree with the prefix", async () => {
    const withRealm = (username: string, realm: string) =>
      world.call("/app/users/auth/providers/local-userpass/login", {
        method: "POST",
        body: { username, password: "correct horse", realm },
      });
    expect(realmOf(await withRealm("john", "myRealm"))).toBe("myRealm");
    expect(realmOf(await withRealm("myRealm:john", "myRealm"))).toBe("myRealm");
    expect((await withRealm("myRealm:john", "todo")).json).toMatchObject({ error_code: "UserAppDomainMismatch" });
  });

  test("registering through a prefix lands in that realm", async () => {
    expect((await register(world, "users", "myRealm:jane@sample.com", "correct horse")).status).toBe(201);
    expect((await login(world, "myRealm", "jane@sample.com", "correct horse")).status).toBe(200);
    expect((await login(world, "users", "jane@sample.com", "correct horse")).status).toBe(401);
  });

  test("realmRequired demands a realm at the default realm's URL; without a delimiter no prefix is looked for", async () => {
    const { name } = await world.accounts.realms.default();
    await world.accounts.realms.update(name, { settings: { realmRequired: true } });
    expect(await login(world, "users", "john", "battery staple")).toMatchObject({ status: 400, json: { error_code: "RealmRequired" } });
    expect(await register(world, "users", "jim", "battery staple")).toMatchObject({ status: 400, json: { error_code: "RealmRequired" } });
    expect((await login(world, "users", "users:john", "battery staple")).status).toBe(200);
    const anonymous = (body: object) => world.call("/app/users/auth/providers/anon-user/login", { method: "POST", body });
    expect(await anonymous({})).toMatchObject({ status: 400, json: { error_code: "RealmRequired" } });
    expect(realmOf(await anonymous({ realm: "myRealm" }))).toBe("myRealm");
    await world.accounts.realms.update(name, { settings: { realmRequired: false, realmDelimiter: null } });
    expect((await login(world, "users", "myRealm:john", "correct horse")).json).toMatchObject({ error_code: "InvalidPassword" });
    await world.accounts.realms.update(name, { settings: { realmDelimiter: ":" } });
  });
});

test("no fault was met on the way", () => {
  expect(world.faults).toEqual([]);
});
