import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeDown, encodeDown, type DownMessage } from "../../../src/protocol/down.ts";
import { encodePlainError } from "../../../src/protocol/down/error.ts";
import { decodeUp, encodeUp } from "../../../src/protocol/up.ts";
import { wireOf } from "../../support/wire/wires.ts";

/** A frame of a conversation between two Realm JS 12.15 clients and the reference server, with its changesets as read by other code. */
interface Recorded {
  readonly conversation: string;
  readonly from: "client" | "server";
  readonly type: string;
  readonly frame: string;
  readonly changesets?: readonly (readonly [client: string, server: string, timestamp: string, origin: string, hex: string])[];
}

const recorded: readonly Recorded[] = readFileSync(new URL("transcripts.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const wire = wireOf("partition");

/** Whether both ends write the same bytes: compressors differ in theirs, and the reference sorts the keys of its log messages. */
const comparable = ({ type, frame }: Recorded): boolean =>
  type !== "log_message" &&
  !Buffer.from(frame, "hex")
    .toString("latin1")
    .match(/^(upload \d+ 1|download( \d+){8} 1) /);

const encodeAny = (message: DownMessage): Uint8Array => {
  if (message.type === "error") return encodePlainError({ ...message, code: 209, ...unsaid });
  if (message.type === "json_error") throw new Error("the reference server sends none");
  return encodeDown(message, wire);
};
const unsaid = { action: "ClientReset", logUrl: "", shouldClientReset: true, isRecoveryModeDisabled: false } as const;

describe("frames of real clients and of the reference server", () => {
  it("covers every conversation", () => {
    expect(recorded.length).toBe(233);
    expect(new Set(recorded.map(({ conversation }) => conversation)).size).toBe(5);
  });

  it.each(["client", "server"] as const)("parses and writes again every frame from the %s", (side) => {
    let same = 0;
    for (const line of recorded.filter(({ from }) => from === side)) {
      const [message, again] = reread(side, fromHex(line.frame));
      expect(message.type).toBe(line.type);
      if (comparable(line)) {
        expect(Buffer.from(again).toString("hex")).toBe(line.frame);
        same++;
      }
      const [second] = reread(side, again);
      expect(second).toEqual(message);
    }
    expect(same).toBeGreaterThan(80);
  });

  it("finds in each UPLOAD and DOWNLOAD the changesets that were in it", () => {
    let count = 0;
    for (const { from, frame, changesets = [] } of recorded) {
      const [message] = reread(from, fromHex(frame));
      const entries = message.type === "upload" || message.type === "download" ? message.entries : [];
      const read = entries.map((entry) => [
        String(entry.clientVersion),
        String(entry.serverVersion),
        String(entry.originTimestamp),
        String(entry.originFileIdent),
        Buffer.from(entry.changeset).toString("hex"),
      ]);
      expect(read).toEqual(changesets);
      count += read.length;
    }
    expect(count).toBeGreaterThan(50);
  });
});

const reread = (side: "client" | "server", frame: Uint8Array) => {
  if (side === "client") {
    const message = decodeUp(frame, wire);
    return [message, encodeUp(message, wire)] as const;
  }
  const message = decodeDown(frame, wire);
  return [message, encodeAny(message)] as const;
};
