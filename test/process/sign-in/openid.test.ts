import { calculatePKCECodeChallenge, generateRandomCodeVerifier } from "oauth4webapi";
import { decodeJwt, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser } from "./browser.ts";
import { clientId, clientSecret, Issuer, tenantId } from "./issuer.ts";
import { freePort, Stage, textOf } from "./support.ts";

const app = "https://app.example.org/signed-in";
const nativeApp = "https://app.example.org/native";
const realm = "openid";

let issuer: Issuer;
let stage: Stage;

beforeAll(async () => {
  const port = await freePort();
  issuer = await Issuer.start([`http://127.0.0.1:${port}/api/v1/sign-in/callback`, nativeApp]);
  stage = await Stage.start({ OUTGOING_HOSTS: issuer.host }, port);
  await stage.createRealm(realm);
  await stage.createRealm("elsewhere");
  await stage.setSecret(realm, "issuer-secret", clientSecret);
  const common = { clientId, clientSecret: "issuer-secret", issuer: issuer.url, redirectUris: [app] };
  await stage.setProvider(realm, "oidc-test", common);
  await stage.setProvider(realm, "oauth2-google", common);
  await stage.setProvider(realm, "o365", { ...common, tenantId });
  await stage.setProvider(realm, "azuread", { ...common, tenantId: "another-directory" });
  await stage.setProvider(realm, "oauth2-apple", common);
});

afterAll(async () => {
  await stage.stop();
  await issuer.close();
});

const authoriseUrl = (provider: string, state = "s-1", redirect = app): string =>
  `${stage.origin}/api/v1/realms/${realm}/sign-in/${provider}/authorise?${new URLSearchParams({ redirect, state }).toString()}`;

const fragmentOf = (url: URL): URLSearchParams => new URLSearchParams(url.hash.slice(1));

