import { beforeAll, describe, expect, test } from "vitest";
import type { RealmAccounts } from "../../../src/accounts/accounts.ts";
import { createSignInWorld, textOf, type SignInWorld } from "./support.ts";

const password = "correct horse";
let world: SignInWorld;
let realm: RealmAccounts;

const register = (name: string, email: string) =>
  world.call(`/api/client/v2.0/app/${name}/auth/providers/local-userpass/register`, { body: { email, password } });

beforeAll(async () => {
  world = await createSignInWorld();
  const magiclink = { config: { linkUrl: "https://app.example.org/link" } };
  realm = await world.realm({ name: "steps", providers: { otp: {}, otp2: { disabled: true }, magiclink, "anon-user": {} } });
  await world.realm({ name: "neighbour", providers: { otp: {}, magiclink } });
  await register("steps", "kim@example.org");
});

const begin = async (email = "kim@example.org") => {
  // So that the message is the newest by its time.
  world.pass(1000);
  const { json } = await world.start("steps", "otp", { username: email });
  const { parameters } = await world.lastMessage(realm);
  return { username: email, flow: textOf(json, "flow"), code: parameters["code"] ?? "" };
};

describe("a step", () => {
  test("ends after its time", async () => {
    const inTime = await begin();
    world.pass(599_000);
    expect((await world.signIn("steps", "otp", inTime)).status).toBe(200);
    const late = await begin();
    world.pass(601_000);
    expect(await world.signIn("steps", "otp", late)).toMatchObject({ status: 401, json: { error_code: "SignInStepExpired" } });
  });

  test("is of one realm", async () => {
    const here = await begin();
    expect((await world.signIn("neighbour", "otp", here)).status).toBe(401);
    expect((await world.signIn("steps", "otp", here)).status).toBe(200);
  });

  test("is of one kind: a link's id does not take a code, nor a code's a link", async () => {
    const code = await begin();
    expect((await world.signIn("steps", "magiclink", { tokenId: code.flow, token: code.code })).status).toBe(401);
    expect((await world.signIn("steps", "otp", code)).status).toBe(200);
  });

  test("that is finished by many at once lets one in", async () => {
    const code = await begin();
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.signIn("steps", "otp", code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("costs a wrong guess one of five tries, also when they are made at once", async () => {
    const code = await begin();
    const wrong = code.code === "000000" ? "000001" : "000000";
    // Each under a name of its own, so that only the tries of the code itself can stop them.
    await Promise.all(
      Array.from({ length: 5 }, (_, guess) => world.signIn("steps", "otp", { ...code, username: `g${guess}@example.org`, code: wrong })),
    );
    expect((await world.signIn("steps", "otp", code)).status).toBe(401);
  });

  test("does not begin for a provider that is off, or in a realm that is not active", async () => {
    expect((await world.start("steps", "otp2", { username: "kim@example.org" })).json).toMatchObject({
      error_code: "AuthProviderNotFound",
    });
    const closed = await world.realm({ name: "closed-steps", active: false, providers: { otp: {} } });
    expect((await world.start("closed-steps", "otp", { username: "kim@example.org" })).json).toMatchObject({ error_code: "UserDisabled" });
    expect(await closed.outbox.pending()).toEqual([]);
  });
});

describe("nobody's account is taken over by a message", () => {
  test("a name that was registered and never confirmed is nobody's: its password opens nothing for whoever owns the address", async () => {
    const provider = { config: { emailConfirmationUrl: "https://app.example.org/confirm" } };
    const squatted = await world.realm({
      name: "squatted",
      providers: { "local-userpass": provider, otp: { config: { createUsers: true } } },
    });
    await register("squatted", "victim@example.org");
    world.pass(1000);
    const { json } = await world.start("squatted", "otp", { username: "victim@example.org" });
    const { parameters, template } = await world.lastMessage(squatted);
    expect(template).toBe("sign-in-code");
    const signedIn = await world.signIn("squatted", "otp", {
      username: "victim@example.org",
      flow: json["flow"],
      code: parameters["code"],
    });
    expect(signedIn.status).toBe(200);
    expect(await world.signIn("squatted", "password", { username: "victim@example.org", password })).toMatchObject({ status: 401 });
    expect(await squatted.users.identitiesOf(textOf(signedIn.json, "user_id"))).toMatchObject([{ provider: "otp" }]);
  });

  test("locked users get no session by any step", async () => {
    const first = await world.signIn("steps", "otp", await begin());
    const id = textOf(first.json, "user_id");
    const code = await begin();
    await realm.users.setState(id, "locked");
    expect(await world.signIn("steps", "otp", code)).toMatchObject({ status: 401, json: { error_code: "UserDisabled" } });
    await realm.users.setState(id, "normal");
  });

  test("a first step forgets no wrong passwords: guessing on is as slow as before", async () => {
    await register("steps", "slow@example.org");
    const guess = () => world.signIn("steps", "password", { username: "slow@example.org", password: "wrong horse" });
    for (let failure = 0; failure < 5; failure += 1) expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
    world.pass(1000);
    await world.start("steps", "otp", { username: "slow@example.org" });
    expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
  });
});

describe("what a start does for a name", () => {
  test("is the same work, answer and number of statements before the answer, known or not", async () => {
    const known = await world.start("steps", "otp", { username: "kim@example.org" });
    const before = (await realm.outbox.pending(200)).length;
    const unknown = await world.start("steps", "otp", { username: "nobody@example.org" });
    expect((await realm.outbox.pending(200)).length).toBe(before);
    expect(unknown.status).toBe(known.status);
    expect(Object.keys(unknown.json)).toEqual(Object.keys(known.json));
    expect(textOf(unknown.json, "flow")).toMatch(/^[0-9a-f]{24}$/);
  });
});

describe("a network", () => {
  test("that has messages sent to ever other names is delayed, and another is not", async () => {
    const startFrom = (address: string, username: string) =>
      world.call("/api/v1/realms/steps/sign-in/otp/start", {
        body: { credentials: { username } },
        headers: { "cf-connecting-ip": address },
      });
    const statuses: number[] = [];
    for (let message = 0; message < 51; message += 1) statuses.push((await startFrom("198.51.100.9", `many${message}@example.org`)).status);
    expect(statuses.slice(0, 50).every((status) => status === 200)).toBe(true);
    expect(statuses[50]).toBe(429);
    expect((await startFrom("198.51.100.10", "one@example.org")).status).toBe(200);
    // Wrong guesses from there are counted apart.
    const guess = await world.call("/api/v1/realms/steps/sign-in/password", {
      body: { credentials: { username: "somebody@example.org", password } },
      headers: { "cf-connecting-ip": "198.51.100.9" },
    });
    expect(guess.status).toBe(401);
  });
});

describe("changing the password", () => {
  test("needs the old one, and ends every session", async () => {
    await register("steps", "changer@example.org");
    const { json } = await world.signIn("steps", "password", { username: "changer@example.org", password });
    const token = textOf(json, "access_token");
    const change = (old: string, newPassword: string) =>
      world.call("/api/v1/me/password", { method: "PUT", token, body: { password: old, newPassword } });
    expect(await change("wrong horse", "battery staple")).toMatchObject({ status: 401, json: { error_code: "InvalidPassword" } });
    expect((await change(password, "short")).status).toBe(400);
    expect((await change(password, "battery staple")).status).toBe(204);
    expect((await world.call("/api/client/v2.0/auth/session", { token: textOf(json, "refresh_token") })).status).toBe(401);
    expect((await world.signIn("steps", "password", { username: "changer@example.org", password: "battery staple" })).status).toBe(200);
    expect((await world.call("/api/v1/me/password", { method: "PUT", body: { password, newPassword: password } })).status).toBe(401);
  });
});

test("nothing of a user's own is reached without an access token, and a refresh token is none", async () => {
  const { json } = await world.signIn("steps", "anonymous", {});
  const routes = [
    ["GET", "/me/sessions"],
    ["DELETE", "/me/sessions"],
    ["DELETE", `/me/sessions/${"0".repeat(24)}`],
    ["PUT", "/me/password"],
    ["GET", "/me/second-factor"],
    ["POST", "/me/second-factor"],
    ["POST", "/me/second-factor/confirm"],
    ["POST", "/me/second-factor/recovery-codes"],
    ["POST", "/me/second-factor/remove"],
  ] as const;
  for (const [method, path] of routes) {
    expect((await world.call(`/api/v1${path}`, { method })).json, path).toMatchObject({ error_code: "MissingAuthReq" });
    const byRefresh = await world.call(`/api/v1${path}`, { method, token: textOf(json, "refresh_token") });
    expect(byRefresh.json, path).toMatchObject({ error_code: "InvalidSession" });
  }
});

test("no fault was met on the way", () => {
  expect(world.faults).toEqual([]);
});
