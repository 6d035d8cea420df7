import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import type { FunctionPort } from "../../../src/accounts/providers/provider.ts";
import { createWorld, everyProvider, login, readSignedIn, realmNamed, register, type SignedInAnswer, type World } from "./support.ts";

const functions: FunctionPort = {
  call: async (_realm, _name, [payload]) => {
    const id: unknown = Reflect.get(Object(payload), "employee");
    return id === undefined ? { kind: "failed", message: "no employee" } : { kind: "returned", value: id };
  },
};

let world: World;

beforeAll(async () => {
  world = await createWorld(functions);
  await world.realm({
    name: "todo",
    providers: { ...everyProvider, "custom-token": { config: tokenConfig }, "custom-function": { config: { authFunctionName: "auth" } } },
  });
  await world.accounts.inRealm(realmNamed("todo")).secrets.create("jwt-secret", secret);
});

const secret = "a-shared-secret-of-at-least-32-bytes!";
const tokenConfig = {
  audience: "",
  signingAlgorithm: "HS256",
  signingKeys: ["jwt-secret"],
  metadata_fields: [
    { required: true, name: "user_data.name", field_name: "name" },
    { required: false, name: "level", field_name: "level" },
  ],
};

const link = (session: SignedInAnswer, provider: string, credentials: object) =>
  world.call(`/app/todo/auth/providers/${provider}/login?link=true`, { method: "POST", body: credentials, token: session.access_token });

const profileOf = async (session: SignedInAnswer) => (await world.call("/auth/profile", { token: session.access_token })).json;

describe("linking identities (app-services-api §3)", () => {
  test("an anonymous user keeps the id when an e-mail is linked, and signs in by it afterwards", async () => {
    const anonymous = await world.signIn("todo", "anon-user");
    await register(world, "todo", "kim@example.org", "correct horse");
    const linked = await link(anonymous, "local-userpass", { username: "kim@example.org", password: "correct horse" });
    expect(linked.status).toBe(200);
    expect(readSignedIn(linked.json).user_id).toBe(anonymous.user_id);
    expect(await profileOf(anonymous)).toMatchObject({
      identities: [{ provider_type: "anon-user" }, { provider_type: "local-userpass" }],
      data: { email: "kim@example.org" },
    });
    expect(readSignedIn((await login(world, "todo", "kim@example.org", "correct horse")).json).user_id).toBe(anonymous.user_id);
    expect((await link(anonymous, "local-userpass", { username: "kim@example.org", password: "correct horse" })).status).toBe(200);
  });

  test("another user's identity is refused with 400, a wrong password with 401, and nothing is linked", async () => {
    await register(world, "todo", "owner@example.org", "correct horse");
    await login(world, "todo", "owner@example.org", "correct horse");
    const anonymous = await world.signIn("todo", "anon-user");
    expect(await link(anonymous, "local-userpass", { username: "owner@example.org", password: "correct horse" })).toMatchObject({
      status: 400,
      json: { error_code: "BadRequest" },
    });
    expect((await link(anonymous, "local-userpass", { username: "owner@example.org", password: "wrong horse" })).status).toBe(401);
    expect((await link(anonymous, "anon-user", {})).status).toBe(400);
    expect(await profileOf(anonymous)).toMatchObject({ identities: [{ provider_type: "anon-user" }] });
  });
});

