import { assert, constantFrom, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { createOutgoing, isPublicUrl, OutgoingError } from "../../../src/accounts/outbox/outgoing.ts";

const problemOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof OutgoingError ? error.problem : error),
  );

describe("addresses that may be asked", () => {
  test("are https and public names", () => {
    for (const url of ["https://example.org", "https://login.example.co.uk:8443/path?x=1", "https://xn--bcher-kva.example/"]) {
      expect(isPublicUrl(new URL(url)), url).toBe(true);
    }
  });

  test("are no names of this machine or network, no addresses however they are written, no plain HTTP, no user names", () => {
    const refused = [
      "http://example.org",
      "ftp://example.org",
      "https://localhost",
      "https://LOCALHOST.",
      "https://app.localhost",
      "https://metadata.google.internal",
      "https://printer.local",
      "https://router",
      "https://intranet.corp.",
      "https://127.0.0.1",
      "https://2130706433",
      "https://0x7f.1",
      "https://0177.0.0.1",
      "https://169.254.169.254/latest/meta-data",
      "https://8.8.8.8",
      "https://[::1]",
      "https://[::ffff:127.0.0.1]",
      "https://[fd00::1]",
      "https://user@example.org",
      "https://user:secret@example.org",
    ];
    for (const url of refused) expect(isPublicUrl(new URL(url)), url).toBe(false);
  });

  test("are never an address, whatever its number and notation", () => {
    let tried = 0;
    assert(
      property(integer({ min: 0, max: 0xffff_ffff }), constantFrom(10, 8, 16), (address, radix) => {
        tried += 1;
        const prefix = { 10: "", 8: "0", 16: "0x" }[radix];
        expect(isPublicUrl(new URL(`https://${prefix}${address.toString(radix)}/`))).toBe(false);
      }),
    );
    expect(tried).toBeGreaterThanOrEqual(100);
  });
});

describe("a request", () => {
  const asked: string[] = [];
  const answering = (answer: () => Response) =>
    createOutgoing({ permittedHosts: ["127.0.0.1:8080"], maxAnswerBytes: 10, timeoutMilliseconds: 50 }, async (url) => {
      asked.push(url);
      return answer();
    });

  test("to a private address is not made; hosts that the operator permits are, with that port only", async () => {
    const outgoing = answering(() => new Response("ok"));
    expect(await problemOf(outgoing("http://127.0.0.1:9090/"))).toBe("address not permitted");
    expect(asked).toEqual([]);
    expect(await (await outgoing("http://127.0.0.1:8080/")).text()).toBe("ok");
  });

  test("follows no redirect, reads no more than its limit, and ends in time", async () => {
    const redirect = answering(() => new Response(null, { status: 302, headers: { Location: "http://127.0.0.1/" } }));
    expect(await problemOf(redirect("https://example.org"))).toBe("redirected");
    expect(await problemOf(answering(() => new Response("x".repeat(11)))("https://example.org"))).toBe("too large");
    const slow = createOutgoing(
      { permittedHosts: [], timeoutMilliseconds: 5 },
      (_url, { signal }) => new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
    );
    expect(await problemOf(slow("https://example.org"))).toBe("too slow");
  });

  test("tells errors without the address, which may hold a token", async () => {
    const failing = createOutgoing({ permittedHosts: [] }, () => Promise.reject(new Error("connection refused")));
    const message = await failing("https://example.org/path?token=secret").catch((error: unknown) => String(error));
    expect(message).toBe("OutgoingError: example.org: unreachable");
  });
});
