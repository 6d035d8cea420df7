import { beforeAll, describe, expect, test } from "vitest";
import { maxBodyBytes } from "../../../src/worker/app-services/body.ts";
import { createWorld, everyProvider, login, readSignedIn, register, type Call, type SignedInAnswer, type World } from "./support.ts";

let world: World;
let session: SignedInAnswer;

beforeAll(async () => {
  world = await createWorld();
  await world.realm({ name: "todo", providers: everyProvider });
  await register(world, "todo", "kim@example.org", "correct horse");
  session = readSignedIn((await login(world, "todo", "kim@example.org", "correct horse")).json);
});

const userpass = "/app/todo/auth/providers/local-userpass";
const post = (body: unknown): Call => ({ method: "POST", body });
const text = (sent: string): Call => ({ method: "POST", text: sent });

const table: readonly (readonly [string, string, Call, number, string])[] = [
  ["no body", `${userpass}/login`, { method: "POST" }, 400, "InvalidParameter"],
  ["a body that is no JSON", `${userpass}/login`, text("{"), 400, "InvalidParameter"],
  ["an array", `${userpass}/login`, post([]), 400, "InvalidParameter"],
  ["null", `${userpass}/register`, post(null), 400, "InvalidParameter"],
  ["a string", `${userpass}/register`, post("kim"), 400, "InvalidParameter"],
  ["no password", `${userpass}/login`, post({ username: "kim@example.org" }), 400, "MissingParameter"],
  ["no name", `${userpass}/login`, post({ password: "correct horse" }), 400, "MissingParameter"],
  ["a number for a name", `${userpass}/login`, post({ username: 7, password: "correct horse" }), 400, "InvalidParameter"],
  ["an object for a password", `${userpass}/login`, post({ username: "kim@example.org", password: { $ne: "" } }), 400, "InvalidParameter"],
  ["a huge name", `${userpass}/login`, post({ username: "k".repeat(2000), password: "correct horse" }), 400, "InvalidParameter"],
  ["a name of 256 characters", `${userpass}/register`, post({ email: "k".repeat(256), password: "correct horse" }), 400, "BadRequest"],
  ["an empty name", `${userpass}/register`, post({ email: "", password: "correct horse" }), 400, "BadRequest"],
  ["a name with a line break", `${userpass}/register`, post({ email: "a\nb@example.org", password: "correct horse" }), 400, "BadRequest"],
  [
    "a name with a hidden space",
    `${userpass}/register`,
    post({ email: "a\u200bb@example.org", password: "correct horse" }),
    400,
    "BadRequest",
  ],
  [
    "a name in two alphabets",
    `${userpass}/register`,
    post({ email: "p\u0430ypal@example.org", password: "correct horse" }),
    400,
    "BadRequest",
  ],
  ["a full-width name", `${userpass}/register`, post({ email: "\uff4bim@example.org", password: "correct horse" }), 400, "BadRequest"],
  ["options that are no object", "/app/todo/auth/providers/anon-user/login", post({ options: 5 }), 400, "InvalidParameter"],
  ["a device that is no object", "/app/todo/auth/providers/anon-user/login", post({ options: { device: "d" } }), 400, "InvalidParameter"],
  ["a body above the limit", `${userpass}/login`, text(`{"username":"${"x".repeat(maxBodyBytes)}"}`), 413, "ReadSizeLimitExceeded"],
  ["a token of the wrong type", `${userpass}/confirm`, post({ token: 1, tokenId: "a" }), 400, "InvalidParameter"],
  ["a token that was never made", `${userpass}/confirm`, post({ token: "a", tokenId: "b" }), 400, "UserpassTokenInvalid"],
  ["a reset without a password", `${userpass}/reset`, post({ token: "a", tokenId: "b" }), 400, "MissingParameter"],
  ["an API key of the wrong type", "/app/todo/auth/providers/api-key/login", post({ key: ["k"] }), 400, "InvalidParameter"],
  ["an unknown App ID", "/app/nobody/auth/providers/anon-user/login", post({}), 404, "AppNotFound"],
  ["an App ID that cannot be one", "/app/..%2f/location", {}, 404, "AppNotFound"],
  ["an unknown route", "/app/todo/nothing/here", {}, 404, "ServiceNotFound"],
  ["an unknown route without an app", "/nothing", post({}), 404, "ServiceNotFound"],
  ["the wrong method", "/auth/profile", { method: "PATCH" }, 404, "ServiceNotFound"],
];