describe("custom-token (app-services-api §3)", () => {
  const sign = (claims: object, { key = secret, audience = "todo", expires = world.now() / 1000 + 600 } = {}) =>
    new SignJWT({ user_data: { name: "Kim" }, sub: "person-1", ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setAudience(audience)
      .setExpirationTime(expires)
      .sign(new TextEncoder().encode(key));
  const attempt = async (token: string) => world.call("/app/todo/auth/providers/custom-token/login", { method: "POST", body: { token } });

  test("the subject is the person, and configured claims become the profile, as strings", async () => {
    const first = readSignedIn((await attempt(await sign({ level: 3 }))).json);
    const second = readSignedIn((await attempt(await sign({}))).json);
    expect(second.user_id).toBe(first.user_id);
    await attempt(await sign({ user_data: { name: "Kim Lee" } }));
    expect(await profileOf(first)).toMatchObject({
      data: { name: "Kim Lee", level: "3" },
      identities: [{ provider_type: "custom-token" }],
    });
  });

  test("any other key, audience, time, algorithm, a missing subject or required claim is refused", async () => {
    const unsigned = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ sub: "person-1", aud: "todo", exp: 9_999_999_999, user_data: { name: "K" } }))}.`;
    const tokens = [
      await sign({}, { key: "another-secret-of-at-least-32-bytes!!" }),
      await sign({}, { audience: "other" }),
      await sign({}, { expires: world.now() / 1000 - 60 }),
      await sign({ sub: undefined }),
      await sign({ user_data: {} }),
      unsigned.replaceAll("=", ""),
      "no token",
    ];
    for (const token of tokens) expect(await attempt(token)).toMatchObject({ status: 401, json: { error_code: "AuthError" } });
  });
});

describe("custom-function (app-services-api §3)", () => {
  const attempt = (body: object) => world.call("/app/todo/auth/providers/custom-function/login", { method: "POST", body });

  test("gets what the client sent without options, and its id is the person", async () => {
    const first = readSignedIn((await attempt({ employee: "e-7", realm: "x", options: { device: {} } })).json);
    const second = readSignedIn((await attempt({ employee: "e-7" })).json);
    expect(second.user_id).toBe(first.user_id);
  });

  test("what throws or returns no id is refused with the function's own text", async () => {
    expect(await attempt({})).toMatchObject({ status: 401, json: { error_code: "AuthError", error: "no employee" } });
    expect(await attempt({ employee: 7 })).toMatchObject({ status: 401, json: { error_code: "AuthError" } });
  });
});

describe("API keys (app-services-api §10)", () => {
  let owner: SignedInAnswer;
  const keys = (path = "", call = {}) => world.call(`/auth/api_keys${path}`, { token: owner.refresh_token, ...call });

  beforeAll(async () => {
    await register(world, "todo", "keys@example.org", "correct horse");
    owner = readSignedIn((await login(world, "todo", "keys@example.org", "correct horse")).json);
  });

  test("create, list, fetch, disable, enable, delete; the key's text is shown once", async () => {
    const created = await keys("", { method: "POST", body: { name: "ci" } });
    expect(created.status).toBe(201);
    const { _id: id, key } = Object(created.json);
    expect(created.json).toEqual({
      _id: expect.stringMatching(/^[0-9a-f]{24}$/),
      key: expect.stringMatching(/^.{43}$/),
      name: "ci",
      disabled: false,
    });
    expect((await keys()).json).toEqual([{ _id: id, name: "ci", disabled: false }]);
    expect((await keys(`/${id}`)).json).toEqual({ _id: id, name: "ci", disabled: false });

    const attempt = () => world.call("/app/todo/auth/providers/api-key/login", { method: "POST", body: { key } });
    expect(readSignedIn((await attempt()).json).user_id).toBe(owner.user_id);
    expect(await keys(`/${id}/disable`, { method: "PUT" })).toMatchObject({ status: 204, contentType: null });
    expect((await attempt()).status).toBe(401);
    expect((await keys(`/${id}/enable`, { method: "PUT" })).status).toBe(204);
    const session = readSignedIn((await attempt()).json);
    expect((await world.call(`/auth/api_keys/${id}`, { method: "DELETE", token: session.refresh_token })).status).toBe(403);
    expect((await keys(`/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await attempt()).status).toBe(401);
    expect((await keys(`/${id}`)).json).toMatchObject({ error_code: "APIKeyNotFound" });
  });

  test("names are unique and well-formed; anonymous users own none; another user's key is not found", async () => {
    const { _id: id } = Object((await keys("", { method: "POST", body: { name: "once" } })).json);
    expect(await keys("", { method: "POST", body: { name: "once" } })).toMatchObject({
      status: 409,
      json: { error_code: "APIKeyAlreadyExists" },
    });
    expect((await keys("", { method: "POST", body: { name: "two words" } })).status).toBe(400);
    const anonymous = await world.signIn("todo", "anon-user");
    expect((await world.call("/auth/api_keys", { method: "POST", body: { name: "a" }, token: anonymous.refresh_token })).status).toBe(403);
    expect((await world.call(`/auth/api_keys/${id}`, { token: anonymous.refresh_token })).status).toBe(404);
    expect((await world.call(`/auth/api_keys/${id}`, { method: "DELETE", token: anonymous.refresh_token })).status).toBe(404);
    expect((await keys(`/${id}`)).status).toBe(200);
  });

  test("an access token does not do, and without a token the text is the known one", async () => {
    expect((await world.call("/auth/api_keys", { token: owner.access_token })).status).toBe(401);
    expect((await world.call("/auth/api_keys")).json).toMatchObject({ error: "must authenticate first", error_code: "MissingAuthReq" });
  });
});

describe("deleting oneself (app-services-api §5.3)", () => {
  test("takes the user, the name, the keys and the sessions; the name is free again", async () => {
    await register(world, "todo", "gone@example.org", "correct horse");
    const session = readSignedIn((await login(world, "todo", "gone@example.org", "correct horse")).json);
    expect(await world.call("/auth/delete", { method: "DELETE", token: session.access_token })).toMatchObject({
      status: 204,
      contentType: null,
    });
    expect(world.changes.at(-1)).toMatchObject({ realm: "todo", userId: session.user_id });
    expect((await login(world, "todo", "gone@example.org", "correct horse")).json).toMatchObject({ error_code: "InvalidPassword" });
    expect((await world.call("/auth/session", { method: "POST", token: session.refresh_token })).status).toBe(401);
    expect((await world.call("/auth/profile", { token: session.access_token })).status).toBe(401);
    // SDKs for the web sign out after deleting and take only this text for success.
    const out = await world.call("/auth/session", { method: "DELETE", token: session.refresh_token });
    expect(out).toMatchObject({ status: 401, json: { error: expect.stringContaining("failed to find refresh token") } });
    expect((await register(world, "todo", "gone@example.org", "correct horse")).status).toBe(201);
    const next = readSignedIn((await login(world, "todo", "gone@example.org", "correct horse")).json);
    expect(next.user_id).not.toBe(session.user_id);
  });
});
