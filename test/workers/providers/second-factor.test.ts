import { Secret, TOTP } from "otpauth";
import { beforeAll, describe, expect, test } from "vitest";
import { matchingStep } from "../../../src/accounts/providers/second-factors.ts";
import type { RealmAccounts } from "../../../src/accounts/accounts.ts";
import { createSignInWorld, textOf, type Answer, type SignInWorld } from "./support.ts";

const password = "correct horse";
const step = 30_000;
let world: SignInWorld;
let realm: RealmAccounts;
let people = 0;

beforeAll(async () => {
  world = await createSignInWorld();
  realm = await world.realm({ name: "guarded", providers: { "local-userpass": {}, "anon-user": {}, "api-key": {} } });
});

/** A new person who has signed in by password. */
const newPerson = async (name = "guarded"): Promise<{ email: string; token: string; id: string }> => {
  people += 1;
  const email = `person${people}@example.org`;
  await world.call(`/api/client/v2.0/app/${name}/auth/providers/local-userpass/register`, { body: { email, password } });
  const { json } = await world.signIn(name, "password", { username: email, password });
  return { email, token: json["status"] === "signed-in" ? textOf(json, "access_token") : "", id: String(json["user_id"]) };
};

const codeOf = (secret: string, at = world.now()): string => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at });

const own = (token: string, path = "", body: object = {}): Promise<Answer> =>
  world.call(`/api/v1/me/second-factor${path}`, { body, token });

/** Sets an authenticator app up for a new person; the clock moves on, so that the next code is another one. */
const enrolled = async () => {
  const person = await newPerson();
  const begun = await own(person.token);
  const secret = textOf(begun.json, "secret");
  const confirmed = await own(person.token, "/confirm", { code: codeOf(secret) });
  expect(confirmed.status).toBe(200);
  world.pass(step);
  const codes = confirmed.json["recovery_codes"];
  if (!Array.isArray(codes)) throw new Error("no recovery codes");
  return { ...person, secret, uri: textOf(begun.json, "uri"), recoveryCodes: codes.map(String) };
};

const challengeOf = async (email: string): Promise<string> => {
  const { json } = await world.signIn("guarded", "password", { username: email, password });
  expect(json).toMatchObject({ status: "second-factor" });
  expect(json["access_token"]).toBeUndefined();
  return textOf(json, "challenge");
};

const answer = (challenge: string, code: string, name = "guarded"): Promise<Answer> =>
  world.call(`/api/v1/realms/${name}/sign-in/second-factor`, { body: { challenge, code } });

