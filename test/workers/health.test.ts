import { env, exports } from "cloudflare:workers";
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { expect, test } from "vitest";
import { app } from "../../src/worker/app.ts";
import { signIn } from "./support/sign-in.ts";

const get = (path: string): Promise<Response> => exports.default.fetch(`http://reeve.test${path}`);

test("health says that database and keys are usable", async () => {
  const response = await get("/health");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ok", checks: { database: "ok", signingKeys: "ok" } });
});

test("health is 503 and names what is wrong when the keys cannot be read", async () => {
  const response = await app.request("/health", {}, { ...env, SIGNING_KEYS: "{}" });
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ status: "unavailable", checks: { database: "ok", signingKeys: "failed" } });
});

test("the published keys verify our tokens and hold nothing private", async () => {
  const keys = await (await get("/.well-known/jwks.json")).json<JSONWebKeySet>();
  expect(keys.keys.flatMap((key) => Object.keys(key)).filter((name) => name === "d")).toEqual([]);
  const { token, userId } = await signIn();
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys));
  expect(payload.sub).toBe(userId);
});

test("an unknown path is answered with 404 as JSON, with headers that keep browsers careful", async () => {
  const response = await get("/nowhere");
  expect(response.status).toBe(404);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(await response.json()).toEqual({ error: "service not found", error_code: "ServiceNotFound" });
});

test("a body above the limit is refused with 413", async () => {
  const response = await exports.default.fetch("http://reeve.test/nowhere", { method: "POST", body: new Uint8Array(1024 * 1024 + 1) });
  expect(response.status).toBe(413);
});

test("the client interface of the default realm is there", async () => {
  const response = await get("/api/client/v2.0/app/users/location");
  expect(await response.json()).toMatchObject({ sync_route: "ws://reeve.test/api/client/v2.0/app/users/realm-sync" });
});
