import { SignJWT } from "jose";
import * as Realm from "realm-web";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { clientId, Issuer } from "./issuer.ts";
import { Stage, textOf } from "./support.ts";

// The SDK for the web, unmodified (2.0.1), against a server process.
const realm = "web-app";
const password = "correct horse";
const secret = "a shared secret of thirty-two bytes!";

let issuer: Issuer;
let stage: Stage;
let app: Realm.App;

beforeAll(async () => {
  issuer = await Issuer.start(["https://app.example.org/native"]);
  stage = await Stage.start({ OUTGOING_HOSTS: issuer.host });
  await stage.createRealm(realm);
  await stage.setProvider(realm, "anon-user");
  await stage.setProvider(realm, "api-key");
  await stage.setProvider(realm, "local-userpass", {
    emailConfirmationUrl: "https://app.example.org/confirm",
    resetPasswordUrl: "https://app.example.org/reset",
  });
  await stage.setSecret(realm, "jwt", secret);
  await stage.setProvider(realm, "custom-token", { signingKeys: ["jwt"], metadata_fields: [{ name: "name" }] });
  await stage.setProvider(realm, "oauth2-google", { clientId, issuer: issuer.url });
  await stage.setProvider(realm, "magiclink", { linkUrl: "https://app.example.org/link", createUsers: true });
  app = new Realm.App({ id: realm, baseUrl: stage.origin });
});

afterAll(async () => {
  await stage.stop();
  await issuer.close();
});

/** What the newest message of a kind to somebody says, once it has come: the query of its link. */
const linkTo = (recipient: string, template: string): Promise<{ token: string; tokenId: string }> =>
  vi.waitFor(
    async () => {
      const message = (await stage.messagesTo(recipient)).find((candidate) => candidate["template"] === template);
      const link = /"link":"([^"]+)"/.exec(JSON.stringify(message ?? {}))?.[1];
      if (link === undefined) throw new Error("not yet");
      const { searchParams } = new URL(link);
      return { token: searchParams.get("token") ?? "", tokenId: searchParams.get("tokenId") ?? "" };
    },
    { timeout: 10_000, interval: 20 },
  );

