import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { parseRealmName } from "../../../src/accounts/ids.ts";
import {
  accessTokenSeconds,
  createTokens,
  parseSigningKeys,
  unknownKeyReason,
  type SigningKeys,
  type TokenSubject,
} from "../../../src/accounts/tokens.ts";

const newKey = async (kid: string) => ({ ...(await exportJWK((await generateKeyPair("ES256", { extractable: true })).privateKey)), kid });

const read = (keys: readonly object[]): SigningKeys => {
  const parsed = parseSigningKeys(JSON.stringify({ keys }));
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.keys;
};

const realm = parseRealmName("todo")!;
const subject: TokenSubject = {
  realm,
  realmId: "a".repeat(24),
  userId: "b".repeat(24),
  sessionId: "c".repeat(24),
  deviceId: "d".repeat(24),
};
const now = Date.UTC(2026, 10, 22);

let older: object;
let newer: object;

beforeAll(async () => {
  [older, newer] = [await newKey("older"), await newKey("newer")];
});

describe("signing and verifying", () => {
  test("what was signed is what is read", async () => {
    const tokens = await createTokens(read([older]));
    const token = await tokens.issueAccess(subject, { team: "red" }, now);
    expect(await tokens.verify(token, "access", now)).toEqual({
      kind: "ok",
      claims: {
        ...subject,
        kind: "access",
        endsWithSession: false,
        issuedAt: now / 1000,
        expiresAt: now / 1000 + accessTokenSeconds,
        userData: { team: "red" },
      },
    });
  });

  test("a token ends at its second, not before, and tells expired from bad", async () => {
    const tokens = await createTokens(read([older]));
    const token = await tokens.issueRefresh(subject, 60, now);
    expect((await tokens.verify(token, "refresh", now + 59_999)).kind).toBe("ok");
    expect((await tokens.verify(token, "refresh", now + 60_000)).kind).toBe("expired");
    expect((await tokens.verify(token, "access", now + 60_000)).kind).toBe("bad");
    expect((await tokens.verify(`${token}x`, "refresh", now)).kind).toBe("bad");
  });

  test("custom data too large for a URL is left out", async () => {
    const tokens = await createTokens(read([older]));
    const token = await tokens.issueAccess(subject, { text: "x".repeat(5000) }, now);
    const result = await tokens.verify(token, "access", now);
    expect(result.kind === "ok" && result.claims.userData).toBeUndefined();
    expect(token.length).toBeLessThan(8192);
  });

  test("claims that are ours by signature but not by form are bad", async () => {
    const keys = read([older]);
    const tokens = await createTokens(keys);
    const key = await importJWK({ ...older }, "ES256");
    const good = {
      typ: "access",
      realm: "todo",
      sid: subject.sessionId,
      baas_domain_id: subject.realmId,
      baas_device_id: "",
      iss: subject.realmId,
      sub: "u",
    };
    const sign = (claims: object) =>
      new SignJWT({ iat: now / 1000, exp: now / 1000 + 60, ...claims }).setProtectedHeader({ alg: "ES256", kid: "older" }).sign(key);
    expect((await tokens.verify(await sign(good), "access", now)).kind).toBe("ok");
    const broken = [
      { ...good, typ: "admin" },
      { ...good, sid: undefined },
      { ...good, realm: "../other" },
      { ...good, iss: "c".repeat(24) },
      { ...good, sub: "" },
      { ...good, user_data: null },
      { ...good, exp: now / 1000 + 0.5 },
      { ...good, iat: undefined },
    ];
    for (const claims of broken) expect((await tokens.verify(await sign(claims), "access", now)).kind).toBe("bad");
  });
});

describe("rotation of keys", () => {
  test("the first key signs, all verify; a key that was taken away is told apart", async () => {
    const before = await createTokens(read([older]));
    const token = await before.issueRefresh(subject, 3600, now);
    const during = await createTokens(read([newer, older]));
    expect((await during.verify(token, "refresh", now)).kind).toBe("ok");
    const fresh = await during.issueRefresh(subject, 3600, now);
    expect(await before.verify(fresh, "refresh", now)).toEqual({ kind: "bad", reason: unknownKeyReason });
    const after = await createTokens(read([newer]));
    expect((await after.verify(fresh, "refresh", now)).kind).toBe("ok");
    expect(await after.verify(token, "refresh", now)).toEqual({ kind: "bad", reason: unknownKeyReason });
  });

  test("the published key set has every key and no private half", async () => {
    const { jwks } = await createTokens(read([newer, older]));
    expect(jwks.keys.map((key) => key.kid)).toEqual(["newer", "older"]);
    for (const key of jwks.keys) expect(Object.keys(key).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  });

  test("a secret that cannot be read is named without being quoted", async () => {
    const { d: _private, ...publicOnly } = Object(older);
    const bad = [
      "",
      "{}",
      "[]",
      '{"keys":[]}',
      JSON.stringify({ keys: [older, older] }),
      JSON.stringify({ keys: [publicOnly] }),
      JSON.stringify({ keys: [{ ...older, kid: 7 }] }),
    ];
    for (const secret of bad) {
      const parsed = parseSigningKeys(secret);
      expect(parsed.ok).toBe(false);
      expect(!parsed.ok && parsed.problem).toMatch(/^SIGNING_KEYS/);
      expect(JSON.stringify(parsed)).not.toContain(publicOnly.x);
    }
  });
});
