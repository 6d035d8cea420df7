import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { encodeChangeset } from "../../src/changeset/encode.ts";
import { syncErrors } from "../../src/errors/sync.ts";
import { stringPartition } from "../../src/protocol/partition.ts";
import { encodeUp, type UpMessage } from "../../src/protocol/up.ts";
import { wireOf } from "../support/wire/wires.ts";
import { attach } from "./support/attach.ts";
import { connect, signIn } from "./support/client.ts";
import { Device } from "./support/device.ts";
import { startServer, withState } from "./support/server.ts";
import type { WireConnection } from "../support/wire/connection.ts";

const wire = wireOf("partition");
const patience = { timeout: 30_000, interval: 5 };

const changeset = encodeChangeset([
  { kind: "AddTable", table: "Fuzz", tableType: "TopLevel", keyField: "_id", keyType: "Int", keyNullable: false },
]);

/** A session as it should be; the fuzz damages it. File idents are guessed, as an attacker would. */
const script: readonly UpMessage[] = [
  { type: "bind", mode: "partition", session: 1, needIdent: true, partition: stringPartition("fuzz") },
  {
    type: "ident",
    mode: "partition",
    session: 1,
    fileIdent: 2,
    salt: 1n,
    download: { serverVersion: 0, clientVersion: 0 },
    latest: { version: 0, salt: 0n },
  },
  { type: "mark", session: 1, request: 1 },
  {
    type: "upload",
    session: 1,
    progress: { clientVersion: 2, serverVersion: 0 },
    lockedServerVersion: 0,
    entries: [{ clientVersion: 2, serverVersion: 0, originTimestamp: 1, originFileIdent: 0, changeset }],
  },
  { type: "json_error", session: 1, code: 212, message: "bad" },
  { type: "test_command", session: 1, request: 1, command: "{}" },
  { type: "unbind", session: 1 },
  { type: "ping", timestamp: 1, roundTripTime: 0 },
];
const frames = script.map((message) => encodeUp(message, wire));

type Damage = (frame: Uint8Array) => Uint8Array;
/** A place in a frame, as a fraction of its length. */
const place = fc.noBias(fc.nat(999)).map((thousandth) => thousandth / 1000);
const headByte = fc.constantFrom(..."0123456789 \n").map((character) => character.charCodeAt(0));

/** What can happen to one frame. */
const damage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 14, arbitrary: fc.constant<Damage>((frame) => frame) },
  fc.tuple(place, fc.oneof(headByte, fc.nat(255))).map(
    ([where, byte]): Damage =>
      (frame) =>
        frame.map((old, index) => (index === Math.floor(where * frame.length) ? byte : old)),
  ),
  place.map(
    (where): Damage =>
      (frame) =>
        frame.slice(0, Math.floor(where * frame.length)),
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 20 })).map(([where, inserted]): Damage => (frame) => {
    const at = Math.floor(where * frame.length);
    return Uint8Array.of(...frame.slice(0, at), ...inserted, ...frame.slice(at));
  }),
  fc.uint8Array({ maxLength: 200 }).map(
    (bytes): Damage =>
      () =>
        bytes,
  ),
);

/** Frames in any order, repeated, left out, damaged; mostly behind a BIND, or a BIND and an IDENT, as they should be. */
const anyOrder = fc.array(fc.tuple(fc.nat(frames.length - 1), damage), { minLength: 1, maxLength: 6 }).map((choices) =>
  choices.map(([index, harm]) => {
    const frame = frames[index];
    if (frame === undefined) throw new Error("an index of a frame");
    return harm(frame);
  }),
);

const conversation = fc.tuple(fc.nat(2), anyOrder).map(([proper, rest]) => [...frames.slice(0, proper), ...rest]);

const lethal: ReadonlySet<number> = new Set(
  Object.values(syncErrors).flatMap((entry) => (entry.use.kind === "never" ? [entry.status] : [])),
);

/** How the server took a conversation. */
type Outcome = { readonly kind: "alive" } | { readonly kind: "refused"; readonly code: number };

/** No damaged frame has this session. It is bound last, so its answer comes when the partition has worked off all that was said before. */
const lastSession = 987_654_321;
const lastBind: UpMessage = {
  type: "bind",
  mode: "partition",
  session: lastSession,
  needIdent: true,
  partition: stringPartition("fuzz"),
};

/** Says it all and listens until the connection is refused or a last session gets its answer. Every frame must parse, and no code may end apps. */
const converse = async (connection: WireConnection, said: readonly Uint8Array[]): Promise<Outcome> => {
  for (const frame of said) connection.sendBytes(frame);
  connection.send(lastBind);
  for (;;) {
    const message = await connection.read();
    if (message === undefined) throw new Error(`the socket closed without an error: ${JSON.stringify(await connection.closed)}`);
    if (message.type === "ident" && message.session === lastSession) return { kind: "alive" };
    if (message.type !== "json_error") continue;
    expect(lethal).not.toContain(message.code);
    expect(message.code < 200, "connection-level codes travel with session 0, and only they (E2)").toBe(message.session === 0);
    if (message.session === 0) return { kind: "refused", code: message.code };
  }
};

test("damaged, repeated and re-ordered frames get a proper error or none; other connections go on, and the server stands", async () => {
  await withState(async (state) => {
    const server = await startServer(state);
    const witness = new Device("witness", stringPartition("fuzz"));
    const watching = await connect(server.origin, await signIn(server.origin));
    const watched = attach(watching, [witness], () => {
      if (witness.isCaughtUp) witness.uploadAll();
    });
    witness.found();
    const token = await signIn(server.origin);
    const seen = new Map<number | "alive", number>();
    await fc.assert(
      fc.asyncProperty(conversation, async (said) => {
        const connection = await connect(server.origin, token);
        try {
          const outcome = await converse(connection, said);
          const kind = outcome.kind === "alive" ? "alive" : outcome.code;
          seen.set(kind, (seen.get(kind) ?? 0) + 1);
        } finally {
          connection.close();
        }
      }),
      { numRuns: 300, endOnFailure: true },
    );
    // The fuzz did something: it was let through, and it was refused for more than one reason.
    expect(seen.get("alive")).toBeGreaterThan(10);
    expect([102, 103, 106, 107, 109].filter((code) => seen.has(code))).toEqual([102, 103, 106, 107, 109]);

    witness.make();
    witness.uploadAll();
    await vi.waitFor(() => expect(witness.isDone).toBe(true), patience);
    watching.close();
    await watched;
    expect(await server.stop()).toBe(0);
  });
});