describe("codes (RFC 6238)", () => {
  test("appendix B: the values for SHA-1, shortened to six digits", () => {
    const secret = Secret.fromUTF8("12345678901234567890").base32;
    const vectors = [
      [59, "287082"],
      [1111111109, "081804"],
      [1111111111, "050471"],
      [1234567890, "005924"],
      [2000000000, "279037"],
      [20000000000, "353130"],
    ] as const;
    for (const [seconds, code] of vectors) expect(matchingStep(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  test("are good one step before and after, and no further", () => {
    const secret = new Secret({ size: 20 }).base32;
    const at = Date.UTC(2026, 0, 1);
    const code = codeOf(secret, at);
    for (const [distance, good] of [
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ] as const) {
      expect(matchingStep(secret, code, at + distance * step) !== undefined, String(distance)).toBe(good);
    }
  });
});

describe("enrolling", () => {
  test("gives an address for authenticator apps, and ends only with a right code", async () => {
    const { token, email } = await newPerson();
    const begun = await own(token);
    expect(textOf(begun.json, "uri")).toMatch(new RegExp(`^otpauth://totp/guarded:${encodeURIComponent(email)}\\?`));
    const secret = textOf(begun.json, "secret");
    const wrong = codeOf(secret) === "000000" ? "000001" : "000000";
    expect(await own(token, "/confirm", { code: wrong })).toMatchObject({ status: 401, json: { error_code: "SecondFactorInvalid" } });
    expect((await world.signIn("guarded", "password", { username: email, password })).json).toMatchObject({ status: "signed-in" });
    const confirmed = await own(token, "/confirm", { code: codeOf(secret) });
    expect(confirmed.json["recovery_codes"]).toHaveLength(10);
    expect((await world.signIn("guarded", "password", { username: email, password })).json).toMatchObject({ status: "second-factor" });
    expect(await own(token)).toMatchObject({ status: 409, json: { error_code: "SecondFactorAlreadyEnrolled" } });
  });
});

describe("signing in with a second factor", () => {
  test("a code completes the sign-in; neither code nor challenge is good twice", async () => {
    const { email, secret, id } = await enrolled();
    const challenge = await challengeOf(email);
    const done = await answer(challenge, codeOf(secret));
    expect(done).toMatchObject({ status: 200, json: { status: "signed-in", user_id: id } });
    expect(await answer(challenge, codeOf(secret))).toMatchObject({ status: 401, json: { error_code: "SignInStepExpired" } });
    const replayed = await answer(await challengeOf(email), codeOf(secret));
    expect(replayed).toMatchObject({ status: 401, json: { error_code: "SecondFactorInvalid" } });
    world.pass(step);
    expect((await answer(await challengeOf(email), codeOf(secret))).status).toBe(200);
  });

  test("of several sign-ins that send the same code at once one passes", async () => {
    const { email, secret } = await enrolled();
    const challenges: string[] = [];
    for (let index = 0; index < 4; index += 1) challenges.push(await challengeOf(email));
    const code = codeOf(secret);
    const answers = await Promise.all(challenges.map((challenge) => answer(challenge, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("a recovery code stands in for the app, once, however it is written", async () => {
    const { email, recoveryCodes, token } = await enrolled();
    const [first = "", second = ""] = recoveryCodes;
    expect((await answer(await challengeOf(email), first.toUpperCase().replaceAll("-", " "))).status).toBe(200);
    expect((await answer(await challengeOf(email), first)).json).toMatchObject({ error_code: "SecondFactorInvalid" });
    const renewed = await own(token, "/recovery-codes", { code: second });
    expect(renewed.json["recovery_codes"]).toHaveLength(10);
    expect((await answer(await challengeOf(email), recoveryCodes[2] ?? "")).status).toBe(401);
  });

  test("wrong codes delay further ones, and the right one too", async () => {
    const { email, secret } = await enrolled();
    const challenge = await challengeOf(email);
    const wrong = codeOf(secret) === "000000" ? "000001" : "000000";
    const statuses: number[] = [];
    for (let guess = 0; guess < 6; guess += 1) statuses.push((await answer(challenge, wrong)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await answer(challenge, codeOf(secret))).toMatchObject({ status: 429, json: { error_code: "TooManyAttempts" } });
    world.pass(2000);
    expect((await answer(challenge, codeOf(secret))).status).toBe(200);
  });

  test("a challenge ends after ten minutes, in other realms, and with the user", async () => {
    await world.realm({ name: "other-guarded" });
    const { email, secret, id } = await enrolled();
    const stale = await challengeOf(email);
    expect((await answer(stale, codeOf(secret), "other-guarded")).json).toMatchObject({ error_code: "SignInStepExpired" });
    expect((await answer(`${stale}x`, codeOf(secret))).json).toMatchObject({ error_code: "SignInStepExpired" });
    world.pass(601_000);
    expect((await answer(stale, codeOf(secret))).json).toMatchObject({ error_code: "SignInStepExpired" });
    const fresh = await challengeOf(email);
    await realm.users.setState(id, "locked");
    expect(await answer(fresh, codeOf(secret))).toMatchObject({ status: 401, json: { error_code: "UserDisabled" } });
  });

  test("SDKs, which cannot answer a challenge, are refused by name; the right password is not enough for them", async () => {
    const { email, secret } = await enrolled();
    const path = "/api/client/v2.0/app/guarded/auth/providers";
    const refused = await world.call(`${path}/local-userpass/login`, { body: { username: email, password } });
    expect(refused).toMatchObject({ status: 401, json: { error_code: "SecondFactorRequired" } });
    const finished = await world.call("/api/v1/realms/guarded/sign-in/second-factor", {
      body: { challenge: await challengeOf(email), code: codeOf(secret), answer: "ticket" },
    });
    const byTicket = await world.call(`${path}/custom-token/login`, { body: { token: textOf(finished.json, "ticket") } });
    expect(byTicket.status).toBe(200);
  });

  test("programs and anonymous users are not asked", async () => {
    const { id } = await enrolled();
    const made = await realm.apiKeys.create(id, "machine");
    expect((await world.signIn("guarded", "api-key", { key: made?.key })).json).toMatchObject({ status: "signed-in", user_id: id });
  });

  test("it is removed with a code of its own only", async () => {
    const { email, secret, token } = await enrolled();
    expect((await own(token, "/remove", { code: "abcdef" })).status).toBe(401);
    expect((await own(token, "/remove", { code: codeOf(secret) })).status).toBe(204);
    expect((await world.signIn("guarded", "password", { username: email, password })).json).toMatchObject({ status: "signed-in" });
  });
});

describe("a second factor that is demanded", () => {
  test("by the realm: nobody gets a session before one is set up", async () => {
    await world.realm({ name: "strict", settings: { secondFactor: "required" }, providers: { "anon-user": {} } });
    expect((await world.signIn("strict", "anonymous", {})).json).toMatchObject({ status: "signed-in" });
    const { email, token } = await newPerson("strict");
    expect(token).toBe("");
    const begun = await world.signIn("strict", "password", { username: email, password });
    expect(begun.json).toMatchObject({ status: "second-factor", enrolment_required: true });
    const challenge = textOf(begun.json, "challenge");
    const path = "/api/v1/realms/strict/sign-in/second-factor";
    expect(await answer(challenge, "000000", "strict")).toMatchObject({
      status: 401,
      json: { error_code: "SecondFactorEnrolmentRequired" },
    });
    const secret = textOf((await world.call(`${path}/enrol`, { body: { challenge } })).json, "secret");
    const confirmed = await world.call(`${path}/confirm`, { body: { challenge, code: codeOf(secret) } });
    expect(confirmed).toMatchObject({ status: 200, json: { status: "signed-in" } });
    expect(confirmed.json["recovery_codes"]).toHaveLength(10);
    expect(await world.call(`${path}/enrol`, { body: { challenge } })).toMatchObject({ status: 401 });
    expect((await world.signIn("strict", "password", { username: email, password })).json).toMatchObject({
      status: "second-factor",
      enrolment_required: false,
    });
  });

  test("of one user", async () => {
    const { email, id } = await newPerson();
    await realm.secondFactors.setRequired(id, true);
    expect((await world.signIn("guarded", "password", { username: email, password })).json).toMatchObject({ enrolment_required: true });
    await realm.secondFactors.setRequired(id, false);
    expect((await world.signIn("guarded", "password", { username: email, password })).json).toMatchObject({ status: "signed-in" });
  });
});

test("no fault was met on the way", () => {
  expect(world.faults).toEqual([]);
});