describe("bad input gets the named error, as application/json, and changes nothing", () => {
  test.for(table)("%s", async ([, path, call, status, code]) => {
    const answer = await world.call(path, call);
    expect(answer).toMatchObject({ status, contentType: "application/json", json: { error_code: code } });
    expect(Object(answer.json).link).toMatch(/^https:\/\/sync\.test\//);
    expect(answer.text).not.toContain("correct horse");
  });

  test("of two equal keys only the last one counts", async () => {
    const both = (first: string, last: string) => `{"username":"kim@example.org","password":"${first}","password":"${last}"}`;
    expect((await world.call(`${userpass}/login`, text(both("correct horse", "wrong horse")))).status).toBe(401);
    expect((await world.call(`${userpass}/login`, text(both("wrong horse", "correct horse")))).status).toBe(200);
  });

  test("names of JavaScript's own properties are nothing special", async () => {
    const answer = await world.call(`${userpass}/login`, text('{"__proto__":{"username":"kim@example.org","password":"correct horse"}}'));
    expect(answer.status).toBe(400);
  });
});

describe("bad tokens are invalid sessions, never faults", () => {
  const part = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
  const forgeries = (token: string): Readonly<Record<string, string>> => {
    const [head = "", payload = "", signature = ""] = token.split(".");
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return {
      "no JWT": "token",
      "three empty parts": "..",
      "no signature": `${head}.${payload}.`,
      "the algorithm none": `${part({ alg: "none", kid: "first" })}.${payload}.${signature}`,
      "a shared-secret algorithm": `${part({ alg: "HS256", kid: "first" })}.${payload}.${signature}`,
      "another user under the old signature": `${head}.${part({ ...claims, sub: "0".repeat(24) })}.${signature}`,
      "a later end under the old signature": `${head}.${part({ ...claims, exp: claims.exp + 1000 })}.${signature}`,
      "a cut signature": `${head}.${payload}.${signature.slice(0, 40)}`,
      "an unknown key id": `${part({ alg: "ES256", kid: "other" })}.${payload}.${signature}`,
      "a key in the token itself": `${part({ alg: "ES256", jwk: { kty: "EC" } })}.${payload}.${signature}`,
      "a megabyte": "x".repeat(1_000_000),
    };
  };
  const names = Object.keys(forgeries("e30.e30.e30"));

  test.for(names)("%s", async (name) => {
    const token = forgeries(session.access_token)[name] ?? "";
    const answer = await world.call("/auth/profile", { token });
    expect(answer).toMatchObject({ status: 401, contentType: "application/json", json: { error_code: "InvalidSession" } });
  });

  test("no token, and another scheme, must authenticate first", async () => {
    expect(await world.call("/auth/profile")).toMatchObject({ status: 401, json: { error_code: "MissingAuthReq" } });
    expect(await world.call("/auth/profile", { headers: { Authorization: "Basic abc" } })).toMatchObject({
      status: 401,
      json: { error_code: "MissingAuthReq" },
    });
  });
});

describe("web pages of other origins (app-services-api §1)", () => {
  test("a preflight is answered without a token, for all client routes", async () => {
    for (const path of ["/app/todo/location", "/auth/profile", `${userpass}/login`]) {
      const answer = await world.call(path, {
        method: "OPTIONS",
        headers: { Origin: "https://web.test", "Access-Control-Request-Method": "POST" },
      });
      expect(answer.status).toBe(204);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://web.test");
      expect(answer.headers.get("Access-Control-Allow-Headers")).toBe("authorization, content-type, accept");
      expect(answer.headers.get("Access-Control-Allow-Methods")).toContain("DELETE");
    }
  });

  test("errors can be read by the page too", async () => {
    const answer = await world.call(`${userpass}/login`, {
      ...post({ username: "x", password: "y" }),
      headers: { Origin: "https://web.test" },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://web.test");
  });

  test("a realm that lists its origins serves no others, by URL and by token", async () => {
    const listed = await world.realm({
      name: "listed",
      providers: everyProvider,
      settings: { allowedRequestOrigins: ["https://web.test"] },
    });
    const from = (origin: string) => ({ ...post({}), headers: { Origin: origin } });
    expect((await world.call(`/app/${listed.realm}/auth/providers/anon-user/login`, from("https://web.test"))).status).toBe(200);
    expect((await world.call(`/app/${listed.realm}/auth/providers/anon-user/login`, from("https://evil.test"))).json).toMatchObject({
      error_code: "DomainNotAllowed",
    });
    const { access_token: token } = await world.signIn("listed", "anon-user");
    expect((await world.call("/auth/profile", { token, headers: { Origin: "https://evil.test" } })).status).toBe(403);
    expect((await world.call("/auth/profile", { token })).status).toBe(200);
  });
});

test("no fault was met on the way", () => {
  expect(world.faults).toEqual([]);
});
