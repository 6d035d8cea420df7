import { beforeEach, describe, expect, test } from "vitest";
import type { FunctionPort } from "../../../src/accounts/providers/provider.ts";
import type { RealmAccounts } from "../../../src/accounts/accounts.ts";
import { createWorld, everyProvider, login, readSignedIn, register, type Answer, type World } from "./support.ts";

// The functions of the SDKs' own shared test app: what is in the name or password decides.
const calls: { name: string; parameters: readonly unknown[] }[] = [];
const functions: FunctionPort = {
  call: async (_realm, name, parameters) => {
    calls.push({ name, parameters });
    const [request] = parameters;
    const field = (key: string) => String(Reflect.get(Object(request), key));
    switch (name) {
      case "confirmFunc":
        if (field("username").includes("verify")) return { kind: "returned", value: { status: "success" } };
        return { kind: "returned", value: { status: field("username").includes("pend") ? "pending" : "fail" } };
      case "resetFunc":
        return { kind: "returned", value: { status: field("password").includes("do_reset") ? "success" : "fail" } };
      default:
        return { kind: "failed", message: `function not found: '${name}'` };
    }
  },
};

let world: World;
let realm: RealmAccounts;
let count = 0;

const mailing = {
  "local-userpass": { config: { emailConfirmationUrl: "https://app.test/confirm?lang=en", resetPasswordUrl: "https://app.test/reset" } },
};
const calling = {
  "local-userpass": {
    config: {
      runConfirmationFunction: true,
      confirmationFunctionName: "confirmFunc",
      runResetFunction: true,
      resetFunctionName: "resetFunc",
    },
  },
};

/** A fresh realm a test. */
const open = async (providers: Parameters<World["realm"]>[0]["providers"], settings = {}) => {
  count += 1;
  realm = await world.realm({ name: `passwords-${count}`, settings, ...(providers === undefined ? {} : { providers }) });
};

const post = (path: string, body: unknown): Promise<Answer> =>
  world.call(`/app/${realm.realm}/auth/providers/local-userpass/${path}`, { method: "POST", body });

/** The token and id in the newest link that was sent. */
const readMail = async (recipient: string) => {
  const mail = (await realm.outbox.pending()).findLast((message) => message.recipient === recipient);
  const link = new URL(mail?.parameters["link"] ?? "https://no-mail.test/");
  return { link, token: link.searchParams.get("token") ?? "", tokenId: link.searchParams.get("tokenId") ?? "" };
};

beforeEach(async () => {
  world ??= await createWorld(functions);
  calls.length = 0;
});

