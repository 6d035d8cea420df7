import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { afterEach, expect, test } from "vitest";
import { makeSigningKeys } from "../../../src/server/secrets.ts";
import { Stage, textOf } from "./support.ts";

const password = "correct horse";
let stage: Stage | undefined;

afterEach(async () => {
  await stage?.stop();
  stage = undefined;
});

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test("a wrong password and a name that nobody has are told alike, and take as long", async () => {
  const server = await Stage.start({});
  stage = server;
  const count = 20;
  const nameOf = (kind: string, index: number) => `${kind}${index}@example.org`;
  for (let index = 0; index < count; index += 1) {
    const body = { email: nameOf("known", index), password };
    expect((await server.call("/api/client/v2.0/app/users/auth/providers/local-userpass/register", { body })).status).toBe(201);
  }
  const guess = async (username: string): Promise<{ readonly took: number; readonly told: unknown }> => {
    const start = performance.now();
    const { status, json } = await server.signIn("users", "password", { username, password: "wrong horse" });
    return { took: performance.now() - start, told: { status, error: json["error"], code: json["error_code"] } };
  };
  const took: Record<"known" | "unknown", number[]> = { known: [], unknown: [] };
  const told = new Set<string>();
  // By turns, so that whatever else the machine does falls on both.
  for (let index = 0; index < count; index += 1) {
    for (const kind of ["known", "unknown"] as const) {
      const guessed = await guess(nameOf(kind, index));
      took[kind].push(guessed.took);
      told.add(JSON.stringify(guessed.told));
    }
  }
  expect([...told]).toEqual(['{"status":401,"error":"unauthorized","code":"InvalidPassword"}']);
  const ratio = median(took.known) / median(took.unknown);
  // Without the same work for both, an unknown name would take a few milliseconds of some forty.
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.7);
});

test("signing keys change with overlap: what the old one signed is good until it is removed, and then nobody is signed out by it", async () => {
  const server = await Stage.start({});
  stage = server;
  const refresh = (token: string) => server.call("/api/client/v2.0/auth/session", { token });
  const before = await server.signIn("users", "anonymous", {});
  const oldToken = textOf(before.json, "refresh_token");

  const keysIn = (state: string) => join(state, "secrets", "signing-keys.json");
  const readKeys = async (text: string): Promise<readonly object[]> => {
    const parsed: unknown = JSON.parse(text);
    const keys: unknown = Object(parsed).keys;
    return Array.isArray(keys) ? keys : [];
  };
  const [fresh] = await readKeys(await makeSigningKeys());
  await server.restart(async (state) => {
    const old = await readKeys(await readFile(keysIn(state), "utf8"));
    await writeFile(keysIn(state), JSON.stringify({ keys: [fresh, ...old] }));
  });
  expect((await refresh(oldToken)).status).toBe(201);
  expect((await server.profile(textOf(before.json, "access_token"))).status).toBe(200);
  const newToken = textOf((await server.signIn("users", "anonymous", {})).json, "refresh_token");

  await server.restart((state) => writeFile(keysIn(state), JSON.stringify({ keys: [fresh] })));
  expect((await refresh(newToken)).status).toBe(201);
  expect(await refresh(oldToken)).toMatchObject({ status: 503, json: { error_code: "MaintenanceInProgress" } });
  expect((await server.profile(textOf(before.json, "access_token"))).status).toBe(401);
});
