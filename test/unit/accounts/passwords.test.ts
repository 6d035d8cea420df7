import { performance } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import { delayAfter, longestDelaySeconds, toleratedFailures } from "../../../src/accounts/repositories/failures.ts";
import { networkOf } from "../../../src/accounts/addresses.ts";
import { hashPassword, verifyPassword } from "../../../src/accounts/passwords.ts";
import { hashSecret, matchesHash, newDigits, newSecret } from "../../../src/accounts/secrets.ts";

describe("passwords", () => {
  test("a hash verifies its password, however its accents were typed, and no other", async () => {
    const hash = await hashPassword("p\u00e4ssword");
    expect(await verifyPassword("pa\u0308ssword", hash)).toBe(true);
    expect(await verifyPassword("password", hash)).toBe(false);
    expect(await hashPassword("p\u00e4ssword")).not.toBe(hash);
  });

  test("hashes that cannot be read, or that would cost too much, verify nothing", async () => {
    const hash = await hashPassword("password");
    for (const broken of [
      "",
      "scrypt",
      hash.replace("scrypt", "bcrypt"),
      hash.replace("$16384$", "$1073741824$"),
      hash.slice(0, -3),
      `${hash}!`,
    ]) {
      expect(await verifyPassword("password", broken)).toBe(false);
    }
    expect(await verifyPassword("password", undefined)).toBe(false);
  });

  test("a name that nobody has costs the same work as a wrong password", async () => {
    const hash = await hashPassword("password");
    const fastest = async (stored: string | undefined) => {
      const times: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const start = performance.now();
        await verifyPassword("wrong", stored);
        times.push(performance.now() - start);
      }
      return Math.min(...times);
    };
    const [known, unknown] = [await fastest(hash), await fastest(undefined)];
    expect(unknown / known).toBeGreaterThan(0.33);
    expect(unknown / known).toBeLessThan(3);
  });
});

describe("secrets", () => {
  test("are long, different, and matched through a hash of their own context", async () => {
    const secrets = new Set(Array.from({ length: 100 }, newSecret));
    expect(secrets.size).toBe(100);
    const secret = newSecret();
    const hash = await hashSecret("api-key", secret);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await matchesHash("api-key", secret, hash)).toBe(true);
    expect(await matchesHash("other", secret, hash)).toBe(false);
    expect(await matchesHash("api-key", newSecret(), hash)).toBe(false);
    expect(await matchesHash("api-key", secret, "?")).toBe(false);
  });

  test("codes to type are six digits", () => {
    for (let round = 0; round < 200; round += 1) expect(newDigits()).toMatch(/^\d{6}$/);
  });
});

describe("delays after failures", () => {
  test("nothing for the tolerated ones, then one second that doubles up to a quarter of an hour", () => {
    expect(delayAfter("name", toleratedFailures.name - 1)).toBe(0);
    expect([5, 6, 7, 8, 9].map((failures) => delayAfter("name", failures))).toEqual([1, 2, 4, 8, 16]);
    expect(delayAfter("name", 500)).toBe(longestDelaySeconds);
    expect(delayAfter("address", 10)).toBe(0);
  });
});

describe("addresses", () => {
  test.for([
    ["198.51.100.7", "198.51.100.7"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:0:ffff::2", "2001:db8:0:0::/64"],
    ["2001:0db8:0001:0002:3:4:5:6", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["no address", "no address"],
  ] as const)("failures from %s are counted for %s", ([address, network]) => {
    expect(networkOf(address)).toBe(network);
  });
});
