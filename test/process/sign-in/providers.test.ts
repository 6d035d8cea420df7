import { createHash, createHmac, createVerify, generateKeyPairSync, randomBytes } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerJson, Loopback, readText, Stage, textOf, type Json } from "./support.ts";

const realm = "providers";
let stage: Stage;
/** Stands in for servers of Facebook, Apple and the app's own company. */
let others: Loopback;

beforeAll(async () => {
  others = await Loopback.listen();
  stage = await Stage.start({ OUTGOING_HOSTS: others.host });
  await stage.createRealm(realm);
});

afterAll(async () => {
  await stage.stop();
  await others.close();
});

beforeEach(() => {
  others.handler = (_request, response) => answerJson(response, 404, {});
});

const now = (): number => Math.floor(Date.now() / 1000);

describe("custom-token: somebody else's JWT", () => {
  const secret = "a shared secret of thirty-two bytes!";
  let signer: CryptoKey;
  const tokenOf = (claims: Json, key: CryptoKey | Uint8Array, alg: string, kid?: string): Promise<string> =>
    new SignJWT({ sub: "person-1", aud: realm, iat: now(), exp: now() + 600, ...claims })
      .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
      .sign(key);
  const signIn = (token: string) => stage.signIn(realm, "jwt", { token });
  const bySecret = (claims: Json = {}, key = secret) => tokenOf(claims, new TextEncoder().encode(key), "HS256");

  beforeAll(async () => {
    const pair = await generateKeyPair("RS256", { extractable: true });
    signer = pair.privateKey;
    await stage.setSecret(realm, "jwt-secret", secret);
    await stage.setSecret(realm, "jwt-next", `${secret}2`);
    await stage.setSecret(realm, "jwt-public", await exportSPKI(pair.publicKey));
    const jwk = await exportJWK(pair.publicKey);
    others.handler = (_request, response) => answerJson(response, 200, { keys: [{ ...jwk, kid: "company", alg: "RS256", use: "sig" }] });
  });

  test("HS256 by any of the realm's secrets; claims become the profile; a required one must be there", async () => {
    const metadata_fields = [
      { name: "user_data.occupation", field_name: "job", required: true },
      { name: "level", required: false },
    ];
    await stage.setProvider(realm, "custom-token", { signingKeys: ["jwt-secret", "jwt-next"], metadata_fields });
    const claims = { user_data: { occupation: "baker" }, level: 3 };
    const signedIn = await signIn(await bySecret(claims));
    expect((await stage.profile(textOf(signedIn.json, "access_token"))).json).toMatchObject({
      identities: [{ provider_type: "custom-token" }],
      data: { job: "baker", level: "3" },
    });
    const rotated = await signIn(await bySecret(claims, `${secret}2`));
    expect(textOf(rotated.json, "user_id")).toBe(textOf(signedIn.json, "user_id"));
    expect((await signIn(await bySecret(claims, `${secret}3`))).status).toBe(401);
    expect(await signIn(await bySecret({ level: 3 }))).toMatchObject({ status: 401, json: { error_code: "AuthError" } });
  });

  test("the audience is the realm's name, or what the settings say; the issuer too, where they name one", async () => {
    await stage.setProvider(realm, "custom-token", { signingKeys: ["jwt-secret"] });
    expect((await signIn(await bySecret({ aud: "another" }))).status).toBe(401);
    await stage.setProvider(realm, "custom-token", {
      signingKeys: ["jwt-secret"],
      audience: ["first", "second"],
      issuer: "https://company.example",
    });
    expect((await signIn(await bySecret({ aud: "second", iss: "https://company.example" }))).status).toBe(200);
    expect((await signIn(await bySecret({ aud: realm, iss: "https://company.example" }))).status).toBe(401);
    expect((await signIn(await bySecret({ aud: "second", iss: "https://evil.example" }))).status).toBe(401);
  });

  test("expired, future and endless tokens, and those without a person, are refused; small differences of clocks are not", async () => {
    await stage.setProvider(realm, "custom-token", { signingKeys: ["jwt-secret"] });
    const wrong = [
      { exp: now() - 45 },
      { iat: now() + 90 },
      { nbf: now() + 90 },
      { exp: undefined },
      { sub: undefined },
      { sub: "" },
      { sub: "x".repeat(256) },
    ];
    for (const claims of wrong) expect((await signIn(await bySecret(claims))).status, JSON.stringify(claims)).toBe(401);
    for (const claims of [{ exp: now() - 15 }, { iat: now() + 15 }]) expect((await signIn(await bySecret(claims))).status).toBe(200);
  });

  test("RS256 by a public key, which is never taken for a secret", async () => {
    await stage.setProvider(realm, "custom-token", { signingAlgorithm: "RS256", signingKeys: ["jwt-public"] });
    expect((await signIn(await tokenOf({}, signer, "RS256"))).status).toBe(200);
    const { publicKey } = await generateKeyPair("RS256", { extractable: true });
    const pem = new TextEncoder().encode(await exportSPKI(publicKey));
    expect((await signIn(await tokenOf({}, pem, "HS256"))).status).toBe(401);
    expect((await signIn(await bySecret())).status).toBe(401);
  });

  test("keys published at an address", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    const jwk = await exportJWK(publicKey);
    let asked = 0;
    others.handler = (_request, response) => {
      asked += 1;
      answerJson(response, 200, { keys: [{ ...jwk, kid: "company", alg: "RS256", use: "sig" }] });
    };
    await stage.setProvider(realm, "custom-token", { useJWKURI: true, jwkURI: `${others.url}/keys` });
    expect((await signIn(await tokenOf({}, privateKey, "RS256", "company"))).status).toBe(200);
    expect((await signIn(await tokenOf({}, privateKey, "RS256", "company"))).status).toBe(200);
    expect((await signIn(await tokenOf({}, signer, "RS256", "company"))).status).toBe(401);
    expect(asked).toBe(1);
    await stage.setProvider(realm, "custom-token", { useJWKURI: true, jwkURI: `${others.url}/broken` });
    others.handler = (_request, response) => answerJson(response, 500, {});
    expect(await signIn(await tokenOf({}, privateKey, "RS256", "company"))).toMatchObject({
      status: 503,
      json: { error_code: "ProviderUnavailable" },
    });
  });
});

