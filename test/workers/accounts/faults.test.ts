import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { openAccounts } from "../../../src/accounts/accounts.ts";
import { describeFault } from "../../../src/accounts/database.ts";
import { createOutgoing } from "../../../src/accounts/outbox/outgoing.ts";
import { createRegistry, signInProviders } from "../../../src/accounts/providers/registry.ts";
import { createAppServices } from "../../../src/worker/app-services/index.ts";
import { createWorld, everyProvider } from "./support.ts";

describe("faults of the service never sign a device's user out (app-services-api §5.1)", () => {
  test("a store without its tables is answered as 503, and the fault is told", async () => {
    const world = await createWorld();
    await world.realm({ name: "todo", providers: everyProvider });
    const session = await world.signIn("todo", "anon-user");
    await env.DB.exec("PRAGMA defer_foreign_keys = on; ALTER TABLE realms RENAME TO mislaid");
    try {
      for (const [path, method, token] of [
        ["/auth/session", "POST", session.refresh_token],
        ["/auth/api_keys", "GET", session.refresh_token],
        ["/auth/profile", "GET", session.access_token],
        ["/app/todo/location", "GET", ""],
      ] as const) {
        const answer = await world.call(path, { method, token });
        expect(answer).toMatchObject({ status: 503, contentType: "application/json", json: { error_code: "MaintenanceInProgress" } });
      }
      expect(world.faults.length).toBe(4);
    } finally {
      await env.DB.exec("ALTER TABLE mislaid RENAME TO realms");
    }
    expect((await world.call("/auth/session", { method: "POST", token: session.refresh_token })).status).toBe(201);
  });

  test("missing keys are answered as 503, and the browser may read it", async () => {
    const faults: unknown[] = [];
    const router = createAppServices({
      open: async () => {
        throw new Error("SIGNING_KEYS is not JSON");
      },
      fault: (error) => faults.push(error),
    });
    const response = await router.request(
      "https://sync.test/auth/session",
      { method: "POST", headers: { Origin: "https://web.test" } },
      env,
    );
    expect(response.status).toBe(503);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://web.test");
    expect(await response.json()).toMatchObject({ error_code: "MaintenanceInProgress" });
    expect(faults.length).toBe(1);
  });

  test("a programming error is answered as 500 without its text", async () => {
    const accounts = openAccounts(env.DB);
    const world = await createWorld();
    const faults: unknown[] = [];
    const router = createAppServices({
      open: async () => ({
        accounts,
        tokens: world.tokens,
        providers: createRegistry(signInProviders),
        functions: undefined,
        outgoing: createOutgoing({ permittedHosts: [] }),
        publicOrigin: undefined,
      }),
      fault: (error) => faults.push(error),
      extend: (routes) => {
        routes.get("/broken", () => {
          throw new TypeError("the secret is 4711");
        });
      },
    });
    const response = await router.request("https://sync.test/broken", undefined, env);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("4711");
    expect(faults.length).toBe(1);
  });
});

describe("what is logged of a failed statement", () => {
  test("is its cause and text, not the values that were bound", async () => {
    const world = await createWorld();
    const realm = await world.realm({ name: "logged" });
    const session = { id: "a", userId: "secret-user", provider: "p", apiKeyId: null, deviceId: "secret-device", device: {}, expiresAt: 1 };
    const error: unknown = await realm.sessions.create(session).catch((reason: unknown) => reason);
    expect(String(error)).toContain("secret-device");
    expect(describeFault(error)).toContain("FOREIGN KEY");
    expect(describeFault(error)).toContain("insert into");
    expect(describeFault(error)).not.toContain("secret");
  });
});