/** A code of the issuer's as a native app gets one, and the verifier that belongs to it. */
const nativeCode = async (login: string): Promise<{ authCode: string; codeVerifier: string; redirectUri: string }> => {
  const codeVerifier = generateRandomCodeVerifier();
  const url = new URL(`${issuer.url}/auth`);
  const parameters = {
    client_id: clientId,
    response_type: "code",
    redirect_uri: nativeApp,
    scope: "openid email profile",
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const back = await issuer.signIn(new Browser(), url.href, login, nativeApp);
  return { authCode: back.searchParams.get("code") ?? "", codeVerifier, redirectUri: nativeApp };
};

describe("a browser is sent to the issuer and comes back", () => {
  test("with a ticket, which is good once and opens a session with the person's profile", async () => {
    const back = await issuer.signIn(new Browser(), authoriseUrl("oidc-test", "of the app"), "ada", app);
    expect(back.href.startsWith(`${app}#`)).toBe(true);
    expect(fragmentOf(back).get("state")).toBe("of the app");
    const token = fragmentOf(back).get("ticket") ?? "";
    const signedIn = await stage.signIn(realm, "ticket", { token });
    expect(signedIn).toMatchObject({ status: 200, json: { status: "signed-in" } });
    expect(await stage.profile(textOf(signedIn.json, "access_token"))).toMatchObject({
      json: {
        identities: [{ provider_type: "oidc-test", provider_data: { email: "ada@example.org" } }],
        data: { name: "The ada", first_name: "The", last_name: "ada", email: "ada@example.org" },
      },
    });
    expect(await stage.signIn(realm, "ticket", { token })).toMatchObject({ status: 401, json: { error_code: "SignInStepExpired" } });
  });

  test("an SDK takes the ticket as a custom token, although the realm takes no foreign tokens; another realm does not", async () => {
    const ticket = async () => fragmentOf(await issuer.signIn(new Browser(), authoriseUrl("oidc-test"), "grace", app)).get("ticket");
    const login = (name: string, token: unknown) =>
      stage.call(`/api/client/v2.0/app/${name}/auth/providers/custom-token/login`, { body: { provider: "custom-token", token } });
    expect(await login("elsewhere", await ticket())).toMatchObject({ status: 401 });
    const first = await login(realm, await ticket());
    const second = await login(realm, await ticket());
    expect(first.status).toBe(200);
    expect(textOf(second.json, "user_id")).toBe(textOf(first.json, "user_id"));
    expect((await login(realm, "a.b.c")).json).toMatchObject({ error_code: "AuthProviderNotFound" });
  });

  test("in the form that SDKs for the web read (app-services-api §12)", async () => {
    const query = new URLSearchParams({ state: "web", redirect: app, device: btoa(JSON.stringify({ platform: "chrome" })) });
    const start = `${stage.origin}/api/client/v2.0/app/${realm}/auth/providers/oauth2-google/login?${query.toString()}`;
    const fragment = fragmentOf(await issuer.signIn(new Browser(), start, "kim", app));
    expect(fragment.get("_baas_client_app_id")).toBe(realm);
    expect(fragment.get("_baas_state")).toBe("web");
    const [access = "", refresh = "", userId] = (fragment.get("_baas_ua") ?? "").split("$");
    expect(decodeJwt(access).sub).toBe(userId);
    expect(await stage.call("/api/client/v2.0/auth/session", { token: refresh })).toMatchObject({ status: 201 });
  });

  test("an identity is linked to the user who asked, in the browser that asked, and to nobody who has it already", async () => {
    await stage.setProvider(realm, "anon-user");
    const anonymous = await stage.signIn(realm, "anon-user", {});
    const token = textOf(anonymous.json, "access_token");
    const query = new URLSearchParams({ state: "link", redirect: app, link: "true", providerRedirectHeader: "true" });
    const path = `/api/client/v2.0/app/${realm}/auth/providers/oauth2-google/login?${query.toString()}`;
    const link = async (browser: Browser, login: string): Promise<URLSearchParams> => {
      const asked = await stage.call(path, { method: "GET", token });
      expect(asked.status).toBe(204);
      for (const cookie of asked.headers.getSetCookie()) {
        expect(cookie).toMatch(/HttpOnly/);
        browser.setCookie(stage.origin, cookie);
      }
      return fragmentOf(await issuer.signIn(browser, asked.headers.get("x-baas-location") ?? "", login, app));
    };
    expect((await link(new Browser(), "linked")).get("_baas_link")).toBe("ok");
    const { json } = await stage.profile(token);
    expect(json).toMatchObject({ identities: [{ provider_type: "anon-user" }, { provider_type: "oauth2-google" }] });
    expect((await link(new Browser(), "kim")).get("_baas_error")).toBe("the identity belongs to another user");
    expect((await stage.call(path, { method: "GET" })).status).toBe(401);
  });
});

describe("what comes back is refused", () => {
  const callback = async (browser: Browser): Promise<URL> => {
    const url = await issuer.signIn(browser, authoriseUrl("oidc-test"), "eve", `${stage.origin}/api/v1/sign-in/callback`);
    return url;
  };

  test("in another browser than the one that was sent (login CSRF), without a redirect", async () => {
    const url = await callback(new Browser());
    const answer = await new Browser().open(url.href, "never:");
    expect(answer).toMatchObject({ status: 401 });
    expect(answer.body).toContain("SignInStepExpired");
    const guessing = new Browser();
    guessing.setCookie(stage.origin, `reeve_sign_in_${url.searchParams.get("state")}=guessed`);
    expect(await guessing.open(url.href, app)).toMatchObject({ status: 401 });
  });

  test("a second time", async () => {
    const browser = new Browser();
    const url = await callback(browser);
    const first = await browser.open(url.href, app);
    expect(fragmentOf(first.url).get("ticket")).not.toBeNull();
    expect(await browser.open(url.href, app)).toMatchObject({ status: 401 });
  });

  test("with another's code: the proof key does not fit, and the app is told an error", async () => {
    const [mine, theirs] = [new Browser(), new Browser()];
    const url = await callback(mine);
    url.searchParams.set("code", (await callback(theirs)).searchParams.get("code") ?? "");
    const { url: end } = await mine.open(url.href, app);
    expect(fragmentOf(end).get("error_code")).toBe("AuthError");
    expect(fragmentOf(end).get("ticket")).toBeNull();
  });

  test("naming another issuer (mix-up), or a refusal", async () => {
    for (const change of [{ iss: "https://evil.example.org" }, { error: "access_denied" }]) {
      const browser = new Browser();
      const url = await callback(browser);
      for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value);
      expect(fragmentOf((await browser.open(url.href, app)).url).get("error_code")).toBe("AuthError");
    }
  });

  test("no address is sent to that is not, character by character, one of the realm's", async () => {
    const others = [
      `${app}/`,
      `${app}?x=1`,
      `${app}.evil.example`,
      "https://evil.example.org",
      "javascript:alert(1)",
      "//evil.example.org",
      `${app}#x`,
    ];
    for (const redirect of others) {
      const answer = await stage.call(
        new URL(authoriseUrl("oidc-test", "s", redirect)).pathname + new URL(authoriseUrl("oidc-test", "s", redirect)).search,
        {
          method: "GET",
        },
      );
      expect(answer, redirect).toMatchObject({ status: 400, json: { error_code: "RedirectNotAllowed" } });
      expect(answer.headers.get("Location")).toBeNull();
    }
  });
});

