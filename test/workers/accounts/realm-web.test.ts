import { exports } from "cloudflare:workers";
import type * as RealmWeb from "realm-web";
import { beforeAll, describe, expect, test, vi } from "vitest";

// The unmodified SDK for the web (2.0.1) against the whole Worker. It takes hold of `fetch` when it is loaded, so it is loaded afterwards.
let Realm: typeof RealmWeb;
let app: RealmWeb.App;
let names = 0;

const newApp = (id = "users") => new Realm.App({ id, baseUrl: "https://reeve.test" });

beforeAll(async () => {
  vi.stubGlobal("fetch", (input: string, init?: RequestInit) => exports.default.fetch(new Request(input, init)));
  Realm = await import("realm-web");
  app = newApp();
});

const newEmail = (): string => {
  names += 1;
  return `person-${names}@example.org`;
};

const signInNew = async () => {
  const email = newEmail();
  await app.emailPasswordAuth.registerUser({ email, password: "correct horse" });
  return { email, user: await app.logIn(Realm.Credentials.emailPassword(email, "correct horse")) };
};

/** What the SDK makes of a refusal. */
const refusalOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Realm.MongoDBRealmError)) throw new Error(`not a refusal that the SDK can read: ${String(error)}`);
  return { status: error.statusCode, code: error.errorCode, text: error.error };
};

describe("realm-web signs in and out", () => {
  test("anonymously, and keeps the user when an e-mail is linked", async () => {
    const user = await app.logIn(Realm.Credentials.anonymous());
    expect(user.providerType).toBe("anon-user");
    const email = newEmail();
    await app.emailPasswordAuth.registerUser({ email, password: "correct horse" });
    await user.linkCredentials(Realm.Credentials.emailPassword(email, "correct horse"));
    expect(user.identities.map((identity) => identity.providerType)).toEqual(["anon-user", "local-userpass"]);
    expect(user.profile.email).toBe(email);
    const again = await app.logIn(Realm.Credentials.emailPassword(email, "correct horse"));
    expect(again.id).toBe(user.id);
  });

  test("by e-mail; refreshes custom data; shows the id of the device; signs out", async () => {
    const { user } = await signInNew();
    expect(user.deviceId).toMatch(/^[0-9a-f]{24}$/);
    expect(await user.refreshCustomData()).toEqual({});
    await user.logOut();
    expect(user.state).toBe("logged-out");
  });

  test("by an API key of the user", async () => {
    const { user } = await signInNew();
    const key = await user.apiKeys.create("ci");
    expect(await user.apiKeys.fetchAll()).toEqual([{ _id: key._id, name: "ci", disabled: false }]);
    const elsewhere = newApp();
    expect((await elsewhere.logIn(Realm.Credentials.apiKey(key.key))).id).toBe(user.id);
    await user.apiKeys.disable(key._id);
    expect(await refusalOf(newApp().logIn(Realm.Credentials.apiKey(key.key)))).toMatchObject({ status: 401 });
    await user.apiKeys.enable(key._id);
    await user.apiKeys.delete(key._id);
    expect(await refusalOf(user.apiKeys.fetch(key._id))).toMatchObject({ status: 404, code: "APIKeyNotFound" });
  });

  test("deletes the user, who cannot come back", async () => {
    const { user, email } = await signInNew();
    await app.deleteUser(user);
    expect(await refusalOf(app.logIn(Realm.Credentials.emailPassword(email, "correct horse")))).toMatchObject({ code: "InvalidPassword" });
  });
});

describe("realm-web reads every refusal", () => {
  test("with code, text and status", async () => {
    const { email } = await signInNew();
    expect(await refusalOf(app.emailPasswordAuth.registerUser({ email, password: "correct horse" }))).toEqual({
      status: 409,
      code: "AccountNameInUse",
      text: "name already in use",
    });
    expect(await refusalOf(app.logIn(Realm.Credentials.emailPassword(email, "wrong horse")))).toEqual({
      status: 401,
      code: "InvalidPassword",
      text: "unauthorized",
    });
    expect(await refusalOf(newApp("nobody").logIn(Realm.Credentials.anonymous()))).toMatchObject({
      status: 404,
      text: "cannot find app using Client App ID 'nobody'",
    });
    expect(await refusalOf(app.emailPasswordAuth.confirmUser({ token: "a", tokenId: "b" }))).toMatchObject({ text: "invalid token data" });
  });
});