const foreignToken = (sub: string): Promise<string> =>
  new SignJWT({ sub, aud: realm, name: "Grace" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .sign(new TextEncoder().encode(secret));

/** Registers and confirms by the message. */
const register = async (email: string): Promise<void> => {
  await app.emailPasswordAuth.registerUser({ email, password });
  await app.emailPasswordAuth.confirmUser(await linkTo(email, "confirm-email"));
};

test("anonymous, then linked to an e-mail that was registered and confirmed: the user stays", async () => {
  const user = await app.logIn(Realm.Credentials.anonymous());
  const { id } = user;
  expect(user.identities).toMatchObject([{ providerType: "anon-user" }]);
  await register("ada@example.org");
  const credentials = Realm.Credentials.emailPassword("ada@example.org", password);
  await user.linkCredentials(credentials);
  await user.refreshProfile();
  expect(user.identities.map(({ providerType }) => providerType)).toEqual(["anon-user", "local-userpass"]);
  expect(user.profile.email).toBe("ada@example.org");
  await user.logOut();
  expect((await app.logIn(credentials)).id).toBe(id);
});

test("an e-mail that is not confirmed cannot sign in; confirming works once", async () => {
  const email = "eve@example.org";
  await app.emailPasswordAuth.registerUser({ email, password });
  const credentials = Realm.Credentials.emailPassword(email, password);
  await expect(app.logIn(credentials)).rejects.toMatchObject({ statusCode: 401, errorCode: "InvalidPassword" });
  const link = await linkTo(email, "confirm-email");
  await app.emailPasswordAuth.confirmUser(link);
  await expect(app.emailPasswordAuth.confirmUser(link)).rejects.toMatchObject({ errorCode: "UserpassTokenInvalid" });
  expect((await app.logIn(credentials)).isLoggedIn).toBe(true);
});

test("a password that was reset by mail ends the earlier sessions", async () => {
  const email = "bob@example.org";
  await register(email);
  const user = await app.logIn(Realm.Credentials.emailPassword(email, password));
  await app.emailPasswordAuth.sendResetPasswordEmail({ email });
  await app.emailPasswordAuth.resetPassword({ ...(await linkTo(email, "reset-password")), password: "battery staple" });
  await expect(user.refreshAccessToken()).rejects.toMatchObject({ statusCode: 401, errorCode: "InvalidSession" });
  await expect(app.logIn(Realm.Credentials.emailPassword(email, password))).rejects.toMatchObject({ errorCode: "InvalidPassword" });
  expect((await app.logIn(Realm.Credentials.emailPassword(email, "battery staple"))).isLoggedIn).toBe(true);
});

test("API keys: made, listed, used, disabled, deleted", async () => {
  await register("kim@example.org");
  const user = await app.logIn(Realm.Credentials.emailPassword("kim@example.org", password));
  const { key, _id: id } = await user.apiKeys.create("laptop");
  expect(await user.apiKeys.fetchAll()).toMatchObject([{ _id: id, name: "laptop", disabled: false }]);
  // A session cannot delete the key that it was signed in with.
  const machine = new Realm.App({ id: realm, baseUrl: stage.origin });
  const credentials = Realm.Credentials.apiKey(key ?? "");
  expect((await machine.logIn(credentials)).id).toBe(user.id);
  await user.apiKeys.disable(id);
  await expect(machine.logIn(credentials)).rejects.toMatchObject({ statusCode: 401 });
  await user.apiKeys.enable(id);
  await user.apiKeys.delete(id);
  await expect(machine.logIn(credentials)).rejects.toMatchObject({ statusCode: 401 });
  expect(await user.apiKeys.fetchAll()).toEqual([]);
});

test("somebody else's JWT, and an ID token of Google's kind", async () => {
  const user = await app.logIn(Realm.Credentials.jwt(await foreignToken("employee-1")));
  expect(user.profile.name).toBe("Grace");
  expect((await app.logIn(Realm.Credentials.jwt(await foreignToken("employee-1")))).id).toBe(user.id);
  await expect(app.logIn(Realm.Credentials.jwt(`${await foreignToken("employee-1")}x`))).rejects.toMatchObject({ errorCode: "AuthError" });
  const token = await issuer.forge({ sub: "google-7", email: "g@example.org", email_verified: true });
  expect((await app.logIn(Realm.Credentials.google({ idToken: token }))).profile.email).toBe("g@example.org");
});

test("a way to sign in that the SDK does not know ends with a ticket, which it takes as a JWT", async () => {
  await stage.start(realm, "magiclink", { username: "new@example.org" });
  const signedIn = await stage.signIn(realm, "magiclink", await linkTo("new@example.org", "sign-in-link"), "ticket");
  const user = await app.logIn(Realm.Credentials.jwt(textOf(signedIn.json, "ticket")));
  expect(user.id).toBe(signedIn.json["user_id"]);
  expect(user.profile.email).toBe("new@example.org");
});

test("sessions: listed by the user, ended one by one or all, and no longer refreshed", async () => {
  await register("lee@example.org");
  const credentials = Realm.Credentials.emailPassword("lee@example.org", password);
  const [phone, laptop] = [await app.logIn(credentials), await new Realm.App({ id: realm, baseUrl: stage.origin }).logIn(credentials)];
  const own = (method: string, path: string) => stage.call(`/api/v1/me/sessions${path}`, { method, token: laptop.accessToken ?? "" });
  const { json } = await own("GET", "");
  const sessions = Array.isArray(json["sessions"]) ? json["sessions"] : [];
  expect(sessions).toHaveLength(2);
  const other = sessions.find(({ current }) => current === false);
  expect((await own("DELETE", `/${other.id}`)).status).toBe(204);
  expect((await own("DELETE", `/${other.id}`)).status).toBe(404);
  await expect(phone.refreshAccessToken()).rejects.toMatchObject({ errorCode: "InvalidSession" });
  await laptop.refreshAccessToken();
  expect((await own("DELETE", "?keep=current")).json).toEqual({ ended: 0 });
  expect((await own("DELETE", "")).json).toEqual({ ended: 1 });
  await expect(laptop.refreshAccessToken()).rejects.toMatchObject({ errorCode: "InvalidSession" });
});

test("locked users neither sign in nor refresh, until they are let in again", async () => {
  await register("max@example.org");
  const credentials = Realm.Credentials.emailPassword("max@example.org", password);
  const user = await app.logIn(credentials);
  const { id } = user;
  await stage.manage("PUT", `/realms/${realm}/users/${id}/state`, { state: "locked" });
  await expect(app.logIn(credentials)).rejects.toMatchObject({ statusCode: 401, errorCode: "UserDisabled" });
  await expect(user.refreshAccessToken()).rejects.toMatchObject({ errorCode: "InvalidSession" });
  await stage.manage("PUT", `/realms/${realm}/users/${id}/state`, { state: "normal" });
  expect((await app.logIn(credentials)).id).toBe(id);
});
