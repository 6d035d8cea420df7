import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packBody } from "../../../src/protocol/body.ts";
import { decodeDown, encodeDown } from "../../../src/protocol/down.ts";
import { encodeDownloadBody, encodeDownloadFrame, type DownloadEntry, type DownloadHead } from "../../../src/protocol/down/download.ts";
import { readEnvelope } from "../../../src/protocol/envelope.ts";
import { formatQuerySet, parseQuerySet } from "../../../src/protocol/query-set.ts";
import { decodeUp, encodeUp } from "../../../src/protocol/up.ts";
import { isProtocolVersion } from "../../../src/protocol/version.ts";
import { bytesOf, textOf, wireOf } from "../../support/wire/wires.ts";
import { zlib as platformZlib } from "../../../src/platform/zlib.ts";
import { downMessages, upMessages } from "./messages.ts";

const modes = ["partition", "flexible"] as const;

describe.each(modes)("in %s mode", (mode) => {
  const wire = wireOf(mode);

  it("what a client writes, the server reads; and the envelope alone names type and session", () => {
    const types = new Set<string>();
    let compressed = 0;
    fc.assert(
      fc.property(upMessages(mode), (message) => {
        const frame = encodeUp(message, wire);
        expect(decodeUp(frame, wire)).toEqual(message);
        expect(readEnvelope(frame)).toEqual({ type: message.type, session: message.type === "ping" ? 0 : message.session });
        types.add(message.type);
        if (message.type === "upload" && textOf(frame).split(" ")[2] === "1") compressed++;
      }),
      { numRuns: 500 },
    );
    expect(types.size).toBe(mode === "flexible" ? 10 : 9);
    expect(compressed).toBeGreaterThan(5);
  });

  it("what the server writes, a client reads", () => {
    const types = new Set<string>();
    fc.assert(
      fc.property(downMessages(mode), (message) => {
        expect(decodeDown(encodeDown(message, wire), wire)).toEqual(message);
        types.add(message.type);
      }),
      { numRuns: 500 },
    );
    expect(types.size).toBe(mode === "flexible" ? 9 : 8);
  });
});

describe("changesets", () => {
  it("are views into the frame, not copies", () => {
    const frame = bytesOf("upload 1 0 18 0 9 5 5⏎9 5 37522 0 3 abc");
    const text = textOf(frame).split("⏎")[1]!;
    const sized = bytesOf(`upload 1 0 ${text.length} 0 9 5 5⏎${text}`);
    const message = decodeUp(sized, wireOf("partition"));
    if (message.type !== "upload") throw new Error("not an upload");
    expect(message.entries[0]!.changeset.buffer).toBe(sized.buffer);
    expect(textOf(message.entries[0]!.changeset)).toBe("abc");
  });

  it("are encoded and compressed once for all receivers at the same place", () => {
    let deflated = 0;
    const zlib = { ...platformZlib, deflate: (bytes: Uint8Array, level: number) => (deflated++, platformZlib.deflate(bytes, level)) };
    const wire = { ...wireOf("partition"), zlib };
    const entry: DownloadEntry = {
      serverVersion: 8,
      clientVersion: 0,
      originTimestamp: 1,
      originFileIdent: 2,
      originalSize: 5000,
      changeset: new Uint8Array(5000).fill(3),
    };
    const body = encodeDownloadBody([entry], zlib);
    for (const session of [1, 2, 3]) {
      const head: DownloadHead = {
        mode: "partition",
        session,
        download: { serverVersion: 8, clientVersion: session },
        latest: { version: 8, salt: 5n },
        upload: { clientVersion: session, serverVersion: 7 },
        downloadableBytes: 0,
      };
      expect(decodeDown(encodeDownloadFrame(head, body, wire), wire)).toEqual({ ...head, type: "download", entries: [entry] });
    }
    expect(deflated).toBe(1);
  });

  it("[§7.3] are compressed above 1024 bytes, and only when that makes the body smaller", () => {
    expect(packBody(new Uint8Array(1024), platformZlib).compressed).toBe(false);
    expect(packBody(new Uint8Array(1025), platformZlib).compressed).toBe(true);
    const random = Uint8Array.from({ length: 4096 }, (_, index) => (Math.imul(index + 1, 2654435761) >>> 13) & 255);
    const noise = packBody(random, { ...platformZlib, deflate: (bytes) => new Uint8Array(bytes.length) });
    expect(noise).toEqual({ bytes: random, compressed: false, uncompressedSize: 4096 });
  });
});