describe("oauth2-facebook", () => {
  const appSecret = "facebook-app-secret";
  const people: Record<string, { id: string; app: string }> = {
    "token-of-ada": { id: "1001", app: "our-app" },
    "token-for-another-app": { id: "1001", app: "their-app" },
  };

  beforeEach(async () => {
    await stage.setSecret(realm, "facebook", appSecret);
    await stage.setProvider(realm, "oauth2-facebook", {
      clientId: "our-app",
      clientSecret: "facebook",
      graphUrl: `${others.url}/v23.0`,
    });
    others.handler = (request, response) => {
      const url = new URL(request.url ?? "/", others.url);
      if (url.pathname.endsWith("/debug_token")) {
        const person = people[url.searchParams.get("input_token") ?? ""];
        const isOurs = request.headers.authorization === `Bearer our-app|${appSecret}`;
        return answerJson(response, 200, { data: { is_valid: isOurs && person !== undefined, app_id: person?.app, user_id: person?.id } });
      }
      const token = (request.headers.authorization ?? "").replace("Bearer ", "");
      const proof = createHmac("sha256", appSecret).update(token).digest("hex");
      if (url.searchParams.get("appsecret_proof") !== proof) return answerJson(response, 400, {});
      return answerJson(response, 200, {
        id: people[token]?.id,
        name: "Ada L",
        first_name: "Ada",
        email: "ada@example.org",
        picture: { data: { url: "https://p.example/a" } },
      });
    };
  });

  test("admits the owner of a token of this app, and shows name and picture", async () => {
    const signedIn = await stage.signIn(realm, "facebook", { accessToken: "token-of-ada" });
    expect((await stage.profile(textOf(signedIn.json, "access_token"))).json).toMatchObject({
      data: { name: "Ada L", first_name: "Ada", email: "ada@example.org", picture: "https://p.example/a" },
    });
  });

  test("refuses a token that the same person gave to another app, and an unknown one", async () => {
    for (const accessToken of ["token-for-another-app", "guessed"]) {
      expect(await stage.signIn(realm, "facebook", { accessToken })).toMatchObject({ status: 401, json: { error_code: "AuthError" } });
    }
  });
});

describe("cloudkit", () => {
  const container = "iCloud.org.example.app";

  test("by a web auth token, which Apple is asked about with the container's API token", async () => {
    await stage.setSecret(realm, "cloudkit-api", "api-token");
    await stage.setProvider(realm, "cloudkit", { container, endpoint: others.url, apiToken: "cloudkit-api" });
    others.handler = (request, response) => {
      const url = new URL(request.url ?? "/", others.url);
      const isRight = url.searchParams.get("ckAPIToken") === "api-token" && url.searchParams.get("ckWebAuthToken") === "web-token";
      const isCaller = url.pathname === `/database/1/${container}/development/public/users/caller`;
      answerJson(response, isRight && isCaller ? 200 : 401, { userRecordName: "_user1" });
    };
    expect((await stage.signIn(realm, "icloud", { token: "web-token" })).status).toBe(200);
    expect((await stage.signIn(realm, "icloud", { token: "other" })).status).toBe(401);
  });

  test("by a record that the person wrote, read with the server-to-server key; its name alone proves nothing", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const pem = privateKey.export({ type: "sec1", format: "pem" }).toString();
    await stage.setSecret(realm, "cloudkit-key", pem);
    const config = { container, endpoint: others.url, keyId: "0123456789abcdef", privateKey: "cloudkit-key", environment: "production" };
    await stage.setProvider(realm, "cloudkit", config);
    const secret = randomBytes(32).toString("hex");
    let created = Date.now();
    others.handler = (request, response) => {
      void readText(request).then((body) => {
        const path = request.url ?? "";
        const date = String(request.headers["x-apple-cloudkit-request-iso8601date"]);
        const signed = `${date}:${createHash("sha256").update(body).digest("base64")}:${path}`;
        const signature = String(request.headers["x-apple-cloudkit-request-signaturev1"]);
        const isSigned = createVerify("sha256").update(signed).verify(publicKey, signature, "base64");
        const isPath = path === `/database/1/${container}/production/public/records/lookup`;
        if (!isSigned || !isPath) return answerJson(response, 401, {});
        const proof = createHash("sha256").update(secret).digest("hex");
        const record = {
          recordType: "SignIn",
          fields: { proof: { value: proof } },
          created: { timestamp: created, userRecordName: "_user2" },
        };
        return answerJson(response, 200, { records: [record] });
      });
    };
    expect((await stage.signIn(realm, "cloudkit", { token: `record-1.${secret}` })).status).toBe(200);
    for (const token of ["record-1", `record-1.${"0".repeat(64)}`, `.${secret}`]) {
      expect((await stage.signIn(realm, "cloudkit", { token })).status).toBe(401);
    }
    created -= 11 * 60_000;
    expect((await stage.signIn(realm, "cloudkit", { token: `record-1.${secret}` })).status).toBe(401);
  });
});

