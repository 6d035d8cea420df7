// Every way to sign in that the SDK knows, against providers and issuers that answer as the real ones do.
import { createHmac, generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import * as Web from "realm-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser } from "../../process/sign-in/browser.ts";
import { clientId, clientSecret, Issuer } from "../../process/sign-in/issuer.ts";
import { answerJson, Loopback } from "../../process/sign-in/support.ts";
import type { Device } from "../support/client.ts";
import { Management } from "../support/management.ts";
import { create, type Credentials } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { Stage } from "../support/stage.ts";

const stage = new Stage();
const appId = "ways-in";
const rsaAppId = "ways-in-rsa";
const nativeApp = "https://app.example.org/native";
const sharedSecret = "a shared secret of thirty-two bytes!";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

let issuer: Issuer;
let graph: Loopback;
let server: ServerProcess;
let management: Management;

const facebookSecret = "facebook-app-secret";
const facebookPeople: ReadonlyMap<string, { readonly id: string; readonly app: string }> = new Map([
  ["token-of-ada", { id: "1001", app: "our-app" }],
  ["token-for-another-app", { id: "1001", app: "their-app" }],
]);

/** Answers as Facebook's Graph API: whose a token is, for which app it was made, and the person, to whom has the app's proof. */
const facebook: Loopback["handler"] = (request, response) => {
  const url = new URL(request.url ?? "/", "http://graph");
  if (url.pathname.endsWith("/debug_token")) {
    const person = facebookPeople.get(url.searchParams.get("input_token") ?? "");
    return answerJson(response, 200, { data: { is_valid: person !== undefined, app_id: person?.app, user_id: person?.id } });
  }
  const token = (request.headers.authorization ?? "").replace("Bearer ", "");
  const proof = createHmac("sha256", facebookSecret).update(token).digest("hex");
  if (url.searchParams.get("appsecret_proof") !== proof) return answerJson(response, 400, {});
  return answerJson(response, 200, { id: facebookPeople.get(token)?.id, name: "Ada L", email: "ada@example.org" });
};

beforeAll(async () => {
  issuer = await Issuer.start([nativeApp]);
  graph = await Loopback.listen();
  graph.handler = facebook;
  server = await ServerProcess.start(["--set", `OUTGOING_HOSTS=${issuer.host},${graph.host}`]);
  management = new Management(server, appId);
  await management.createRealm({ "anon-user": {}, "api-key": {} });
  await management.setSecret("jwt", sharedSecret);
  await management.setProvider("custom-token", { signingKeys: ["jwt"], metadata_fields: [{ name: "name" }] });
  await management.setSecret("google", clientSecret);
  const googleClient = { clientId, clientSecret: "google", authCodeRedirectUri: nativeApp };
  await management.setProvider("oauth2-google", { ...googleClient, issuer: issuer.url });
  await management.setProvider("oauth2-apple", { clientId, issuer: issuer.url });
  await management.setSecret("facebook", facebookSecret);
  await management.setProvider("oauth2-facebook", { clientId: "our-app", clientSecret: "facebook", graphUrl: graph.url });
  await management.setProvider("custom-function", { authFunctionName: "judge" });
  const rsaRealm = new Management(server, rsaAppId);
  await rsaRealm.createRealm();
  await rsaRealm.setSecret("jwt", rsa.publicKey.export({ type: "spki", format: "pem" }).toString());
  await rsaRealm.setProvider("custom-token", { signingAlgorithm: "RS256", signingKeys: ["jwt"] });
});
afterAll(async () => {
  await server.kill();
  await Promise.all([issuer.close(), graph.close()]);
});

const device = (credentials?: Credentials): Promise<Device> =>
  stage.device({ url: server.url, appId, ...(credentials === undefined ? {} : { credentials }) });

const refused = (code: string, http: number) => ({ refusal: { name: "AppError", codeName: code, http } });

const sign = (claims: object, key: Uint8Array | typeof rsa.privateKey, alg: string): Promise<string> =>
  new SignJWT({ aud: appId, name: "Grace", ...claims }).setProtectedHeader({ alg }).setIssuedAt().setExpirationTime("5 minutes").sign(key);
const bySecret = (sub: string, secret = sharedSecret) => sign({ sub }, new TextEncoder().encode(secret), "HS256");

/** Signs in on two devices; both must be one user, whose changes reach both. */
async function expectSameUserTwice(credentials: () => Promise<Credentials> | Credentials, provider: string): Promise<Device> {
  const [one, other] = [await device(await credentials()), await device(await credentials())];
  const [user, again] = [await one.user(), await other.user()];
  expect(again?.id).toBe(user?.id);
  expect(user?.identities.map((identity) => identity.provider)).toEqual([provider]);
  const partition = stage.partition(taskSchema, { url: server.url, appId });
  const [onOne, onOther] = [await partition.open(one), await partition.open(other)];
  await onOne.write(create("Task", { _id: "t", title: provider }));
  await onOther.waitForCount("Task", 1);
  await partition.expectSame([onOne, onOther]);
  return one;
}

describe("JWT of somebody else's", () => {
  test("signed with a shared secret", async () => {
    const user = await (await expectSameUserTwice(async () => ({ provider: "jwt", token: await bySecret("employee-1") }), "custom")).user();
    expect(user?.profile).toMatchObject({ name: "Grace" });
  });

  test("signed with a private key", async () => {
    const token = await sign({ sub: "employee-1", aud: rsaAppId }, rsa.privateKey, "RS256");
    const signedIn = await stage.device({ url: server.url, appId: rsaAppId, credentials: { provider: "jwt", token } });
    expect((await signedIn.user())?.identities).toMatchObject([{ provider: "custom" }]);
  });

  test.each([
    ["signed by a stranger", appId, () => bySecret("employee-1", "another secret, of as many bytes")],
    ["for another audience", appId, () => sign({ sub: "e", aud: "elsewhere" }, new TextEncoder().encode(sharedSecret), "HS256")],
    ["over its time", appId, () => expiredToken()],
    [
      "signed with the public key as if it were a secret",
      rsaAppId,
      () =>
        sign(
          { sub: "e", aud: rsaAppId },
          new TextEncoder().encode(rsa.publicKey.export({ type: "spki", format: "pem" }).toString()),
          "HS256",
        ),
    ],
  ])("%s is refused", async (_what, realm, make) => {
    const credentials = { provider: "jwt", token: await make() } as const;
    await expect(stage.device({ url: server.url, appId: realm, credentials })).rejects.toMatchObject(refused("AuthError", 401));
  });
});

const expiredToken = (): Promise<string> =>
  new SignJWT({ aud: appId, sub: "employee-1" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt(1_700_000_000)
    .setExpirationTime(1_700_000_600)
    .sign(new TextEncoder().encode(sharedSecret));

describe.each(["google", "apple"] as const)("an ID token of %s", (provider) => {
  const token = (claims: object = {}) => issuer.forge({ sub: `${provider}-7`, email: "g@example.org", email_verified: true, ...claims });

  test("is the same user on every device", async () => {
    const signedIn = await expectSameUserTwice(async () => ({ provider, token: await token() }), provider);
    expect((await signedIn.user())?.profile).toMatchObject({ email: "g@example.org" });
  });

  test("for another app, or of another issuer, is refused", async () => {
    for (const claims of [{ aud: "another-app" }, { iss: "https://elsewhere.example" }]) {
      await expect(device({ provider, token: await token(claims) })).rejects.toMatchObject(refused("AuthError", 401));
    }
  });
});

/** A code as Google's library gives one to an app. */
async function codeOf(login: string): Promise<string> {
  const url = new URL(`${issuer.url}/auth`);
  const parameters = { client_id: clientId, response_type: "code", redirect_uri: nativeApp, scope: "openid email profile" };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return (await issuer.signIn(new Browser(), url.href, login, nativeApp)).searchParams.get("code") ?? "";
}

test("a code of Google's is exchanged, once; one that it never gave is refused", async () => {
  const code = await codeOf("lee");
  const signedIn = await device({ provider: "googleCode", code });
  expect((await signedIn.user())?.profile).toMatchObject({ email: "lee@example.org" });
  await expect(device({ provider: "googleCode", code })).rejects.toMatchObject(refused("AuthError", 401));
  await expect(device({ provider: "googleCode", code: "guessed" })).rejects.toMatchObject(refused("AuthError", 401));
});

test("an access token of Facebook's is asked about: for this app, and whose it is", async () => {
  const signedIn = await expectSameUserTwice(() => ({ provider: "facebook", token: "token-of-ada" }), "facebook");
  expect((await signedIn.user())?.profile).toMatchObject({ name: "Ada L", email: "ada@example.org" });
  for (const token of ["token-for-another-app", "guessed"]) {
    await expect(device({ provider: "facebook", token })).rejects.toMatchObject(refused("AuthError", 401));
  }
});

test("a function of the realm's own, where no functions run, is refused by name", async () => {
  await expect(device({ provider: "function", payload: { ticket: "7" } })).rejects.toMatchObject({
    refusal: { name: "AppError", http: 501, message: expect.stringContaining("functions cannot run here") },
  });
});

test("a provider that is off is refused, and one that is switched off keeps whoever is signed in", async () => {
  const other = new Management(server, "few-ways-in");
  await other.createRealm({ "anon-user": {} });
  const address = { url: server.url, appId: "few-ways-in" };
  await expect(stage.device({ ...address, credentials: { provider: "apiKey", key: "any" } })).rejects.toMatchObject({
    refusal: { name: "AppError", http: 404 },
  });
  const partition = stage.partition(taskSchema, address);
  const early = await partition.join();
  const late = await stage.newDevice(address);
  await other.setProvider("anon-user", {}, false);
  await expect(late.signIn()).rejects.toMatchObject({ refusal: { name: "AppError", http: 404 } });
  await early.write(create("Task", { _id: "t", title: "" }));
  await early.upload();
  await early.device.refreshCustomData();
  expect((await early.device.user())?.state).toBe("logged_in");
});

describe("linking", () => {
  test("an anonymous user who links a JWT, then Google, stays one user, whose data comes along", async () => {
    const kept = await device();
    const anonymous = await kept.user();
    const partition = stage.partition(taskSchema, { url: server.url, appId });
    const realm = await partition.open(kept);
    await realm.write(create("Task", { _id: "t", title: "written before" }));
    await kept.link({ provider: "jwt", token: await bySecret("linked-1") });
    const google = await issuer.forge({ sub: "linked-google" });
    const linked = await kept.link({ provider: "google", token: google });
    expect(linked.id).toBe(anonymous?.id);
    expect(linked.identities.map(({ provider }) => provider)).toEqual(["anonymous", "custom", "google"]);
    const elsewhere = await device({ provider: "google", token: google });
    expect((await elsewhere.user())?.id).toBe(anonymous?.id);
    await partition.expectSame([realm, await partition.open(elsewhere)]);
  });

  test("an identity that another user has is refused, and neither user changes", async () => {
    const owner = await device({ provider: "jwt", token: await bySecret("taken") });
    const thief = await device();
    await expect(thief.link({ provider: "jwt", token: await bySecret("taken") })).rejects.toMatchObject({
      refusal: { name: "AppError", http: 400 },
    });
    expect((await thief.user())?.identities).toMatchObject([{ provider: "anonymous" }]);
    const again = await device({ provider: "jwt", token: await bySecret("taken") });
    expect((await again.user())?.id).toBe((await owner.user())?.id);
  });
});

test("a browser's user of the SDK for the web is the same user on a device, with the key that was made there", async () => {
  const app = new Web.App({ id: appId, baseUrl: server.url });
  const [email, password] = ["browser@example.test", "correct horse"];
  await app.emailPasswordAuth.registerUser({ email, password });
  const inBrowser = await app.logIn(Web.Credentials.emailPassword(email, password));
  const { key } = await inBrowser.apiKeys.create("device");
  const onDevice = await device({ provider: "apiKey", key: key ?? "" });
  const user = await onDevice.user();
  expect(user?.id).toBe(inBrowser.id);
  const partition = stage.partition(taskSchema, { url: server.url, appId });
  const realm = await partition.open(onDevice);
  await realm.write(create("Task", { _id: "t", title: "" }));
  await partition.expectSame([realm]);
  const keys = await inBrowser.apiKeys.fetchAll();
  await inBrowser.apiKeys.disable(keys[0]?._id ?? "");
  await expect(device({ provider: "apiKey", key: key ?? "" })).rejects.toMatchObject(refused("AuthError", 401));
});
