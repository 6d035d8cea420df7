import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Loopback, readText, Stage, textOf, type Json } from "./support.ts";

const realm = "messages";
const mail = "kim@example.org";
const password = "correct horse";

let stage: Stage;

const register = (name: string) =>
  stage.call(`/api/client/v2.0/app/${realm}/auth/providers/local-userpass/register`, { body: { email: name, password } });

/** The newest message of a kind to somebody, once it is there; messages are sent after the answer is given. */
const messageTo = (recipient: string, template: string, after: number): Promise<Json> =>
  vi.waitFor(
    async () => {
      const messages = (await stage.messagesTo(recipient)).filter((message) => message["template"] === template);
      const [newest] = messages;
      if (newest === undefined || messages.length <= after) throw new Error("not yet");
      return newest;
    },
    { timeout: 10_000, interval: 20 },
  );

const countOf = async (recipient: string, template: string): Promise<number> =>
  (await stage.messagesTo(recipient)).filter((message) => message["template"] === template).length;

const parameterOf = (message: Json, name: string): string => {
  const parameters = message["parameters"];
  const value: unknown = typeof parameters === "object" && parameters !== null ? Reflect.get(parameters, name) : undefined;
  if (typeof value !== "string") throw new Error(`the message has no ${name}`);
  return value;
};

beforeAll(async () => {
  stage = await Stage.start({});
  await stage.createRealm(realm);
  await stage.setProvider(realm, "local-userpass", { autoConfirm: true, resetPasswordUrl: "https://app.example.org/reset" });
  await stage.setProvider(realm, "otp", { createUsers: true });
  await stage.setProvider(realm, "otp2", { channels: ["sms"] });
  await stage.setProvider(realm, "passwordotp");
  await stage.setProvider(realm, "magiclink", { linkUrl: "https://app.example.org/link" });
  await stage.setProvider(realm, "magicnumbers01");
  expect((await register(mail)).status).toBe(201);
});

afterAll(() => stage.stop());

