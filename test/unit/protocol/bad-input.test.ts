import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { zlib } from "../../../src/platform/zlib.ts";
import { decodeDown, encodeDown } from "../../../src/protocol/down.ts";
import { readEnvelope } from "../../../src/protocol/envelope.ts";
import { ProtocolError } from "../../../src/protocol/protocol-error.ts";
import { decodeUp, encodeUp } from "../../../src/protocol/up.ts";
import type { Mode, Wire } from "../../../src/protocol/wire.ts";
import { bytesOf, wireOf } from "../../support/wire/wires.ts";
import { downMessages, upMessages } from "./messages.ts";

const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

const refusalOf = (frame: string | Uint8Array, wire: Wire = wireOf("partition")): unknown =>
  thrownBy(() => decodeUp(typeof frame === "string" ? bytesOf(frame) : frame, wire));

describe("[F2] [F3] [F4] a malformed message from a client", () => {
  it.each([
    ["", 103, "badHead"],
    ["⏎", 102, "unknownMessage"],
    ["hello", 103, "badHead"],
    ["mark⏎", 102, "unknownMessage"],
    ["shout 1⏎", 102, "unknownMessage"],
    ["toString 1⏎", 102, "unknownMessage"],
    ["MARK 1 2⏎", 102, "unknownMessage"],
    ["query 1 1 2⏎{}", 102, "unknownMessage"],
    ["mark 1⏎", 103, "badHead"],
    ["mark 1 ⏎", 103, "badHead"],
    ["mark 1 2 3⏎", 103, "badHead"],
    ["mark 1 2 ⏎", 103, "badHead"],
    ["mark  1 2⏎", 103, "badHead"],
    ["mark 1\t2⏎", 103, "badHead"],
    ["mark +1 2⏎", 103, "badHead"],
    ["mark -1 2⏎", 103, "badHead"],
    ["mark 1 0x2⏎", 103, "badHead"],
    ["mark 1 2.0⏎", 103, "badHead"],
    ["mark 1 2\r⏎", 103, "badHead"],
    ["mark 1 2", 103, "badHead"],
    ["mark 1 2⏎⏎", 103, "sizeMismatch"],
    ["mark 1 2⏎x", 103, "sizeMismatch"],
    ["mark 0 2⏎", 106, "badSession"],
    ["mark 1 9007199254740992⏎", 101, "numberTooLarge"],
    ["mark 1 99999999999999999999⏎", 101, "numberTooLarge"],
    ["mark 1 000000000000000000000000000000000002⏎", 103, "badHead"],
    ["ident 1 7 9223372036854775808 0 0 0 0⏎", 101, "numberTooLarge"],
    ["ident 1 7 10x7 0 0 0 0⏎", 103, "badHead"],
    [`mark 1 ${"2 ".repeat(300)}⏎`, 101, "limitExceeded"],
    ['bind 1 7 0 1 0⏎"part"', 103, "sizeMismatch"],
    ['bind 1 5 0 1 0⏎"part"', 103, "sizeMismatch"],
    ["bind 1 9007199254740991 9007199254740991 1 0⏎", 101, "limitExceeded"],
    ["json_error 212 2 1⏎{}", 103, "badBody"],
    ["json_error 212 4 1⏎null", 103, "badBody"],
    ["json_error 212 2 0⏎{}", 106, "badSession"],
    ["json_error 212 1 1⏎{", 103, "badBody"],
    ["test_command 1 1 1⏎\xff", 103, "badBody"],
    ["test_command 1 1 70000⏎", 101, "limitExceeded"],
    ["upload 1 0 0 5 0 0 0⏎", 103, "sizeMismatch"],
    ["upload 1 0 6 0 0 0 0⏎1 0 0", 103, "sizeMismatch"],
    ["upload 1 0 3 0 0 0 0⏎abc", 111, "badEntryHead"],
    ["upload 1 0 5 0 0 0 0⏎1 0 0", 111, "badEntryHead"],
    ["upload 1 0 9 0 0 0 0⏎1 0 0 0 3", 111, "badEntryHead"],
    ["upload 1 0 12 0 0 0 0⏎1 0 0 0 3 ab", 112, "badEntrySize"],
    ["upload 1 0 25 0 0 0 0⏎1 0 0 0 9007199254740992 ", 101, "numberTooLarge"],
    ["upload 1 1 5 3 0 0 0⏎abc", 110, "badCompression"],
  ] as const)("%j is refused with %d (%s)", (frame, code, reason) => {
    expect(refusalOf(frame)).toMatchObject({ code, reason, level: "connection", session: 0 });
  });
});

