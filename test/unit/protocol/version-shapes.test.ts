import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeDown } from "../../../src/protocol/down.ts";
import { encodeUp } from "../../../src/protocol/up.ts";
import { isProtocolVersion, versionHistory, type ProtocolVersion } from "../../../src/protocol/version.ts";
import { wireOf } from "../../support/wire/wires.ts";
import { downExamples, upExamples } from "./examples.ts";

/** What a version's messages look like, and the line of the history that tells of it, as of the last look at both. */
interface Pin {
  readonly shape: string;
  readonly line: string;
}

const pins: Readonly<Record<ProtocolVersion, Pin>> = {
  2: { shape: "f36c82c2c6d8", line: "57ed4cd64681" },
  3: { shape: "f36c82c2c6d8", line: "98aa27eaf517" },
  4: { shape: "8f640256c021", line: "bc682a6d3bf9" },
  5: { shape: "8f640256c021", line: "b341e34d8888" },
  6: { shape: "8f640256c021", line: "9e48655d62d5" },
  7: { shape: "8f640256c021", line: "a729226157d3" },
  8: { shape: "8f640256c021", line: "7ee203015b75" },
  9: { shape: "2e45a64501f6", line: "67c573ab4267" },
  10: { shape: "53dd1b160ffb", line: "d8ae647e2205" },
  11: { shape: "df56e5dae5f8", line: "89f46fb419f0" },
  12: { shape: "571f8cfc01a7", line: "d9d2c5cefe74" },
  13: { shape: "571f8cfc01a7", line: "b6e601f31fbc" },
  14: { shape: "571f8cfc01a7", line: "52cd4edd8cc8" },
};

const hash = (parts: readonly (string | Uint8Array)[]): string => {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part).update("\0");
  return sum.digest("hex").slice(0, 12);
};

/** All examples of both directions, as written for a version. */
const current = (version: ProtocolVersion): Pin => ({
  shape: hash([
    ...upExamples.map(({ mode, message }) => encodeUp(message, wireOf(mode, version))),
    ...downExamples.map(({ mode, message }) => encodeDown(message, wireOf(mode, version))),
  ]),
  line: hash([versionHistory[version]]),
});

describe.each(Object.keys(versionHistory).map(Number).filter(isProtocolVersion))("protocol version %d", (version) => {
  it("does not change its messages without a word in the version history", () => {
    const { shape, line } = current(version);
    if (shape !== pins[version].shape) {
      expect(line, `messages of version ${version} changed: say so in versionHistory, if peers out there can bear it at all`).not.toBe(
        pins[version].line,
      );
    }
  });

  it("is as it was last looked at", () => {
    expect(current(version)).toEqual(pins[version]);
  });
});
