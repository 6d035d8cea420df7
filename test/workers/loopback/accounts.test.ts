import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openAccounts } from "../../../src/accounts/accounts.ts";
import { EntityUsers, loadEntity } from "../../../src/accounts/entities/users.ts";
import { parseRealmName, type RealmName } from "../../../src/accounts/ids.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { app } from "../../../src/worker/app.ts";
import { connect, upgrade } from "../support/connect.ts";

interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls the Worker with settings of the test's choice. */
const call = async (path: string, { method = "POST", body, token, settings = {}, headers = {} }: Sent = {}) => {
  const context = createExecutionContext();
  const request = new Request(`http://reeve.test${path}`, {
    method,
    redirect: "manual",
    headers: { ...(token === undefined ? {} : { Authorization: token }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const answer = await app.fetch(request, { ...env, ...settings }, context);
  await waitOnExecutionContext(context);
  const text = await answer.text();
  const json: Record<string, unknown> = text === "" ? {} : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, text, json };
};

const codeOf = ({ json }: { json: Record<string, unknown> }): unknown => (json["error"] as { code?: unknown } | undefined)?.code;
const codesOf = ({ json }: { json: Record<string, unknown> }): unknown =>
  (json["error"] as { details?: { codes?: unknown } } | undefined)?.details?.codes;

const named = (text: string): RealmName => {
  const name = parseRealmName(text);
  if (name === undefined) throw new Error(text);
  return name;
};

const accounts = openAccounts(env.DB);
const inDefault = accounts.inRealm(named("users"));

const password = "my-password";

/** A new account and its token. */
const newAccount = async (name: string, more: Record<string, unknown> = {}): Promise<{ id: string; token: string }> => {
  const created = await call("/api/Users", { body: { username: name, email: `${name}@sample.com`, password, ...more } });
  if (created.status !== 200) throw new Error(created.text);
  const { realm } = more;
  const session = await call("/api/Users/login", { body: { ...(realm === undefined ? {} : { realm }), username: name, password } });
  return { id: String(created.json["id"]), token: String(session.json["id"]) };
};

const read = (id: string, token: string) => call(`/api/Users/${id}`, { method: "GET", token });

beforeAll(async () => {
  await accounts.realms.create({ name: named("myRealm") });
});

describe("no realm required: everybody in the default realm, others by name", () => {
  it("an account without a realm lives in the default one and shows none", async () => {
    const created = await call("/api/Users", { body: { username: "plain", email: "plain@sample.com", password } });
    expect(created.json).toEqual({ username: "plain", email: "plain@sample.com", id: expect.any(String) });
    expect((await call("/api/Users/login", { body: { username: "plain", password } })).status).toBe(200);
    expect((await call("/api/Users/login", { body: { username: "users:plain", password } })).status).toBe(200);
    expect((await call("/api/Users/login", { body: { username: "myRealm:plain", password } })).status).toBe(401);
  });

  it("the prefix of a name or an address makes the account in that realm", async () => {
    const created = await call("/api/Users", { body: { username: "myRealm:pia", email: "myRealm:pia@sample.com", password } });
    expect(created.json).toMatchObject({ realm: "myRealm", username: "pia", email: "pia@sample.com" });
    expect(codeOf(await call("/api/Users", { body: { realm: "users", username: "myRealm:x", email: "x@sample.com", password } }))).toBe(
      "REALM_MISMATCH",
    );
  });

  it("an unknown realm is named when an account is made, and nothing is stored", async () => {
    const answer = await call("/api/Users", { body: { realm: "nowhere", email: "n@sample.com", password } });
    expect([answer.status, codeOf(answer)]).toEqual([404, "REALM_NOT_FOUND"]);
    expect(await inDefault.users.findByKey(["email"], "n@sample.com")).toBeUndefined();
  });

  it("without a delimiter no prefix is looked for", async () => {
    const settings = { REALM_DELIMITER: "" };
    const created = await call("/api/Users", { body: { username: "a:b", email: "ab@sample.com", password }, settings });
    expect(created.json).toMatchObject({ username: "a:b" });
    expect((await call("/api/Users/login", { body: { username: "a:b", password }, settings })).status).toBe(200);
  });

  it("another delimiter is taken", async () => {
    const settings = { REALM_DELIMITER: "//", REALM_REQUIRED: "true" };
    await newAccount("delia", { realm: "myRealm" });
    expect((await call("/api/Users/login", { body: { username: "myRealm//delia", password }, settings })).status).toBe(200);
    expect(codeOf(await call("/api/Users/login", { body: { username: "myRealm:delia", password }, settings }))).toBe("REALM_REQUIRED");
  });

  it("the App Services route takes the same prefix and the same settings", async () => {
    await newAccount("sven", { realm: "myRealm" });
    const path = "/api/client/v2.0/app/users/auth/providers/local-userpass/login";
    const settings = { REALM_DELIMITER: "//", REALM_REQUIRED: "true" };
    expect((await call(path, { body: { username: "myRealm:sven", password } })).status).toBe(200);
    expect((await call(path, { body: { username: "myRealm//sven", password }, settings })).status).toBe(200);
    expect((await call(path, { body: { username: "sven", password }, settings })).json["error_code"]).toBe("RealmRequired");
  });

  it("a setting that cannot be read stops everything, rather than making realms less strict", async () => {
    const answer = await call("/api/Users/login", { body: { username: "plain", password }, settings: { REALM_REQUIRED: "yes" } });
    expect(answer.status).toBe(500);
  });
});

describe("the access token", () => {
  it("opens every route that takes a user, and sync, until it is logged out", async () => {
    const { id, token } = await newAccount("tilda");
    const profile = () => call("/api/client/v2.0/auth/profile", { method: "GET", token: `Bearer ${token}` });
    expect((await profile()).json).toMatchObject({ user_id: id });
    const connection = await connect({ token });
    connection.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition: stringPartition("tilda's") });
    expect(await connection.expect("ident")).toMatchObject({ session: 1 });
    connection.close();
    expect((await call("/api/Users/logout", { token })).status).toBe(204);
    expect((await profile()).status).toBe(401);
    expect((await upgrade({ token })).status).toBe(403);
  });

  it("is taken bare, as a bearer, in a header of its own and in the query", async () => {
    const { id, token } = await newAccount("hedda");
    for (const headers of [{ Authorization: token }, { Authorization: `Bearer ${token}` }, { "X-Access-Token": token }]) {
      expect((await call(`/api/Users/${id}`, { method: "GET", headers })).status).toBe(200);
    }
    expect((await call(`/api/Users/${id}?access_token=${token}`, { method: "GET" })).status).toBe(200);
  });

  it("of an App Services sign-in is as good here", async () => {
    const { id } = await newAccount("anna");
    const path = "/api/client/v2.0/app/users/auth/providers/local-userpass/login";
    const session = await call(path, { body: { username: "anna@sample.com", password } });
    expect(session.json["user_id"]).toBe(id);
    expect((await read(id, String(session.json["access_token"]))).json).toMatchObject({ username: "anna" });
    expect((await read(id, String(session.json["refresh_token"]))).status).toBe(401);
  });

  it.each([[0], [-1], [1.5], ["60"]])("a life of %j seconds is refused", async (ttl) => {
    expect(codeOf(await call("/api/Users/login", { body: { username: "plain", password, ttl } }))).toBe("INVALID_TTL");
  });

  it("lives a year at most", async () => {
    await newAccount("ylva");
    expect((await call("/api/Users/login", { body: { username: "ylva", password, ttl: 1e12 } })).json["ttl"]).toBe(31_556_926);
  });

  it("of a locked user is worth nothing, and the password neither", async () => {
    const { id, token } = await newAccount("lotte");
    await inDefault.users.setState(id, "locked");
    expect((await read(id, token)).status).toBe(401);
    expect(codeOf(await call("/api/Users/login", { body: { username: "lotte", password } }))).toBe("USER_DISABLED");
    expect(codeOf(await call("/api/Users/login", { body: { username: "lotte", password: "wrong-password" } }))).toBe("LOGIN_FAILED");
  });
});

describe("what people may not set themselves", () => {
  it.each([
    ["active", false, "protected"],
    ["locked", true, "protected"],
    ["tags", ["admin"], "protected"],
    ["meta", { role: "admin" }, "protected"],
    ["id", "0123456789abcdef01234567", "final"],
    ["displayname", "The Boss", "computed"],
    ["emailVerified", true, "unknown"],
    ["firstname", "Jo", "length.min"],
    ["firstname", { $gt: "" }, "type"],
    ["properties", "text", "type"],
    ["email", "b\u00f6rk\u200b@sample.com", "name"],
    ["username", "p\u0430ul", "name"],
    ["__proto__", { admin: true }, "unknown"],
  ])("%s = %j: %s", async (field, value, code) => {
    const body =
      `{"username":"eve","email":"eve@sample.com","password":"${password}",${JSON.stringify(field)}:${JSON.stringify(value)}}`.replace(
        field === "email" ? '"email":"eve@sample.com",' : field === "username" ? '"username":"eve",' : "\0",
        "",
      );
    const answer = await call("/api/Users", { body });
    expect([answer.status, codesOf(answer)]).toEqual([422, Object.fromEntries([[field, [code]]])]);
    expect(await inDefault.users.findByKey(["email", "username"], "eve")).toBeUndefined();
  });

  it("neither by a later change, nor another's realm or password", async () => {
    const { id, token } = await newAccount("carl");
    const patch = (body: unknown) => call(`/api/Users/${id}`, { method: "PATCH", token, body });
    expect(codesOf(await patch({ locked: true }))).toEqual({ locked: ["protected"] });
    expect(codesOf(await patch({ realm: "myRealm" }))).toEqual({ realm: ["final"] });
    expect(codeOf(await patch({ password: "another-password" }))).toBe("PASSWORD_CHANGE_NOT_ALLOWED");
    expect(codesOf(await patch({ id: "0123456789abcdef01234567" }))).toEqual({ id: ["final"] });
    expect(codesOf(await patch({ email: null }))).toEqual({ email: ["presence"] });
    expect((await patch({ firstname: "Carl", lastname: "Larsson", properties: { theme: "dark" } })).json).toMatchObject({
      displayname: "Carl Larsson",
      properties: { theme: "dark" },
    });
  });

  it.each([
    ["a property twice", '{"email":"a@b.example","email":"c@d.example","password":"my-password"}', "INVALID_BODY"],
    ["a list", "[]", "INVALID_BODY"],
    ["a number", "7", "INVALID_BODY"],
  ])("%s in place of an account is refused", async (_, body, code) => {
    const answer = await call("/api/Users", { body });
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  });

  it("a huge body is refused unread", async () => {
    const answer = await call("/api/Users", { body: JSON.stringify({ email: "x".repeat(70_000) }) });
    expect([answer.status, codeOf(answer)]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });
});

describe("names", () => {
  it("are the same in other letters' case, and lead to one user in whichever field they stand", async () => {
    await newAccount("nina", { mobile: "+4930777" });
    expect(codesOf(await call("/api/Users", { body: { username: "NINA", email: "n2@sample.com", password } }))).toEqual({
      username: ["uniqueness"],
    });
    expect(codesOf(await call("/api/Users", { body: { username: "+4930777", email: "n3@sample.com", password } }))).toEqual({
      username: ["uniqueness"],
    });
    expect((await call("/api/Users/login", { body: { username: "+4930777", password } })).status).toBe(200);
  });

  it("registered by an SDK are taken here, and the other way round", async () => {
    const register = (email: string) =>
      call("/api/client/v2.0/app/users/auth/providers/local-userpass/register", { body: { email, password } });
    expect((await register("sdk@sample.com")).status).toBe(201);
    expect(codesOf(await call("/api/Users", { body: { email: "sdk@sample.com", password } }))).toEqual({ email: ["uniqueness"] });
    await newAccount("olga");
    expect((await register("olga")).status).toBe(409);
    expect((await register("olga@sample.com")).status).toBe(409);
  });

  it("of two accounts made at once, one is taken", async () => {
    const body = { username: "race", email: "race@sample.com", password };
    const answers = await Promise.all([1, 2, 3, 4].map(() => call("/api/Users", { body })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422, 422, 422]);
  });

  it("that changed are free for others, and the old address no longer signs in", async () => {
    const { id, token } = await newAccount("otto");
    const other = String((await call("/api/Users/login", { body: { username: "otto", password } })).json["id"]);
    expect((await call(`/api/Users/${id}`, { method: "PATCH", token, body: { email: "otto2@sample.com" } })).status).toBe(200);
    expect((await read(id, token)).status).toBe(200);
    expect((await read(id, other)).status).toBe(401);
    expect((await call("/api/Users/login", { body: { email: "otto@sample.com", password } })).status).toBe(401);
    expect((await call("/api/Users/login", { body: { email: "otto2@sample.com", password } })).status).toBe(200);
    expect((await call("/api/Users", { body: { email: "otto@sample.com", password } })).status).toBe(200);
  });
});

describe("links by mail", () => {
  const lastMessage = async (recipient: string) =>
    (await inDefault.outbox.pending(200)).findLast((message) => message.recipient === recipient);

  it("a reset link sets a new password once, and ends all sessions", async () => {
    const { id, token } = await newAccount("rita");
    expect((await call("/api/Users/reset", { body: { email: "rita@sample.com" } })).status).toBe(204);
    const link = (await lastMessage("rita@sample.com"))?.parameters["token"];
    const complete = (newPassword: string, resetToken = link) =>
      call("/api/Users/reset-password", { token: resetToken ?? "", body: { newPassword } });
    expect(codeOf(await complete("short"))).toBe("INVALID_PASSWORD");
    expect((await complete("new-password")).status).toBe(204);
    expect((await read(id, token)).status).toBe(401);
    expect((await call("/api/Users/login", { body: { username: "rita", password: "new-password" } })).status).toBe(200);
    expect((await complete("third-password")).status).not.toBe(204);
    expect(codeOf(await complete("third-password", token))).toBe("AUTHORIZATION_REQUIRED");
  });

  it("a realm that confirms addresses lets nobody in before, and leads back only where that is permitted", async () => {
    const config = { autoConfirm: false, emailConfirmationUrl: "https://app.example/confirm" };
    await accounts.realms.create({ name: named("confirming"), providers: { "local-userpass": { config } } });
    const confirming = accounts.inRealm(named("confirming"));
    const created = await call("/api/Users", { body: { realm: "confirming", username: "kim", email: "kim@sample.com", password } });
    expect(created.status).toBe(200);
    const login = () => call("/api/Users/login", { body: { username: "confirming:kim", password } });
    expect((await login()).status).toBe(401);
    const { link = "" } = (await confirming.outbox.pending())[0]?.parameters ?? {};
    const { searchParams } = new URL(link);
    const joined = `${searchParams.get("tokenId")}.${searchParams.get("token")}`;
    const confirm = (query: string) =>
      call(`/api/Users/confirm?uid=${String(created.json["id"])}&token=${joined}${query}`, { method: "GET" });
    expect(codeOf(await confirm("&redirect=https://evil.example/"))).toBe("INVALID_REDIRECT");
    expect(codeOf(await confirm("&redirect=//evil.example/"))).toBe("INVALID_REDIRECT");
    expect(codeOf(await confirm("&redirect=javascript:alert(1)"))).toBe("INVALID_REDIRECT");
    const confirmed = await confirm("&redirect=/welcome");
    expect([confirmed.status, confirmed.headers.get("Location")]).toEqual([302, "http://reeve.test/welcome"]);
    expect((await login()).status).toBe(200);
    expect(codeOf(await confirm(""))).toBe("INVALID_TOKEN");
  });
});

describe("the end of an account", () => {
  it("deleting oneself ends sessions and frees the names", async () => {
    const { id, token } = await newAccount("dora");
    expect((await call(`/api/Users/${id}`, { method: "DELETE", token })).json).toEqual({ count: 1 });
    expect((await read(id, token)).status).toBe(401);
    expect((await newAccount("dora")).id).not.toBe(id);
  });

  it("forgetting a user empties the entity and keeps the id, with the grants that refer to it", async () => {
    const { id, token } = await newAccount("fred", { firstname: "Frederick", mobile: "+4930888" });
    await inDefault.grants.set("shared", { kind: "user", userId: id }, { mayRead: true });
    const users = new EntityUsers(inDefault, await loadEntity(inDefault, await accounts.realms.default()), Date.now);
    expect(await users.forget(id)).toBe(true);
    expect(await inDefault.users.find(id)).toMatchObject({
      id,
      fields: {},
      profile: {},
      tags: [],
      meta: {},
      properties: {},
      state: "disabled",
    });
    expect(await inDefault.users.identitiesOf(id)).toEqual([]);
    expect((await read(id, token)).status).toBe(401);
    expect(await inDefault.grants.listForSubject({ kind: "user", userId: id })).toMatchObject([{ partition: "shared", mayRead: true }]);
    expect((await newAccount("fred", { mobile: "+4930888" })).id).not.toBe(id);
    const traces = JSON.stringify(await inDefault.audit.list(undefined, 200));
    expect(traces).not.toContain("fred@sample.com");
  });
});

describe("guessing", () => {
  it("after five wrong passwords a right one waits too, known name or not", async () => {
    await newAccount("greta");
    for (const username of ["greta", "nobody-at-all"]) {
      const guess = (tried: string) => call("/api/Users/login", { body: { username, password: tried } });
      let wrong = 0;
      let answer = await guess("wrong-password");
      // On a slow machine the first delays are over before the next try.
      for (; answer.status === 401 && wrong < 15; answer = await guess("wrong-password")) wrong += 1;
      expect([answer.status, codeOf(answer), wrong >= 5]).toEqual([429, "TOO_MANY_ATTEMPTS", true]);
      const blockedAt = performance.now();
      const seconds = Number(answer.headers.get("Retry-After"));
      const right = await guess(password);
      // The delay is a second or more: an answer that came at once fell into it.
      if (performance.now() - blockedAt < 300) expect(right.status).toBe(429);
      expect(seconds).toBeGreaterThanOrEqual(1);
    }
  });
});

describe("users who registered through an SDK", () => {
  it("have the entity's fields from their first sign-in on", async () => {
    const base = "/api/client/v2.0/app/users/auth/providers/local-userpass";
    expect((await call(`${base}/register`, { body: { email: "Sara@sample.com", password } })).status).toBe(201);
    const { json } = await call(`${base}/login`, { body: { username: "sara@sample.com", password } });
    const id = String(json["user_id"]);
    expect((await read(id, String(json["access_token"]))).json).toEqual({ id, email: "Sara@sample.com" });
    expect((await inDefault.users.findByKey(["email"], "sara@sample.com"))?.id).toBe(id);
    const session = await call("/api/Users/login", { body: { email: "sara@sample.com", password } });
    expect(session.json).toMatchObject({ userId: id });
    const change = await call(`/api/Users/${id}`, { method: "PATCH", token: String(session.json["id"]), body: { username: "sara" } });
    expect(change.status).toBe(200);
    expect((await call("/api/Users/login", { body: { username: "sara", password } })).json).toMatchObject({ userId: id });
  });
});