describe("custom/…: providers in code", () => {
  test("are off until the settings name them, then ask with their options and make a user at the first sign-in", async () => {
    const credentials = { data: "token-7", user_info: { from: "app" } };
    expect((await stage.signIn(realm, "custom/token-lookup", credentials)).json).toMatchObject({ error_code: "AuthProviderNotFound" });
    await stage.setProvider(realm, "custom/token-lookup", { auth_server: others.url });
    const asked: unknown[] = [];
    others.handler = (request, response) => {
      void readText(request).then((body) => {
        asked.push([request.url, JSON.parse(body)]);
        answerJson(response, body.includes("token-7") ? 200 : 403, { userID: "employee-7" });
      });
    };
    const first = await stage.signIn(realm, "custom/token-lookup", credentials);
    const second = await stage.signIn(realm, "custom/token-lookup", credentials);
    expect(asked[0]).toEqual(["/api/auth", { token: "token-7", user_info: { from: "app" } }]);
    expect(textOf(second.json, "user_id")).toBe(textOf(first.json, "user_id"));
    expect((await stage.profile(textOf(first.json, "access_token"))).json).toMatchObject({
      identities: [{ provider_type: "custom/token-lookup" }],
    });
    expect(await stage.signIn(realm, "custom/token-lookup", { data: "other" })).toMatchObject({
      status: 401,
      json: { error: "the token is not known" },
    });
  });

  test("reach no private address, and follow no redirect to one", async () => {
    await stage.setProvider(realm, "custom/token-lookup", { auth_server: "http://127.0.0.1:1" });
    expect((await stage.signIn(realm, "custom/token-lookup", { data: "x" })).status).toBe(503);
    await stage.setProvider(realm, "custom/token-lookup", { auth_server: others.url });
    others.handler = (_request, response) => response.writeHead(302, { Location: `${stage.origin}/health` }).end();
    expect((await stage.signIn(realm, "custom/token-lookup", { data: "x" })).status).toBe(503);
    others.handler = (_request, response) => response.writeHead(200).end("x".repeat(300 * 1024));
    expect((await stage.signIn(realm, "custom/token-lookup", { data: "x" })).status).toBe(503);
  });
});

test("custom-function is refused by name where no functions run", async () => {
  await stage.setProvider(realm, "custom-function", { authFunctionName: "authenticate" });
  expect(await stage.signIn(realm, "custom-function", { any: "thing" })).toMatchObject({
    status: 501,
    json: { error_code: "FunctionsUnavailable" },
  });
});

test("bad input is refused with its place, by every provider and both steps", async () => {
  const types = ["password", "api-key", "jwt", "oauth2-facebook", "cloudkit", "custom/token-lookup", "ticket"];
  await stage.setProvider(realm, "api-key");
  await stage.setProvider(realm, "otp");
  for (const type of types) {
    for (const credentials of [{}, { token: 1, username: {}, key: [], accessToken: null, data: 7 }]) {
      const answer = await stage.signIn(realm, type, credentials);
      expect(answer.status, `${type} ${JSON.stringify(answer.json)}`).toBe(400);
      expect(answer.json).toMatchObject({ error_code: expect.stringMatching(/^(Missing|Invalid)Parameter$/) });
    }
  }
  expect((await stage.start(realm, "otp", {})).json).toMatchObject({ error_code: "MissingParameter", error: "missing: username" });
  expect((await stage.start(realm, "api-key", { key: "x" })).json).toMatchObject({ error_code: "BadRequest" });
  expect((await stage.signIn(realm, "no-such", {})).json).toMatchObject({ error_code: "AuthProviderNotFound" });
  expect((await stage.signIn("no-such-realm", "password", {})).json).toMatchObject({ error_code: "RealmNotFound" });
  expect((await stage.call(`/api/v1/realms/${realm}/sign-in/password`, { body: [] })).status).toBe(400);
});
