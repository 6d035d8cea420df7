import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeDown, encodeDown, type DownMessage, type SentMessage } from "../../../src/protocol/down.ts";
import { encodePlainError } from "../../../src/protocol/down/error.ts";
import { connectionError } from "../../../src/protocol/refusal.ts";
import { decodeUp, encodeUp } from "../../../src/protocol/up.ts";
import type { Mode, Wire } from "../../../src/protocol/wire.ts";
import { bytesOf, textOf, wireOf } from "../../support/wire/wires.ts";
import { acknowledged, byServer, downExamples, timestamp, upExamples } from "./examples.ts";

const flexible = wireOf("flexible");
const partition = wireOf("partition");
const wires: Readonly<Record<Mode, Wire>> = { partition, flexible };

describe.each(upExamples)("[§5] $frame", ({ frame, size, mode, message }) => {
  it(`is ${size} bytes, is read, and is written the same`, () => {
    expect(bytesOf(frame).length).toBe(size);
    expect(decodeUp(bytesOf(frame), wires[mode])).toEqual(message);
    expect(textOf(encodeUp(message, wires[mode]))).toBe(frame);
  });
});

describe.each(downExamples)("[§6] $frame", ({ frame, size, mode, message }) => {
  it(`is ${size} bytes, is read, and is written the same`, () => {
    expect(bytesOf(frame).length).toBe(size);
    expect(decodeDown(bytesOf(frame), wires[mode])).toEqual(message satisfies DownMessage);
    expect(textOf(encodeDown(message, wires[mode]))).toBe(frame);
  });
});

describe("[§6.10] plain ERROR", () => {
  const older = wireOf("partition", 3);
  const goodbye = connectionError("ConnectionClosed", { message: "bye" });

  it("is read from servers that send it", () => {
    const read = decodeDown(bytesOf("error 100 3 1 0⏎bye"), partition);
    expect(read).toEqual({ type: "error", code: 100, tryAgain: true, session: 0, message: "bye" });
  });

  it("is what a client below version 4 gets for a JSON_ERROR", () => {
    expect(textOf(encodeDown(goodbye, older))).toBe("error 100 3 1 0⏎bye");
    expect(textOf(encodePlainError(goodbye))).toBe("error 100 3 1 0⏎bye");
  });
});

describe("[§6.2] a compressed DOWNLOAD", () => {
  it("has a head of the size in the text, and a zlib stream behind it", () => {
    const changeset = new Uint8Array(2400);
    const entry = { ...byServer, originTimestamp: timestamp, originalSize: 2400, changeset };
    const message: SentMessage = { type: "download", mode: "partition", ...acknowledged, downloadableBytes: 0, entries: [entry] };
    const frame = encodeDown(message, partition);
    const head = textOf(frame).split("⏎")[0]!;
    const [uncompressed, compressed] = head.split(" ").slice(-2).map(Number);
    expect(head).toBe(`download 1 6 9 6 99 9 5 0 1 ${uncompressed} ${compressed}`);
    expect(uncompressed).toBe(2400 + "5 0 375223600000 1 2400 2400 ".length);
    expect(frame.length).toBe(head.length + 1 + compressed!);
    expect(frame[head.length + 1]).toBe(0x78);
    expect(decodeDown(frame, partition)).toEqual(message);
  });
});

describe("docs/protocol.md", () => {
  const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
  const [, fromClient = "", fromServer = ""] = page.split(/^## From .*$/m);

  it("has the head of every message in both directions", () => {
    for (const { message } of upExamples) expect(fromClient).toContain(`\`${message.type} <`);
    for (const { message } of downExamples) expect(fromServer).toContain(`\`${message.type} <`);
  });
});
