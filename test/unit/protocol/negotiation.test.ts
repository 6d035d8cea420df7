import { describe, expect, it } from "vitest";
import { negotiate, tokenOf } from "../../../src/protocol/negotiation.ts";
import { featuresOf, highestVersion, isProtocolVersion, lowestVersion, versionHistory } from "../../../src/protocol/version.ts";

const offer = (prefix: string, separator: string, from: number, to: number): string =>
  Array.from({ length: from - to + 1 }, (_, index) => `${prefix}${separator}${from - index}`).join(", ");
const partition = "com.mongodb.realm-sync";
const flexible = "com.mongodb.realm-query-sync";

describe("choosing the sub-protocol", () => {
  it.each([
    { sdk: "core 14.14, partitions", header: offer(partition, "#", 14, 2), token: `${partition}#14`, mode: "partition", version: 14 },
    { sdk: "core 14.14, flexible", header: offer(flexible, "#", 14, 2), token: `${flexible}#14`, mode: "flexible", version: 14 },
    { sdk: "core 13.10", header: offer(partition, "#", 8, 2), token: `${partition}#8`, mode: "partition", version: 8 },
    { sdk: "core 12.12", header: offer(partition, "/", 7, 2), token: `${partition}/7`, mode: "partition", version: 7 },
    { sdk: "core 10.3", header: offer(partition, "/", 2, 1), token: `${partition}/2`, mode: "partition", version: 2 },
    { sdk: "a core of the future", header: offer(flexible, "#", 99, 2), token: `${flexible}#14`, mode: "flexible", version: 14 },
  ] as const)("[H1] [H2] takes the highest version we know from $sdk, byte for byte", ({ header, token, mode, version }) => {
    expect(negotiate(header)).toEqual({ token, mode, version });
  });

  it("[H2] does not depend on the order of the offer", () => {
    expect(negotiate(`${partition}#3,${partition}#12 ,\t${partition}#7`)).toEqual({
      token: `${partition}#12`,
      mode: "partition",
      version: 12,
    });
  });

  it("takes the mode that comes first when both are offered at the same version", () => {
    expect(negotiate(`${flexible}#14, ${partition}#14`)?.mode).toBe("flexible");
    expect(negotiate(`${partition}#13, ${flexible}#14`)?.mode).toBe("flexible");
  });

  it.each([
    ["no header", null],
    ["an empty header", ""],
    ["foreign protocols", "graphql-ws, chat"],
    ["versions we do not know", `${partition}#1, ${partition}#15, ${partition}#140`],
    ["no version", partition],
    ["padding", `${partition}#014, ${partition}# 14, ${partition}#+9`],
    ["another case", "COM.MONGODB.REALM-SYNC#14"],
    ["a longer name", `x${partition}#14, ${partition}.x#14`],
    ["too long a header", `${"x,".repeat(3000)}${partition}#14`],
  ])("[H3] finds nothing in %s", (_, header) => {
    expect(negotiate(header)).toBeUndefined();
  });

  it("offers the token a server then finds", () => {
    for (const version of [2, 7, 8, 14] as const) {
      const token = tokenOf("flexible", version);
      expect(negotiate(token)).toEqual({ token, mode: "flexible", version });
    }
  });
});

describe("the version history", () => {
  it("has a line for each version we speak, and no other", () => {
    const versions = Object.keys(versionHistory).map(Number);
    expect(versions).toEqual(Array.from({ length: highestVersion - lowestVersion + 1 }, (_, index) => lowestVersion + index));
    expect(versions.every(isProtocolVersion)).toBe(true);
    expect([1, 15, 2.5, Number.NaN].some(isProtocolVersion)).toBe(false);
  });

  it("[V1] [V2] [V3] never takes a feature away again", () => {
    for (const [name, since] of Object.entries(sinceOf)) {
      for (let version = lowestVersion; version <= highestVersion; version++) {
        if (!isProtocolVersion(version)) throw new Error("unreachable");
        expect([name, version, Object.entries(featuresOf(version)).find(([key]) => key === name)?.[1]]).toEqual([
          name,
          version,
          version >= since,
        ]);
      }
    }
    expect(Object.keys(featuresOf(14)).sort()).toEqual(Object.keys(sinceOf).sort());
  });
});

/** From sync-protocol §3.1 and §3.3. */
const sinceOf: Readonly<Record<keyof ReturnType<typeof featuresOf>, number>> = {
  jsonErrors: 4,
  compensatingWrites: 5,
  actions: 7,
  lateActions: 10,
  bindBody: 8,
  migratedPartition: 9,
  sessionReason: 10,
  logMessages: 10,
  schemaVersion: 11,
  fractionalProgress: 12,
  rebootstrap: 14,
};