describe("confirmation by mail (app-services-api §8)", () => {
  beforeEach(() => open(mailing));

  test("a registered name waits for the link, which works once", async () => {
    expect((await register(world, realm.realm, "kim@example.org", "correct horse")).status).toBe(201);
    expect((await login(world, realm.realm, "kim@example.org", "correct horse")).status).toBe(401);
    const { link, token, tokenId } = await readMail("kim@example.org");
    expect(`${link.origin}${link.pathname}?lang=${link.searchParams.get("lang")}`).toBe("https://app.test/confirm?lang=en");
    expect(await post("confirm", { token, tokenId })).toMatchObject({ status: 200, text: "{}" });
    expect((await login(world, realm.realm, "kim@example.org", "correct horse")).status).toBe(200);
    expect(await post("confirm", { token, tokenId })).toMatchObject({ status: 400, json: { error: "invalid token data" } });
    expect((await post("confirm/send", { email: "kim@example.org" })).json).toMatchObject({
      error: "already confirmed",
      error_code: "UserAlreadyConfirmed",
    });
  });

  test("a new link takes the place of the old one; a link ends after its time", async () => {
    await register(world, realm.realm, "lee@example.org", "correct horse");
    const first = await readMail("lee@example.org");
    world.pass(1000);
    expect((await post("confirm/send", { email: "lee@example.org" })).status).toBe(200);
    const second = await readMail("lee@example.org");
    expect(second.token).not.toBe(first.token);
    expect((await post("confirm", { token: first.token, tokenId: first.tokenId })).status).toBe(400);
    world.pass(31 * 86_400_000);
    expect((await post("confirm", { token: second.token, tokenId: second.tokenId })).status).toBe(400);
  });

  test("a name registered through the default realm's URL is confirmed there as well", async () => {
    const app = "/app/users/auth/providers/local-userpass";
    const email = `${realm.realm}:via@example.org`;
    expect((await world.call(`${app}/register`, { method: "POST", body: { email, password: "correct horse" } })).status).toBe(201);
    const { token, tokenId } = await readMail("via@example.org");
    expect((await world.call(`${app}/confirm`, { method: "POST", body: { token, tokenId } })).status).toBe(200);
    expect((await login(world, "users", email, "correct horse")).status).toBe(200);
  });

  test("a name that is no address cannot be registered where mail has to reach it", async () => {
    expect((await register(world, realm.realm, "no address", "correct horse")).status).toBe(400);
    expect((await register(world, realm.realm, "name-only", "correct horse")).status).toBe(400);
  });

  test("nobody's mailbox is flooded", async () => {
    await register(world, realm.realm, "max@example.org", "correct horse");
    const statuses: number[] = [];
    for (let round = 0; round < 7; round += 1) statuses.push((await post("confirm/send", { email: "max@example.org" })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
  });
});

describe("password reset by mail (app-services-api §8)", () => {
  beforeEach(() => open({ "local-userpass": { config: { ...mailing["local-userpass"].config, autoConfirm: true } } }));

  test("the link sets a new password, ends the user's sessions and works once", async () => {
    await register(world, realm.realm, "kim@example.org", "correct horse");
    const session = readSignedIn((await login(world, realm.realm, "kim@example.org", "correct horse")).json);
    expect((await post("reset/send", { email: "kim@example.org" })).status).toBe(200);
    const { token, tokenId } = await readMail("kim@example.org");
    const short = await post("reset", { token, tokenId, password: "short" });
    expect(short.json).toMatchObject({ error: "password must be between 6 and 128 characters" });
    expect((await post("reset", { token, tokenId, password: "battery staple" })).status).toBe(200);
    expect((await login(world, realm.realm, "kim@example.org", "correct horse")).status).toBe(401);
    expect((await login(world, realm.realm, "kim@example.org", "battery staple")).status).toBe(200);
    expect((await world.call("/auth/session", { method: "POST", token: session.refresh_token })).status).toBe(401);
    expect((await post("reset", { token, tokenId, password: "third password" })).json).toMatchObject({ error: "invalid token data" });
  });

  test("a confirmation link does not reset, and a reset link of another realm neither", async () => {
    await register(world, realm.realm, "kim@example.org", "correct horse");
    await post("reset/send", { email: "kim@example.org" });
    const { token, tokenId } = await readMail("kim@example.org");
    expect((await post("confirm", { token, tokenId })).status).toBe(400);
    await open(mailing);
    await register(world, realm.realm, "kim@example.org", "correct horse");
    expect((await post("reset", { token, tokenId, password: "battery staple" })).status).toBe(400);
  });

  test("an unknown name is answered like a known one; a realm may tell instead", async () => {
    expect(await post("reset/send", { email: "nobody@example.org" })).toMatchObject({ status: 200, text: "{}" });
    expect(await realm.outbox.pending()).toEqual([]);
    await world.accounts.realms.update(realm.realm, { settings: { concealUnknownNames: false } });
    expect((await post("reset/send", { email: "nobody@example.org" })).json).toMatchObject({
      error: "user not found",
      error_code: "UserNotFound",
    });
    expect((await post("confirm/send", { email: "nobody@example.org" })).json).toMatchObject({ error: "user not found" });
  });

  test("a guesser of tokens is stopped, even with the right id", async () => {
    await register(world, realm.realm, "kim@example.org", "correct horse");
    await post("reset/send", { email: "kim@example.org" });
    const { token, tokenId } = await readMail("kim@example.org");
    const wrong = `${token.slice(0, -2)}AA`;
    for (let guess = 0; guess < 20; guess += 1)
      expect((await post("reset", { token: wrong, tokenId, password: "battery staple" })).status).toBe(400);
    expect((await post("reset", { token, tokenId, password: "battery staple" })).status).toBe(400);
  });
});

describe("confirmation and reset by functions (app-services-api §8)", () => {
  beforeEach(() => open(calling));

  test("success confirms, pending waits, fail leaves nothing behind", async () => {
    expect((await register(world, realm.realm, "verify@example.org", "correct horse")).status).toBe(201);
    expect((await login(world, realm.realm, "verify@example.org", "correct horse")).status).toBe(200);
    expect((await register(world, realm.realm, "pend@example.org", "correct horse")).status).toBe(201);
    expect((await login(world, realm.realm, "pend@example.org", "correct horse")).status).toBe(401);
    const failed = await register(world, realm.realm, "other@example.org", "correct horse");
    expect(failed).toMatchObject({ status: 400, json: { error_code: "BadRequest", error: 'failed to confirm user "other@example.org"' } });
    expect(await realm.credentials.find("other@example.org")).toBeUndefined();
  });

  test("a pending name is confirmed later by the token that the function was given", async () => {
    await register(world, realm.realm, "pend@example.org", "correct horse");
    const request = Object(calls[0]?.parameters[0]);
    expect((await post("confirm", { token: request.token, tokenId: request.tokenId })).status).toBe(200);
    expect((await login(world, realm.realm, "pend@example.org", "correct horse")).status).toBe(200);
    expect((await post("confirm/call", { email: "pend@example.org" })).json).toMatchObject({ error: "already confirmed" });
  });

  test("the reset function gets name, password, token, whether the password is the current one, and the caller's arguments", async () => {
    await register(world, realm.realm, "verify@example.org", "correct horse");
    calls.length = 0;
    expect(
      (await post("reset/call", { email: "verify@example.org", password: "do_reset_now", arguments: ["magic", { $numberInt: "42" }] }))
        .status,
    ).toBe(200);
    expect(calls[0]).toMatchObject({
      name: "resetFunc",
      parameters: [
        { username: "verify@example.org", password: "do_reset_now", currentPasswordValid: false },
        "magic",
        { $numberInt: "42" },
      ],
    });
    expect((await login(world, realm.realm, "verify@example.org", "do_reset_now")).status).toBe(200);
    const failed = await post("reset/call", { email: "verify@example.org", password: "something else", arguments: [] });
    expect(failed.json).toMatchObject({ error: 'failed to reset password for user "verify@example.org"' });
    expect((await post("reset/send", { email: "verify@example.org" })).json).toMatchObject({
      error: "please use reset password via function",
    });
  });
});

describe("other answers", () => {
  test("a realm without a way to reset says so", async () => {
    await open(everyProvider);
    await register(world, realm.realm, "kim@example.org", "correct horse");
    expect((await post("reset/send", { email: "kim@example.org" })).json).toMatchObject({ error: "error processing request" });
    expect((await post("confirm/send", { email: "kim@example.org" })).json).toMatchObject({
      error: "cannot run confirmation for kim@example.org: automatic confirmation is enabled",
    });
  });

  test("passwords are stored as scrypt hashes, tokens as hashes", async () => {
    await open({ "local-userpass": { config: { ...mailing["local-userpass"].config, autoConfirm: true } } });
    await register(world, realm.realm, "kim@example.org", "correct horse");
    expect((await realm.credentials.find("kim@example.org"))?.passwordHash).toMatch(/^scrypt\$16384\$8\$1\$/);
  });

  test("no fault was met on the way", () => {
    expect(world.faults).toEqual([]);
  });
});