describe("older versions", () => {
  const bind = {
    type: "bind",
    mode: "flexible",
    session: 1,
    needIdent: true,
    migratedPartition: '"p"',
    schemaVersion: 3,
    sessionReason: "clientReset",
  } as const;

  it.each([
    [7, "bind 1 0 0 1 0⏎"],
    [8, "bind 1 0 0 1 0⏎"],
    [9, String.raw`bind 1 29 0 1 0⏎{"migratedPartition":"\"p\""}`],
    [10, String.raw`bind 1 47 0 1 0⏎{"migratedPartition":"\"p\"","sessionReason":1}`],
    [11, String.raw`bind 1 65 0 1 0⏎{"migratedPartition":"\"p\"","schemaVersion":3,"sessionReason":1}`],
  ] as const)("[§5.1] a flexible BIND of version %d says what that version knows", (version, frame) => {
    const wire = wireOf("flexible", version);
    expect(textOf(encodeUp(bind, wire))).toBe(frame);
    const { type, mode, session, needIdent } = bind;
    const known = {
      ...(version >= 9 && { migratedPartition: bind.migratedPartition }),
      ...(version >= 10 && { sessionReason: bind.sessionReason }),
      ...(version >= 11 && { schemaVersion: bind.schemaVersion }),
    };
    expect(decodeUp(bytesOf(frame), wire)).toEqual({ type, mode, session, needIdent, ...known });
  });

  it("reads a token that old cores put into BIND past, keeping it nowhere, and takes a path that is no JSON below version 8", () => {
    const read = decodeUp(bytesOf('bind 1 6 5 0 0⏎"part"TOKEN'), wireOf("partition", 3));
    expect(read).toMatchObject({ partition: { key: "s:part" } });
    expect(JSON.stringify(read)).not.toContain("TOKEN");
    expect(decodeUp(bytesOf("bind 1 4 0 1 0⏎path"), wireOf("flexible", 7))).toEqual({
      type: "bind",
      mode: "flexible",
      session: 1,
      needIdent: true,
    });
  });

  it("[§20] reads REFRESH and keeps nothing of its token", () => {
    expect(decodeUp(bytesOf("refresh 1 5⏎TOKEN"), wireOf("partition", 3))).toEqual({ type: "refresh", session: 1 });
  });

  it("[V2] a flexible DOWNLOAD below version 12 carries no fraction", () => {
    for (let version = 3; version <= 14; version++) {
      if (!isProtocolVersion(version)) throw new Error("unreachable");
      const wire = wireOf("flexible", version);
      const frame = encodeDownloadFrame(
        {
          mode: "flexible",
          session: 1,
          download: { serverVersion: 5, clientVersion: 0 },
          latest: { version: 5, salt: 99n },
          upload: { clientVersion: 0, serverVersion: 0 },
          queryVersion: 1,
          batchState: "more",
          progress: 0.25,
        },
        encodeDownloadBody([], platformZlib),
        wire,
      );
      expect(textOf(frame)).toBe(`download 1 5 0 5 99 0 0 1 0 ${version < 12 ? "0" : "0.25"} 0 0 0⏎`);
      expect(decodeDown(frame, wire)).toMatchObject({ progress: version < 12 ? 0 : 0.25, batchState: "more" });
    }
  });
});

describe("[§5.3] query sets", () => {
  it("are written as SDKs write them and read again", () => {
    const queries = new Map([
      ["TopLevel", "(TRUEPREDICATE)"],
      ["Person", '(age > 21) OR (name == "Bob")'],
    ]);
    const json = String.raw`{"Person":"(age > 21) OR (name == \"Bob\")","TopLevel":"(TRUEPREDICATE)"}`;
    expect(formatQuerySet(queries)).toBe(json);
    expect(new Map(parseQuerySet(json))).toEqual(queries);
    expect(formatQuerySet(new Map())).toBe("{}");
    expect(parseQuerySet('{"__proto__":"(TRUEPREDICATE)"}')?.get("__proto__")).toBe("(TRUEPREDICATE)");
  });

  it.each(["", "[]", "null", '"x"', '{"A":1}', '{"A":'])("%s is none", (json) => {
    expect(parseQuerySet(json)).toBeUndefined();
  });
});