describe("a relay's view of a frame", () => {
  it.each([
    ["shout 1 2⏎", 102],
    ["download 1 5⏎", 102],
    ["mark 0 2⏎", 106],
    ["mark x 2⏎", 103],
    ["unbind 1 ", 103],
    ["json_error 212 51⏎", 103],
    ["upload", 102],
  ] as const)("has no session in %j, which is refused with %d", (frame, code) => {
    expect(thrownBy(() => readEnvelope(bytesOf(frame)))).toMatchObject({ code });
  });
});

describe("limits", () => {
  it("a path or token larger than allowed is refused", () => {
    const wire = wireOf("flexible", 14, { text: 10 });
    expect(refusalOf('bind 1 10 0 1 0⏎{"a":"bcd"}', wire)).toMatchObject({ reason: "sizeMismatch" });
    expect(refusalOf('bind 1 11 0 1 0⏎{"a":"bcd"}', wire)).toMatchObject({ code: 101, reason: "limitExceeded" });
    expect(refusalOf("bind 1 0 11 1 0⏎01234567890", wire)).toMatchObject({ code: 101, reason: "limitExceeded" });
  });

  it("a frame larger than allowed is refused before anything of it is read", () => {
    expect(refusalOf("mark 1 2⏎", wireOf("partition", 14, { frame: 8 }))).toMatchObject({ code: 101, reason: "limitExceeded" });
  });

  it("a body that would inflate beyond the limit is never inflated", () => {
    let inflated = 0;
    const counting = { ...zlib, inflate: (bytes: Uint8Array, size: number) => (inflated++, zlib.inflate(bytes, size)) };
    const wire: Wire = { ...wireOf("partition", 14, { inflatedBody: 1_000_000 }), zlib: counting };
    expect(refusalOf(compressedUpload(new Uint8Array(1_000_001)), wire)).toMatchObject({ code: 101, reason: "limitExceeded" });
    expect(inflated).toBe(0);
  });

  it("a bomb that announces a small size inflates to no more than that", () => {
    const bomb = compressedUpload(new Uint8Array(10_000_000), 100);
    expect(refusalOf(bomb)).toMatchObject({ code: 110, reason: "badCompression" });
  });

  it("[§7.3] a stream of another size than announced, a cut stream, and bytes behind it are refused", () => {
    const body = new TextEncoder().encode("1 0 0 0 3 abc");
    expect(refusalOf(compressedUpload(body))).toBeUndefined();
    for (const [announced, change] of [
      [body.length + 1, (bytes: Uint8Array) => bytes],
      [body.length - 1, (bytes: Uint8Array) => bytes],
      [0, (bytes: Uint8Array) => bytes],
      [body.length, (bytes: Uint8Array) => bytes.subarray(0, -1)],
      [body.length, (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
      [body.length, (bytes: Uint8Array) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1)],
    ] as const) {
      expect(refusalOf(compressedUpload(body, announced, change))).toMatchObject({ code: 110, reason: "badCompression" });
    }
  });

  it("more changesets than allowed are refused", () => {
    const wire = wireOf("partition", 14, { entries: 3 });
    expect(refusalOf(`upload 1 0 30 0 0 0 0⏎${"1 0 0 0 0 ".repeat(3)}`, wire)).toBeUndefined();
    expect(refusalOf(`upload 1 0 40 0 0 0 0⏎${"1 0 0 0 0 ".repeat(4)}`, wire)).toMatchObject({ code: 101, reason: "limitExceeded" });
  });

  it("a subscription set larger than allowed is refused", () => {
    expect(refusalOf("query 1 1 11⏎01234567890", wireOf("flexible", 14, { query: 10 }))).toMatchObject({ code: 101 });
  });
});

describe("a malformed message from a server", () => {
  it.each([
    ["download 1 5 0 5 99 0 0 0 3 1 0 0 0⏎", "outOfRange"],
    ["download 1 5 0 5 99 0 0 0 1 1.5 0 0 0⏎", "outOfRange"],
    ["download 1 5 0 5 99 0 0 0 1 -0.5 0 0 0⏎", "badHead"],
    ["download 1 5 0 5 99 0 0 0 1 nan 0 0 0⏎", "badHead"],
    ["download 1 5 0 5 99 0 0 0 1 . 0 0 0⏎", "badHead"],
    ["download 1 5 0 5 99 0 0 0 1 1 0 12 0⏎0 0 1 1 0 0 ", "badEntryHead"],
    ['log_message 0 25⏎{"level":"x","msg":"hey"}', "badBody"],
    ["json_error 208 2 1⏎{}", "badBody"],
    ["json_error 208 2 0⏎{}", "badSession"],
    ["json_error 100 2 1⏎{}", "badSession"],
  ] as const)("%j is refused (%s)", (frame, reason) => {
    expect(thrownBy(() => decodeDown(bytesOf(frame), wireOf("flexible")))).toMatchObject({ reason });
  });

  it.each([
    ["0", 0],
    ["1", 1],
    ["0.25", 0.25],
    ["1e-3", 0.001],
    [".5", 0.5],
    ["1.", 1],
    ["000", 0],
  ])("[F3] progress %s is %d", (progress, value) => {
    const frame = bytesOf(`download 1 5 0 5 99 0 0 0 1 ${progress} 0 0 0⏎`);
    expect(decodeDown(frame, wireOf("flexible"))).toMatchObject({ progress: value });
  });
});

/** An UPLOAD with a compressed body, announced as it is or otherwise. */
const compressedUpload = (
  body: Uint8Array,
  announced = body.length,
  change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Uint8Array => {
  const bytes = change(zlib.deflate(body, 1));
  return Uint8Array.of(...bytesOf(`upload 1 1 ${announced} ${bytes.length} 0 0 0⏎`), ...bytes);
};

/** Ways in which a frame arrives damaged. */
type Damage = (frame: Uint8Array) => Uint8Array;
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.nat().map(
    (at): Damage =>
      (frame) =>
        frame.subarray(0, at % (frame.length + 1)),
  ),
  fc.tuple(fc.nat(), fc.nat(255)).map(
    ([at, byte]): Damage =>
      (frame) =>
        frame.with(at % frame.length, byte),
  ),
  // Digits, separators and signs hit the head's syntax more often than any byte would.
  fc.tuple(fc.nat(), fc.constantFrom(..."0123456789 -+.\n")).map(
    ([at, character]): Damage =>
      (frame) =>
        frame.with(at % frame.length, character.charCodeAt(0)),
  ),
  fc.tuple(fc.nat(), fc.nat(40)).map(([at, length]): Damage => (frame) => {
    const start = at % frame.length;
    const cut = frame.subarray(start, start + length).toReversed();
    const shuffled = frame.slice();
    shuffled.set(cut, start);
    return shuffled;
  }),
  fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([at, more]): Damage => (frame) => {
    const start = at % (frame.length + 1);
    return Uint8Array.of(...frame.subarray(0, start), ...more, ...frame.subarray(start));
  }),
);

