import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";
import { Provider } from "oidc-provider";
import { Browser } from "./browser.ts";
import { Loopback } from "./support.ts";

export const clientId = "reeve-tests";
export const clientSecret = "a-client-secret-for-tests-only-0123456789";
export const tenantId = "81560d03-8272-f7ff-ae57-24220b9e9ea7";

/** An OpenID Connect issuer on loopback (the package oidc-provider), and its key, by which tests forge what it would never say. */
export class Issuer {
  readonly url: string;
  readonly host: string;
  readonly #loopback: Loopback;
  readonly #key: CryptoKey;

  private constructor(loopback: Loopback, key: CryptoKey) {
    this.#loopback = loopback;
    this.#key = key;
    this.url = loopback.url;
    this.host = loopback.host;
  }

  /** @param redirectUris where it may send browsers */
  static async start(redirectUris: readonly string[]): Promise<Issuer> {
    const loopback = await Loopback.listen();
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const provider = new Provider(loopback.url, {
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: [...redirectUris],
          token_endpoint_auth_method: "client_secret_post",
        },
      ],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "issuer", alg: "RS256", use: "sig" }] },
      cookies: { keys: ["cookies-of-a-test"] },
      claims: { openid: ["sub", "oid", "tid"], email: ["email", "email_verified"], profile: ["name", "given_name", "family_name"] },
      conformIdTokenClaims: false,
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({
          sub: id,
          oid: `object-${id}`,
          tid: tenantId,
          email: `${id}@example.org`,
          email_verified: true,
          name: `The ${id}`,
          given_name: "The",
          family_name: id,
        }),
      }),
    });
    loopback.handler = provider.callback();
    return new Issuer(loopback, privateKey);
  }

  close(): Promise<void> {
    return this.#loopback.close();
  }

  /** Signs `claims` with the issuer's own key, over what an honest token would say. */
  forge(claims: JWTPayload, header: { alg?: string; kid?: string } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: this.url, aud: clientId, sub: "forged", iat: now, exp: now + 600, ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "issuer", ...header })
      .sign(this.#key);
  }

  /** Signs somebody in at the issuer, from the address that starts it to the first one that starts with `until`. */
  async signIn(browser: Browser, start: string, login: string, until: string): Promise<URL> {
    let page = await browser.open(start, until);
    for (let step = 0; step < 4 && page.status !== 0; step += 1) {
      const action = /action="([^"]+)"/.exec(page.body)?.[1];
      const prompt = /name="prompt" value="([^"]+)"/.exec(page.body)?.[1];
      if (action === undefined || prompt === undefined)
        throw new Error(`no form at ${page.url.href} (${page.status}): ${page.body.slice(0, 300)}`);
      page = await browser.submit(new URL(action, page.url).href, { prompt, login, password: "any" }, until);
    }
    return page.url;
  }
}