describe("codes and ID tokens that apps bring", () => {
  test("a code is exchanged once, with its verifier", async () => {
    const code = await nativeCode("ada");
    const wrong = await stage.signIn(realm, "oidc-test", { ...(await nativeCode("ada")), codeVerifier: generateRandomCodeVerifier() });
    expect(wrong).toMatchObject({ status: 401, json: { error_code: "AuthError" } });
    expect((await stage.signIn(realm, "oidc-test", code)).status).toBe(200);
    expect((await stage.signIn(realm, "oidc-test", code)).status).toBe(401);
  });

  test("Google's names: `oauth2-google` by the routes of SDKs, `google` by ours, one user", async () => {
    const idToken = await issuer.forge({ sub: "google-1", email: "kim@example.org", email_verified: true, picture: "https://p.example/1" });
    const sdk = await stage.call(`/api/client/v2.0/app/${realm}/auth/providers/oauth2-google/login`, { body: { id_token: idToken } });
    const ours = await stage.signIn(realm, "google", { id_token: idToken });
    expect(sdk.status).toBe(200);
    expect(textOf(ours.json, "user_id")).toBe(textOf(sdk.json, "user_id"));
    expect((await stage.profile(textOf(ours.json, "access_token"))).json).toMatchObject({
      data: { email: "kim@example.org", picture: "https://p.example/1", picture_url: "https://p.example/1" },
    });
  });

  test("Office 365 admits people of its directory by their object id, and no others", async () => {
    const back = await issuer.signIn(new Browser(), authoriseUrl("o365"), "bob", app);
    const signedIn = await stage.signIn(realm, "ticket", { token: fragmentOf(back).get("ticket") });
    const again = await stage.signIn(realm, "o365", {
      id_token: await issuer.forge({ sub: "by another app", oid: "object-bob", tid: tenantId }),
    });
    expect(textOf(again.json, "user_id")).toBe(textOf(signedIn.json, "user_id"));
    for (const claims of [{ oid: "object-bob", tid: "another" }, { oid: "object-bob" }, { tid: tenantId }]) {
      expect((await stage.signIn(realm, "o365", { id_token: await issuer.forge(claims) })).status).toBe(401);
    }
    expect((await stage.signIn(realm, "azuread", { id_token: await issuer.forge({ oid: "object-bob", tid: tenantId }) })).status).toBe(401);
  });

  test("Apple's ID token signs in; its nonce may be the hash of the app's", async () => {
    const { createHash } = await import("node:crypto");
    const nonce = "a nonce of the app";
    const hashed = await issuer.forge({ sub: "apple-1", nonce: createHash("sha256").update(nonce).digest("hex") });
    expect((await stage.signIn(realm, "apple", { id_token: hashed, nonce })).status).toBe(200);
    expect((await stage.signIn(realm, "apple", { id_token: hashed, nonce: "another" })).status).toBe(401);
    // Without its key the service cannot prove itself to Apple.
    expect((await stage.signIn(realm, "apple", { authCode: "code" })).json).toMatchObject({ error_code: "ProviderMisconfigured" });
  });

  test("where domains are named, only verified addresses of them are admitted", async () => {
    await stage.setProvider(realm, "oidc-staff", { clientId, issuer: issuer.url, domainRestrictions: ["example.org"] });
    const statusOf = async (claims: Record<string, unknown>) =>
      (await stage.signIn(realm, "oidc-staff", { id_token: await issuer.forge(claims) })).status;
    expect(await statusOf({ email: "a@Example.org", email_verified: true })).toBe(200);
    expect(await statusOf({ email: "a@example.org", email_verified: false })).toBe(401);
    expect(await statusOf({ email: "a@example.org" })).toBe(401);
    expect(await statusOf({ email: "a@example.org.evil.example", email_verified: true })).toBe(401);
    expect(await statusOf({})).toBe(401);
  });

  test("forged, foreign, stale and swapped tokens are refused", async () => {
    const now = Math.floor(Date.now() / 1000);
    const { privateKey: stranger } = await generateKeyPair("RS256");
    const honest = { iss: issuer.url, aud: clientId, sub: "ada", iat: now, exp: now + 600, nonce: "n" };
    const publicKeyAsSecret = new TextEncoder().encode(await (await fetch(`${issuer.url}/jwks`)).text());
    // Wrong in one respect each: everything else is as it should be.
    const forge = (claims: Record<string, unknown>): Promise<string> => issuer.forge({ nonce: "n", ...claims });
    const unsigned = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${btoa(JSON.stringify(honest)).replaceAll("=", "")}.`;
    const tokens: Record<string, string> = {
      "wrong issuer": await forge({ iss: "https://evil.example.org" }),
      "wrong audience": await forge({ aud: "another-client" }),
      "another party's token": await forge({ aud: [clientId, "other"], azp: "other" }),
      "expired beyond the tolerance": await forge({ iat: now - 700, exp: now - 60 }),
      "from the future": await forge({ iat: now + 120, exp: now + 600 }),
      "not valid yet": await forge({ nbf: now + 120 }),
      "wrong nonce": await forge({ nonce: "other" }),
      "another key": await new SignJWT(honest).setProtectedHeader({ alg: "RS256", kid: "issuer" }).sign(stranger),
      "public key as a secret": await new SignJWT(honest).setProtectedHeader({ alg: "HS256", kid: "issuer" }).sign(publicKeyAsSecret),
      "no signature": unsigned,
      "no token": "x",
    };
    for (const [name, token] of Object.entries(tokens)) {
      const answer = await stage.signIn(realm, "oidc-test", { id_token: token, nonce: "n" });
      expect(answer, name).toMatchObject({ status: 401, json: { error_code: "AuthError" } });
    }
    expect((await stage.signIn(realm, "oidc-test", { id_token: await issuer.forge({ nonce: "n" }), nonce: "n" })).status).toBe(200);
    expect((await stage.signIn(realm, "oidc-test", { id_token: await issuer.forge({ exp: now - 10 }) })).status).toBe(200);
  });

  test("an issuer that is away, or that may not be asked, is a fault of the service and signs nobody out", async () => {
    await stage.setProvider(realm, "oidc-away", { clientId, issuer: "http://127.0.0.1:9" });
    expect(await stage.signIn(realm, "oidc-away", { id_token: await issuer.forge({}) })).toMatchObject({
      status: 503,
      json: { error_code: "ProviderUnavailable" },
    });
  });

  test("only the providers of a realm are there, and settings that cannot be are refused where they are written", async () => {
    expect((await stage.signIn("elsewhere", "oidc-test", { id_token: "x" })).json).toMatchObject({ error_code: "AuthProviderNotFound" });
    await expect(stage.setProvider(realm, "o365", { clientId, tenantId: "common" })).rejects.toThrow(/body\.config\.tenantId/);
    await expect(stage.setProvider(realm, "oidc", { clientId, issuer: issuer.url, redirectUris: ["javascript:alert(1)"] })).rejects.toThrow(
      /redirectUris/,
    );
  });
});