describe("one-time codes", () => {
  const start = async (provider: string, credentials: Json, recipient: string) => {
    const before = await countOf(recipient, "sign-in-code");
    const started = await stage.start(realm, provider, credentials);
    expect(started).toMatchObject({ status: 200, json: { status: "started", expires_in: 600 } });
    const code = parameterOf(await messageTo(recipient, "sign-in-code", before), "code");
    return { flow: textOf(started.json, "flow"), code };
  };

  test("by mail: right once, for the name that asked, and with at most five tries", async () => {
    const good = await start("otp", { username: mail }, mail);
    expect(good.code).toMatch(/^\d{6}$/);
    expect((await stage.signIn(realm, "otp", { username: "somebody@example.org", ...good })).status).toBe(401);
    const again = await start("otp", { username: "KIM@example.org" }, mail);
    const signedIn = await stage.signIn(realm, "otp", { username: mail, ...again });
    expect(signedIn).toMatchObject({ status: 200, json: { status: "signed-in" } });
    expect(await stage.signIn(realm, "otp", { username: mail, ...again })).toMatchObject({
      status: 401,
      json: { error_code: "SignInStepExpired" },
    });
    const byPassword = await stage.signIn(realm, "password", { username: mail, password });
    expect(textOf(byPassword.json, "user_id")).toBe(textOf(signedIn.json, "user_id"));

    const guessed = await start("otp", { username: mail }, mail);
    const wrong = guessed.code === "000000" ? "000001" : "000000";
    const statuses: number[] = [];
    for (let guess = 0; guess < 5; guess += 1) {
      statuses.push((await stage.signIn(realm, "otp", { username: `guess${guess}@example.org`, flow: guessed.flow, code: wrong })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    expect((await stage.signIn(realm, "otp", { username: "kim@example.org", ...guessed })).status).not.toBe(200);
  });

  test("an address that nobody has becomes a user by proving it, where the realm permits", async () => {
    const newcomer = await start("otp", { username: "new@example.org" }, "new@example.org");
    const signedIn = await stage.signIn(realm, "otp", { username: "new@example.org", ...newcomer });
    expect((await stage.profile(textOf(signedIn.json, "access_token"))).json).toMatchObject({
      identities: [{ provider_type: "otp" }],
      data: { email: "new@example.org" },
    });
  });

  test("by SMS to the mobile of the user's own, whichever name was typed", async () => {
    const person = { email: "lee@example.org", mobile: "+4915112345678", firstname: "Lee", lastname: "Jones", password };
    const created = await stage.call("/api/Users", { body: { realm, ...person } });
    expect(created.status).toBe(200);
    const code = await start("otp2", { username: "lee@example.org" }, "+4915112345678");
    const signedIn = await stage.signIn(realm, "otp2", { username: "lee@example.org", ...code });
    expect(textOf(signedIn.json, "user_id")).toBe(created.json["id"]);
  });

  test("after the password: a wrong one is refused as ever and sends nothing", async () => {
    const before = await countOf(mail, "sign-in-code");
    const refused = await stage.start(realm, "passwordotp", { username: mail, password: "wrong horse" });
    expect(refused).toMatchObject({ status: 401, json: { error_code: "InvalidPassword", error: "unauthorized" } });
    const code = await start("passwordotp", { username: mail, password }, mail);
    expect(await countOf(mail, "sign-in-code")).toBe(before + 1);
    expect((await stage.signIn(realm, "passwordotp", { username: mail, ...code })).status).toBe(200);
    expect((await stage.signIn(realm, "passwordotp", { username: mail, password })).status).toBe(400);
  });

  test("a name that nobody has is answered alike and sent nothing; a flooded name has to wait", async () => {
    const known = await stage.start(realm, "otp2", { username: mail });
    const unknown = await stage.start(realm, "otp2", { username: "nobody@example.org" });
    expect(Object.keys(unknown.json)).toEqual(Object.keys(known.json));
    expect(unknown.status).toBe(known.status);
    const guess = await stage.signIn(realm, "otp2", { username: "nobody@example.org", flow: textOf(unknown.json, "flow"), code: "123456" });
    expect(guess).toMatchObject({ status: 401, json: { error_code: "SignInStepExpired" } });
    expect(await stage.messagesTo("nobody@example.org")).toEqual([]);
    const statuses: number[] = [];
    for (let message = 0; message < 6; message += 1)
      statuses.push((await stage.start(realm, "otp2", { username: "flood@example.org" })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });
});

describe("magic links", () => {
  const mail = "link@example.org";
  beforeAll(() => register(mail));

  test("lead to the app's own page, sign in once, and stand in no answer", async () => {
    const started = await stage.start(realm, "magiclink", { username: mail });
    expect(Object.keys(started.json).sort()).toEqual(["expires_in", "flow", "status"]);
    const link = new URL(parameterOf(await messageTo(mail, "sign-in-link", 0), "link"));
    expect(link.origin + link.pathname).toBe("https://app.example.org/link");
    const credentials = { token: link.searchParams.get("token"), tokenId: link.searchParams.get("tokenId") };
    const wrong = await stage.signIn(realm, "magiclink", { ...credentials, token: "guessed" });
    expect(wrong).toMatchObject({ status: 401, json: { error_code: "SignInStepExpired" } });
    expect((await stage.signIn(realm, "magiclink", credentials)).status).toBe(200);
    expect((await stage.signIn(realm, "magiclink", credentials)).status).toBe(401);
  });
});

describe("magic numbers", () => {
  const mail = "numbers@example.org";
  beforeAll(() => register(mail));

  const begin = async () => {
    const before = await countOf(mail, "sign-in-numbers");
    const { json } = await stage.start(realm, "magicnumbers01", { username: mail });
    const message = await messageTo(mail, "sign-in-numbers", before);
    const links = [1, 2, 3].map((index) => ({
      number: Number(parameterOf(message, `number${index}`)),
      link: parameterOf(message, `link${index}`),
    }));
    const poll = () => stage.signIn(realm, "magicnumbers01", { flow: json["flow"], secret: json["secret"] });
    return { shown: json["number"], links, poll };
  };

  /** Opens a link as a person does: looks at the page, then presses its button. */
  const choose = async (link: string): Promise<{ status: number; text: string }> => {
    const page = await fetch(link);
    const token = /name="token" value="([^"]+)"/.exec(await page.text())?.[1] ?? "";
    const response = await fetch(link, { method: "POST", body: new URLSearchParams({ token }) });
    return { status: response.status, text: await response.text() };
  };

  test("the right number lets the waiting device in, once; opening a link alone does nothing", async () => {
    const { shown, links, poll } = await begin();
    expect(new Set(links.map(({ number }) => number)).size).toBe(3);
    const right = links.find(({ number }) => number === shown);
    expect(await poll()).toMatchObject({ status: 409, json: { error_code: "SignInPending" } });
    for (const { link } of links) expect((await fetch(link)).status).toBe(200);
    expect(await poll()).toMatchObject({ status: 409 });
    expect(await choose(right?.link ?? "")).toMatchObject({ status: 200 });
    expect(await poll()).toMatchObject({ status: 200, json: { status: "signed-in" } });
    expect(await poll()).toMatchObject({ status: 401, json: { error_code: "SignInStepExpired" } });
  });

  test("a wrong number ends the sign-in: the right one is too late", async () => {
    const { shown, links, poll } = await begin();
    expect((await choose(links.find(({ number }) => number !== shown)?.link ?? "")).status).toBe(400);
    expect((await choose(links.find(({ number }) => number === shown)?.link ?? "")).status).toBe(400);
    expect(await poll()).toMatchObject({ status: 401, json: { error_code: "SignInStepExpired" } });
  });

  test("pages run nothing and tell their address to nobody", async () => {
    const { links } = await begin();
    const page = await fetch(links[0]?.link ?? "");
    expect(page.headers.get("Content-Security-Policy")).toMatch(/^default-src 'none'/);
    expect(page.headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(page.headers.get("Cache-Control")).toBe("no-store");
  });
});

describe("the mailbox of development", () => {
  test("is the operator's alone", async () => {
    for (const token of [undefined, "guessed", `${stage.adminToken}x`]) {
      const answer = await stage.call("/api/v1/outbox", { method: "GET", ...(token === undefined ? {} : { token }) });
      expect(answer).toMatchObject({ status: 401, json: { error_code: "MissingAuthReq" } });
    }
  });

  test("receives the links to reset a password, which work", async () => {
    const sent = await stage.call(`/api/client/v2.0/app/${realm}/auth/providers/local-userpass/reset/send`, { body: { email: mail } });
    expect(sent.status).toBe(200);
    const link = new URL(parameterOf(await messageTo(mail, "reset-password", 0), "link"));
    const body = { token: link.searchParams.get("token"), tokenId: link.searchParams.get("tokenId"), password: "battery staple" };
    const reset = () => stage.call(`/api/client/v2.0/app/${realm}/auth/providers/local-userpass/reset`, { body });
    expect((await reset()).status).toBe(200);
    expect((await reset()).json).toMatchObject({ error_code: "UserpassTokenInvalid" });
    expect((await stage.signIn(realm, "password", { username: mail, password: "battery staple" })).status).toBe(200);
  });
});

describe("the webhook of production", () => {
  const secret = `whsec_${btoa("0123456789abcdef0123456789abcdef")}`;

  test("gets every message signed, again after a failure, and the mailbox is closed", async () => {
    const receiver = await Loopback.listen();
    const received: { readonly body: Json; readonly id: string }[] = [];
    let failures = 1;
    receiver.handler = (request, response) => {
      void readText(request).then((text) => {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
        const body: unknown = new Webhook(secret).verify(text, headers);
        const fails = failures > 0;
        failures -= 1;
        if (!fails && typeof body === "object" && body !== null) received.push({ body: { ...body }, id: headers["webhook-id"] ?? "" });
        response.writeHead(fails ? 500 : 204).end();
      });
    };
    const production = await Stage.start({ OUTGOING_HOSTS: receiver.host, OUTBOX_URL: `${receiver.url}/messages`, OUTBOX_SECRET: secret });
    try {
      await production.createRealm(realm);
      await production.setProvider(realm, "otp", { createUsers: true });
      const { json } = await production.start(realm, "otp", { username: mail });
      const message = await vi.waitFor(
        () => {
          const [first] = received;
          if (first === undefined) throw new Error("not yet");
          return first;
        },
        { timeout: 60_000, interval: 50 },
      );
      expect(message.body).toMatchObject({ id: message.id, realm, channel: "email", recipient: mail, template: "sign-in-code" });
      const code = parameterOf(message.body, "code");
      expect((await production.signIn(realm, "otp", { username: mail, flow: json["flow"], code })).status).toBe(200);
      expect(received).toHaveLength(1);
      const closed = await production.call("/api/v1/outbox", { method: "GET", token: production.adminToken });
      expect(closed).toMatchObject({ status: 404, json: { error_code: "OutboxDelivers" } });
    } finally {
      await production.stop();
      await receiver.close();
    }
  });
});
