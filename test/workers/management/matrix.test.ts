import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { openAccounts } from "../../../src/accounts/accounts.ts";
import type { RealmName } from "../../../src/accounts/ids.ts";
import { app } from "../../../src/worker/app.ts";
import { tokensOf } from "../../../src/worker/tokens.ts";
import { matrix, type RouteClass } from "./matrix.ts";
import { adminToken, ask, call, makeRealm, nameOf, newPerson, signInAgain, type Person } from "./support.ts";

/** Every route of the Worker, without what only stands before routes. */
const routes = [...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`))];

test("every route has a row, and every row a route", () => {
  expect(routes.filter((route) => matrix[route] === undefined)).toEqual([]);
  expect(Object.keys(matrix).filter((route) => !routes.includes(route))).toEqual([]);
});

const [home, other, closed] = [nameOf("home"), nameOf("other"), nameOf("closed")];

const principals = [
  "nobody",
  "garbage",
  "near miss of the admin token",
  "user",
  "refresh token of an admin of the server",
  "admin of the realm",
  "admin of another realm",
  "admin of the server",
  "locked admin",
  "admin whose sign-in was ended",
  "admin of a realm that is switched off",
  "tool",
] as const;
type Principal = (typeof principals)[number];

const tokens = new Map<Principal, string | undefined>();
let serverAdmin: Person;

const refreshTokenOf = async ({ realm, userId, sessionId }: Person): Promise<string> => {
  const found = await openAccounts(env.DB).realms.find(realm);
  if (found === undefined) throw new Error("no realm");
  const subject = { realm, realmId: found.id, userId, sessionId, deviceId: "" };
  return (await tokensOf(env)).issueRefresh(subject, 3600, Date.now());
};

const people = (realm: RealmName) => openAccounts(env.DB).inRealm(realm);

beforeAll(async () => {
  for (const realm of [home, other, closed]) await makeRealm(realm);
  serverAdmin = await newPerson(home, "server");
  const [locked, ended, shut] = [await newPerson(home, "server"), await newPerson(home, "server"), await newPerson(closed, "server")];
  await people(home).users.setState(locked.userId, "locked");
  await people(home).sessions.revoke(ended.sessionId);
  await openAccounts(env.DB).realms.update(closed, { active: false });
  const given: Readonly<Record<Principal, string | undefined>> = {
    nobody: undefined,
    garbage: "garbage",
    "near miss of the admin token": `${adminToken.slice(0, -1)}x`,
    user: (await newPerson(home)).token,
    "refresh token of an admin of the server": await refreshTokenOf(serverAdmin),
    "admin of the realm": (await newPerson(home, "realm")).token,
    "admin of another realm": (await newPerson(other, "realm")).token,
    "admin of the server": serverAdmin.token,
    "locked admin": locked.token,
    "admin whose sign-in was ended": ended.token,
    "admin of a realm that is switched off": shut.token,
    tool: adminToken,
  };
  for (const principal of principals) tokens.set(principal, given[principal]);
});

const unproved: readonly Principal[] = [
  "nobody",
  "garbage",
  "near miss of the admin token",
  "refresh token of an admin of the server",
  "locked admin",
  "admin whose sign-in was ended",
  "admin of a realm that is switched off",
];

/** What a management route answers: refused as unknown, refused as known, or let in. */
const verdict = (kind: RouteClass, principal: Principal, target: RealmName): 401 | 403 | "in" => {
  if (unproved.includes(principal)) return 401;
  if (principal === "user") return 403;
  if (principal === "tool" || principal === "admin of the server" || kind === "admin") return "in";
  if (kind === "server") return 403;
  return (principal === "admin of the realm") === (target === home) && (target === home || target === other) ? "in" : 403;
};

/** A path of the route in this realm, with ids of nothing that exists. */
const pathIn = (route: string, realm: string): string =>
  route
    .replace(/^\S+ /, "")
    .replace(":realm", realm)
    .replace(":partition", "s%3Anothing")
    .replace(":subject", "000000000000000000000000")
    .replace(":userId", "000000000000000000000000")
    .replace(/:(application|secret|className|sessionId|id|flow|provider)(\{[^}]*\})?/g, "nothing")
    .replace(":appId", realm);

const methodOf = (route: string): string => route.replace(/ .*/, "");
const withBody: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** Calls with a body that no route takes, so that whoever is let in changes nothing. */
const knock = (route: string, realm: string, principal: Principal) => {
  const method = methodOf(route);
  return call(pathIn(route, realm), {
    method,
    token: tokens.get(principal),
    ...(withBody.has(method) ? { body: { "no such member": 1 } } : {}),
  });
};

const management = Object.entries(matrix).filter(([, kind]) => ["admin", "realm", "server"].includes(kind));

describe.each(principals)("%s", (principal) => {
  test.each(management)("%s (%s)", async (route, kind) => {
    for (const target of [home, other, nameOf("nowhere")]) {
      // Nobody who may delete a realm is asked to.
      const expected = verdict(kind, principal, target);
      if (route === "DELETE /api/v1/realms/:realm" && expected === "in" && target !== "nowhere") continue;
      const { status, text } = await knock(route, target, principal);
      const place = `${route} in ${target}: ${text}`;
      if (expected === "in") {
        expect([401, 403], place).not.toContain(status);
        expect(status, place).toBeLessThan(500);
        if (target === "nowhere" && route.includes(":realm")) expect([404, 400], place).toContain(status);
      } else expect(status, place).toBe(expected);
    }
  });
});

describe("other interfaces", () => {
  const others = Object.entries(matrix).filter(([, kind]) => ["user", "signIn", "tool"].includes(kind));

  test.each(others)("%s (%s) refuses whoever has proved nothing", async (route, kind) => {
    const strangers: readonly Principal[] =
      kind === "tool" ? principals.filter((principal) => principal !== "tool") : ["nobody", "garbage"];
    for (const principal of strangers) {
      const { status, text } = await knock(route, "users", principal);
      expect([401, 403], `${route} as ${principal}: ${status} ${text}`).toContain(status);
    }
  });

  test.each(others.filter(([, kind]) => kind === "signIn"))("%s does not take an access token for a refresh token", async (route) => {
    const { status } = await knock(route, "users", "user");
    expect(status).toBe(401);
  });

  test.each(Object.entries(matrix).filter(([, kind]) => kind === "public"))("%s answers strangers without a fault", async (route) => {
    const { status, text } = await knock(route, "users", "nobody");
    expect(status, text).toBeLessThan(500);
  });
});

describe("the admin of a realm", () => {
  const asRealmAdmin = (path: string, method: string, body?: unknown) =>
    call(`/api/v1/realms/${home}${path}`, { method, token: tokens.get("admin of the realm"), ...(body === undefined ? {} : { body }) });

  test("cannot become, act as, weaken or take the place of an admin of the server", async () => {
    const { userId, sessionId } = serverAdmin;
    const own = await newPerson(home);
    const tries = await Promise.all([
      asRealmAdmin(`/users/${own.userId}/admin`, "PUT", { scope: "server" }),
      asRealmAdmin(`/users/${userId}/admin`, "PUT", { scope: "realm" }),
      asRealmAdmin(`/users/${userId}/admin`, "DELETE"),
      asRealmAdmin(`/users/${userId}/password`, "PUT", { password: "long enough" }),
      asRealmAdmin(`/users/${userId}/state`, "PUT", { state: "locked" }),
      asRealmAdmin(`/users/${userId}/tokens`, "POST"),
      asRealmAdmin(`/users/${userId}/forget`, "POST"),
      asRealmAdmin(`/users/${userId}/sessions/${sessionId}`, "DELETE"),
      asRealmAdmin(`/users/${userId}/sessions`, "DELETE"),
      asRealmAdmin(`/users/${userId}`, "PATCH", { tags: ["x"] }),
      asRealmAdmin(`/users/${userId}`, "DELETE"),
      asRealmAdmin("/settings", "PATCH", { limits: { connections: null } }),
    ]);
    expect(tries.map(({ status }) => status)).toEqual(tries.map(() => 403));
    expect((await ask(`/api/v1/principal`, { token: serverAdmin.token })).scope).toBe("server");
  });

  test("does not see users of another realm, even by their id", async () => {
    const foreign = await newPerson(other);
    for (const [path, method] of [
      ["", "GET"],
      ["", "DELETE"],
      ["/sessions", "GET"],
      ["/tokens", "POST"],
    ] as const) {
      expect((await asRealmAdmin(`/users/${foreign.userId}${path}`, method)).status).toBe(404);
    }
    const grants = await asRealmAdmin(`/partitions/s%3Ap/grants/${foreign.userId}`, "PUT", { mayRead: true });
    expect(grants.status).toBe(404);
    expect(await people(home).grants.listForPartition("s:p")).toEqual([]);
  });

  test("sees its own realm in the list of realms, and no other", async () => {
    const { items } = await ask<{ items: { name: string }[] }>("/api/v1/realms", { token: tokens.get("admin of the realm") });
    expect(items.map(({ name }) => name)).toEqual([home]);
  });
});

test("a right that is taken away is gone with the next request", async () => {
  const { userId, token } = await newPerson(home, "realm");
  expect((await call("/api/v1/principal", { token })).status).toBe(200);
  await ask(`/api/v1/realms/${home}/users/${userId}/admin`, { method: "DELETE" });
  expect((await call("/api/v1/principal", { token })).status).toBe(403);
  const again = await signInAgain(home, userId);
  await ask(`/api/v1/realms/${home}/users/${userId}/state`, { method: "PUT", body: { state: "disabled" } });
  expect((await call("/api/v1/principal", { token: again.token })).status).toBe(401);
});
