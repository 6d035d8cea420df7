import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import { createTokens, parseSigningKeys } from "../../../src/accounts/tokens.ts";
import { tokenOf } from "../../../src/protocol/negotiation.ts";
import { tokensOf } from "../../../src/worker/tokens.ts";
import { connect, upgrade } from "../support/connect.ts";
import { accountsOf, signIn } from "../support/sign-in.ts";

const hour = 3_600_000;

/** The status of a refusal, whose body must stay far below 8 KiB (sync-protocol §2.5). */
const refusalOf = async (response: Response): Promise<number> => {
  const body = await response.text();
  expect(body.length).toBeLessThan(500);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  return response.status;
};

describe("the sub-protocol", () => {
  test("[H1] [H2] the highest offered version is answered, byte for byte", async () => {
    const { token } = await signIn();
    const offer = "com.mongodb.realm-sync#14, com.mongodb.realm-sync#13, com.mongodb.realm-sync#2";
    const response = await upgrade({ token, offer });
    expect(response.status).toBe(101);
    expect(response.headers.get("Sec-WebSocket-Protocol")).toBe("com.mongodb.realm-sync#14");
    response.webSocket?.accept();
    response.webSocket?.close();
  });

  test("[H1] old cores separate with a slash and get it back", async () => {
    const { token } = await signIn();
    const response = await upgrade({ token, offer: "com.mongodb.realm-sync/7, com.mongodb.realm-sync/6" });
    expect(response.headers.get("Sec-WebSocket-Protocol")).toBe("com.mongodb.realm-sync/7");
    response.webSocket?.accept();
    response.webSocket?.close();
  });

  test.each([
    ["nothing", null],
    ["a foreign one", "mqtt"],
    ["a version of the future", "com.mongodb.realm-sync#99"],
  ])("[H3] an offer of %s is refused with 400", async (_name, offer) => {
    const { token } = await signIn();
    expect(await refusalOf(await upgrade({ token, offer }))).toBe(400);
  });

  test("[H3] a flexible client is accepted and told at BIND that this is partition sync", async () => {
    const { token } = await signIn();
    const connection = await connect({ token, mode: "flexible" });
    connection.send({ type: "bind", mode: "flexible", session: 1, needIdent: true, schemaVersion: 0, sessionReason: "sync" });
    expect(await connection.expect("json_error")).toMatchObject({ session: 0, code: 114, action: "ApplicationBug", tryAgain: false });
    connection.close();
  });
});

describe("who may connect", () => {
  test("the token may come in the URL or, from old cores, in a header", async () => {
    const { token } = await signIn();
    for (const options of [{ token }, { headerToken: token }]) (await connect(options)).close();
  });

  test("[H7] an expired token of ours is answered with 401, so that the client refreshes it", async () => {
    const { subject } = await signIn();
    const old = await (await tokensOf(env)).issueAccess(subject, null, Date.now() - hour);
    expect(await refusalOf(await upgrade({ token: old }))).toBe(401);
  });

  test.each([
    ["no token", async () => undefined],
    ["text that is no token", async () => "garbage"],
    ["a refresh token", async () => (await tokensOf(env)).issueRefresh((await signIn()).subject, 3600, Date.now())],
    ["a token with a changed signature", async () => (await signIn()).token.replace(/.{4}$/, (end) => (end === "AAAA" ? "BBBB" : "AAAA"))],
  ])("[H7] %s is answered with 403, never with 401, which would be repeated for ever", async (_name, make) => {
    const token = await make();
    expect(await refusalOf(await upgrade(token === undefined ? {} : { token }))).toBe(403);
  });

  test("a token of another realm is answered with 403", async () => {
    const { token } = await signIn();
    expect(await refusalOf(await upgrade({ token, realm: "elsewhere" }))).toBe(403);
  });

  test("a token signed by a key that is not here is answered with 503: nobody is logged out by a missing key", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const parsed = parseSigningKeys(JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), kid: "elsewhere" }] }));
    if (!parsed.ok) throw new Error(parsed.problem);
    const token = await (await createTokens(parsed.keys)).issueAccess((await signIn()).subject, null, Date.now());
    expect(await refusalOf(await upgrade({ token }))).toBe(503);
  });

  test.each([["locked"], ["disabled"]] as const)("a %s user is logged out at BIND by close code 4002", async (state) => {
    const { token } = await signIn({ state });
    const connection = await connect({ token });
    connection.sendBytes(new TextEncoder().encode('bind 1 3 0 1 0\n"p"'));
    expect(await connection.closed).toMatchObject({ code: 4002 });
  });

  test("a user whom no grant lets in is refused with 206, and the connection lives", async () => {
    const owner = await signIn();
    const other = await signIn();
    await accountsOf().partitions.noteOpened("s:private", owner.userId);
    const connection = await connect({ token: other.token });
    connection.sendBytes(new TextEncoder().encode('bind 1 9 0 1 0\n"private"'));
    expect(await connection.expect("json_error")).toMatchObject({ session: 1, code: 206 });
    connection.send({ type: "ping", timestamp: 5, roundTripTime: 0 });
    expect(await connection.expect("pong")).toEqual({ type: "pong", timestamp: 5 });
    connection.close();
  });
});

test("a request that is no upgrade is refused with 400", async () => {
  const { exports } = await import("cloudflare:workers");
  const response = await exports.default.fetch("http://reeve.test/api/client/v2.0/app/users/realm-sync", {
    headers: { "Sec-WebSocket-Protocol": tokenOf("partition", 14) },
  });
  expect(await refusalOf(response)).toBe(400);
});