describe("fuzz: nothing but ProtocolError comes out of", () => {
  const tally = { read: 0, refused: 0 };
  const expectNoOther = (work: () => unknown): void => {
    const error = thrownBy(work);
    if (error === undefined) tally.read++;
    else {
      expect(error).toBeInstanceOf(ProtocolError);
      tally.refused++;
    }
  };

  it.each(["partition", "flexible"] as const satisfies Mode[])("damaged frames in %s mode", (mode) => {
    const wire = wireOf(mode);
    const up = upMessages(mode).map((message) => encodeUp(message, wire));
    const down = downMessages(mode).map((message) => encodeDown(message, wire));
    const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
    const apply = (frame: Uint8Array, all: readonly Damage[]): Uint8Array =>
      all.reduce((bytes, one) => (bytes.length === 0 ? bytes : one(bytes)), frame);
    fc.assert(
      fc.property(up, down, damages, (one, other, all) => {
        expectNoOther(() => decodeUp(apply(one, all), wire));
        expectNoOther(() => readEnvelope(apply(one, all)));
        expectNoOther(() => decodeDown(apply(other, all), wire));
        // And a frame that went the wrong way.
        expectNoOther(() => decodeUp(other, wire));
        expectNoOther(() => decodeDown(one, wire));
      }),
      { numRuns: 1500 },
    );
    expect(tally.read).toBeGreaterThan(500);
    expect(tally.refused).toBeGreaterThan(500);
  });

  it("random bytes behind a message type", () => {
    const types =
      "bind ident query upload mark unbind ping json_error test_command refresh download unbound pong query_error log_message error";
    const frame = fc
      .tuple(fc.constantFrom(...types.split(" ")), fc.uint8Array({ maxLength: 60 }))
      .map(([type, bytes]) => Uint8Array.of(...bytesOf(`${type} `), ...bytes));
    fc.assert(
      fc.property(frame, fc.constantFrom("partition", "flexible"), (bytes, mode) => {
        expectNoOther(() => decodeUp(bytes, wireOf(mode)));
        expectNoOther(() => decodeDown(bytes, wireOf(mode)));
      }),
      { numRuns: 1000 },
    );
  });
});
