import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import { encodeUp, type UpMessage } from "../../../src/protocol/up.ts";
import { stateToJson } from "../../../src/store/objects/index.ts";
import { schema } from "../../support/simulation/edits.ts";
import { create, title } from "./edits.ts";
import { Bench, typesOf, type Peer } from "./peer.ts";

/** All that is stored but the bad client's own progress, which it may declare as it likes. */
const storedIn = (bench: Bench): string =>
  JSON.stringify([
    bench.server.store.history.current,
    bench.server.sql.all("SELECT * FROM history_segment"),
    bench.server.sql.all("SELECT ident, client_version, base_version FROM client_file WHERE ident = 2"),
    stateToJson(bench.server.store.objects, "full"),
  ]);

function prepared(): { readonly bench: Bench; readonly good: Peer; readonly bad: Peer } {
  const bench = new Bench();
  const good = bench.peer("good");
  good.open();
  good.upload([[2, 0, [...schema, create(1), title(1, "precious")]]]);
  good.answers();
  const bad = bench.peer("bad");
  bad.open();
  return { bench, good, bad };
}

/** Frames as the bad client could send them rightly, to be damaged. */
const rightFrames = (peer: Peer): Uint8Array[] => {
  const messages: UpMessage[] = [
    { type: "mark", session: 1, request: 3 },
    { type: "upload", session: 1, progress: { clientVersion: 5, serverVersion: 1 }, lockedServerVersion: 1, entries: [] },
    { type: "test_command", session: 1, request: 1, command: "{}" },
    { type: "json_error", session: 1, code: 212, message: "x" },
    { type: "ping", timestamp: 1, roundTripTime: 1 },
    { type: "unbind", session: 1 },
  ];
  return messages.map((message) => encodeUp(message, peer.wire));
};

describe("frames that no client sends", () => {
  test("never change what is stored, and other sessions go on", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ kind: fc.constant("noise" as const), bytes: fc.uint8Array({ maxLength: 60 }) }),
            fc.record({ kind: fc.constant("damage" as const), which: fc.nat(5), at: fc.nat(60), byte: fc.nat(255), cut: fc.boolean() }),
            fc.record({
              kind: fc.constant("head" as const),
              type: fc.constantFrom("bind", "ident", "upload", "mark", "unbind", "json_error", "query", "test_command"),
              numbers: fc.array(fc.oneof(fc.nat(12), fc.maxSafeNat(), fc.constant(-1)), { maxLength: 9 }),
              body: fc.uint8Array({ maxLength: 30 }),
            }),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        (frames) => {
          const { bench, good, bad } = prepared();
          try {
            const before = storedIn(bench);
            const right = rightFrames(bad);
            for (const frame of frames) {
              if (frame.kind === "noise") bad.raw(frame.bytes);
              else if (frame.kind === "damage") {
                const bytes = right[frame.which]!.slice(0, frame.cut ? frame.at : undefined);
                if (frame.at < bytes.length) bytes[frame.at] = frame.byte;
                bad.raw(bytes);
              } else {
                const head = new TextEncoder().encode(`${frame.type} ${frame.numbers.join(" ")}\n`);
                bad.raw(Uint8Array.from([...head, ...frame.body]));
              }
            }
            refused += typesOf(bad.answers()).filter((type) => type === "json_error").length;
            expect(storedIn(bench)).toBe(before);
            good.mark(9);
            expect(typesOf(good.answers())).toEqual(["mark"]);
          } finally {
            bench.server.close();
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  test("uploads of damaged changesets never change what is stored, unless they are sound all the same", () => {
    const sound = encodeChangeset([title(1, "changed"), create(2), title(2, "new")]);
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const { bench, good, bad } = prepared();
        try {
          const before = storedIn(bench);
          const bytes = cut ? sound.slice(0, at) : Uint8Array.from(sound, (value, index) => (index === at ? byte : value));
          bad.upload([[5, 1, bytes]], { locked: 1 });
          if (typesOf(bad.answers()).includes("json_error")) {
            refused += 1;
            expect(storedIn(bench)).toBe(before);
          }
          good.mark(9);
          expect(typesOf(good.answers()).at(-1)).toBe("mark");
        } finally {
          bench.server.close();
        }
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(30);
  });
});
