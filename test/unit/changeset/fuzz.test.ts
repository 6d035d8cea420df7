import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import { ChangesetError } from "../../../src/changeset/error.ts";
import { anyInstructions } from "./arbitraries.ts";

/** Decodes what may be anything; whatever is accepted must encode and decode to itself. Returns whether it was accepted. */
function tryDecode(bytes: Uint8Array): boolean {
  try {
    const instructions = decodeChangeset(bytes);
    expect(decodeChangeset(encodeChangeset(instructions))).toEqual(instructions);
    return true;
  } catch (error) {
    if (!(error instanceof ChangesetError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
    return false;
  }
}

describe("whatever bytes come, nothing but a ChangesetError is raised", () => {
  it("for random bytes", () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        if (!tryDecode(bytes)) refused++;
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  it("for real changesets with bytes changed, cut out, doubled or cut off", () => {
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat({ max: 6 }),
      byte: fc.nat({ max: 255 }),
      how: fc.nat({ max: 3 }),
    });
    let refused = 0;
    let accepted = 0;
    fc.assert(
      fc.property(anyInstructions, fc.array(mutation, { minLength: 1, maxLength: 4 }), (instructions, mutations) => {
        let bytes = encodeChangeset(instructions);
        for (const { at, length, byte, how } of mutations) {
          const place = Math.floor(at * bytes.length);
          const [head, part, tail] = [bytes.slice(0, place), bytes.slice(place, place + length), bytes.slice(place + length)];
          if (how === 0) bytes = Uint8Array.of(...head, byte, ...bytes.slice(place + 1));
          else if (how === 1) bytes = Uint8Array.of(...head, ...tail);
          else if (how === 2) bytes = Uint8Array.of(...head, ...part, ...part, ...tail);
          else bytes = head;
        }
        if (tryDecode(bytes)) accepted++;
        else refused++;
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(300);
    expect(accepted).toBeGreaterThan(50);
  });

  it("for every way to cut a changeset short", () => {
    fc.assert(
      fc.property(anyInstructions, (instructions) => {
        const bytes = encodeChangeset(instructions);
        for (let length = 0; length < bytes.length; length++) tryDecode(bytes.subarray(0, length));
      }),
      { numRuns: 20 },
    );
  });

  it("and lengths that promise more than there is cost no memory", () => {
    const head = [0x3f, 0, 1, 0x54, 4, 0, 1, 1, 0, 0];
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 1000; round++) {
      expect(tryDecode(Uint8Array.of(...head, 4, ...huge))).toBe(false);
      expect(tryDecode(Uint8Array.of(0x3f, 0, ...huge))).toBe(false);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });
});
