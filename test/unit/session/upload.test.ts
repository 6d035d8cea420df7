import { afterEach, describe, expect, test } from "vitest";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import { schema } from "../../support/simulation/edits.ts";
import { add, create, erase, insertTag, title } from "./edits.ts";
import { Bench, downloadsIn, errorsIn, typesOf, type Peer } from "./peer.ts";

let bench = new Bench();
afterEach(() => {
  bench.server.close();
  bench = new Bench();
});

/** A running session at server version 2: the class and object 1, uploaded by itself as client versions 2 and 3, acknowledged as 5. */
function running(id = "a"): Peer {
  const peer = bench.peer(id);
  peer.open();
  peer.upload([
    [2, 0, schema],
    [3, 0, [create(1)]],
  ]);
  peer.answers();
  peer.upload([], { progress: [5, 2], locked: 2 });
  expect(peer.answers()).toEqual([]);
  return peer;
}

const titleOf = (number: number): unknown =>
  bench.server.store.objects.read("Item", { kind: "int", value: BigInt(number), text: `i${number}` })?.fields.get("title");

describe("[§5.1] what an UPLOAD is refused with", () => {
  const refused = (name: string, code: number, send: (peer: Peer) => void) =>
    test(`${name} → ${code}`, () => {
      const peer = running();
      send(peer);
      expect(errorsIn(peer.answers())).toMatchObject([{ code, action: "ClientReset", tryAgain: false, session: 1 }]);
      expect(bench.server.store.history.current).toBe(2);
    });

  refused("1: progress that goes back", 210, (peer) => peer.upload([], { progress: [4, 2], locked: 2 }));
  refused("2: a server version that was not sent", 209, (peer) => peer.upload([], { progress: [6, 3], locked: 2 }));
  refused("3: a server version at client version 0", 209, (peer) => {
    peer.unbind();
    const other = bench.peer("b");
    other.open();
    other.upload([], { progress: [0, 1], locked: 2 });
    other.answers().forEach((message) => peer.received.push(message));
  });
  refused("3: equal client versions with different server versions", 209, (peer) => peer.upload([], { progress: [5, 1], locked: 2 }));
  refused("3: versions that grow apart", 209, (peer) => peer.upload([], { progress: [6, 1], locked: 2 }));
  refused("4: a locked version that was not sent", 209, (peer) => peer.upload([], { progress: [6, 2], locked: 3 }));
  refused("4: a locked version that goes back", 209, (peer) => peer.upload([], { progress: [6, 2], locked: 1 }));
  refused("5: entries that do not grow", 210, (peer) =>
    peer.upload(
      [
        [7, 2, [create(2)]],
        [7, 2, [create(3)]],
      ],
      { locked: 2 },
    ),
  );
  refused("6: an entry whose base lies before the previous one's", 209, (peer) =>
    peer.upload(
      [
        [7, 2, [create(2)]],
        [8, 1, [create(3)]],
      ],
      { progress: [8, 2], locked: 2 },
    ),
  );
  refused("7: an entry beyond the progress", 210, (peer) => peer.upload([[9, 2, [create(2)]]], { progress: [8, 2], locked: 2 }));
  refused("8: a foreign author", 216, (peer) => peer.upload([[7, 2, [create(2)]]], { locked: 2, origin: 3 }));

  test("9: a truncated frame ends the connection with 103, a broken stream with 110, a bad entry with 111 and 112", () => {
    const frames: readonly (readonly [string, number])[] = [
      ["upload 1 0 9 0 9 2 2\n7 2 1", 103],
      ["upload 1 1 9 4 9 2 2\nabcd", 110],
      ["upload 1 0 4 0 9 2 2\n7 x ", 111],
      ["upload 1 0 15 0 9 2 2\n7 2 1000 0 99 ab", 103],
      ["upload 1 0 16 0 9 2 2\n7 2 1000 0 99 ab", 112],
    ];
    for (const [frame, code] of frames) {
      const peer = bench.peer(`p${code}${frame.length}`);
      peer.open();
      peer.raw(new TextEncoder().encode(frame));
      expect(errorsIn(peer.answers())).toMatchObject([{ code, session: 0 }]);
    }
  });
});

describe("[§5.2] what is integrated", () => {
  test("[UP1] changes that were integrated before are skipped", () => {
    const peer = running();
    peer.upload([[7, 2, [title(1, "once")]]], { locked: 2 });
    const { latest } = downloadsIn(peer.answers()).at(-1)!;
    peer.unbind();
    peer.bind(2, false);
    const file = bench.server.store.files.get(2)!;
    peer.ident(2, file.salt, { server: 2, client: 3, latest: 2, latestSalt: latest.salt, session: 2 });
    peer.answers();
    peer.upload(
      [
        [7, 2, [title(1, "once")]],
        [8, 2, [title(1, "twice")]],
      ],
      { locked: 2, session: 2 },
    );
    peer.answers();
    const versions = [...bench.server.store.history.entries(1, 4)].map((entry) => entry.clientVersion);
    expect(versions).toEqual([2, 3, 7, 8]);
  });

  test("[UP2] stored progress is never lowered: re-uploading in pieces brings no duplicates", () => {
    const peer = running();
    peer.upload(
      [
        [7, 2, [title(1, "a")]],
        [8, 2, [title(1, "b")]],
        [9, 2, [title(1, "c")]],
      ],
      { locked: 2 },
    );
    peer.answers();
    for (const session of [2, 3]) {
      peer.unbind(session - 1);
      peer.bind(session, false);
      peer.ident(2, bench.server.store.files.get(2)!.salt, {
        server: 2,
        client: 3,
        latestSalt: BigInt(bench.server.store.history.salt(2)!),
        session,
      });
      peer.upload([[7, 2, [title(1, "a")]]], { locked: 2, session });
      peer.answers();
      expect(bench.server.store.files.get(2)).toMatchObject({ clientVersion: 9, baseVersion: 2 });
    }
    expect(bench.server.store.history.current).toBe(5);
  });

  test("a transaction larger than is taken ends the session without a reset: the device keeps it", () => {
    const peer = running();
    peer.upload([[6, 2, new Uint8Array(33 * 1024 * 1024)]], { locked: 2 });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 201, action: "ApplicationBug", tryAgain: false, session: 1 }]);
    expect(bench.server.store.history.current).toBe(2);
  });

  test("[UP2] one bad change in an upload: nothing of it is stored, and the session ends with 212", () => {
    const peer = running();
    peer.upload(
      [
        [7, 2, [title(1, "good")]],
        [8, 2, [title(99, "no such object")]],
      ],
      { locked: 2 },
    );
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 212, action: "ClientReset" }]);
    expect(bench.server.store.history.current).toBe(2);
    expect(titleOf(1)).toMatchObject({ value: "" });
  });

  test("[BC1] one client's bad upload does not touch the others' in the same turn", () => {
    const peer = running();
    const other = bench.peer("b");
    other.open();
    peer.upload([[7, 2, new Uint8Array([1, 2, 3])]], { locked: 2 });
    other.upload([[2, 2, [title(1, "mine")]]], { locked: 2 });
    bench.turns();
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 212 }]);
    expect(typesOf(other.answers())).toEqual(["download"]);
    expect(titleOf(1)).toMatchObject({ value: "mine" });
  });

  test("[BC3] a file whose uploads are refused again is reset without recovery", () => {
    const peer = running();
    const bad = () => peer.upload([[7, 2, [title(99, "x")]]], { locked: 2, session });
    let session = 1;
    bad();
    expect(errorsIn(peer.answers())).toMatchObject([{ action: "ClientReset", isRecoveryModeDisabled: false }]);
    peer.unbind();
    session = 2;
    peer.bind(2, false);
    peer.ident(2, bench.server.store.files.get(2)!.salt, {
      server: 2,
      client: 3,
      latestSalt: BigInt(bench.server.store.history.salt(2)!),
      session,
    });
    bad();
    expect(errorsIn(peer.answers())).toMatchObject([{ action: "ClientResetNoRecovery", isRecoveryModeDisabled: true }]);
  });

  test("[UP3, P14] progress alone is answered by nothing, makes no version, and writes nothing", () => {
    const peer = running();
    bench.server.sql.counts.writes = 0;
    peer.upload([], { progress: [6, 2], locked: 2 });
    expect(peer.answers()).toEqual([]);
    expect(bench.server.store.history.current).toBe(2);
    expect(bench.server.sql.counts.writes).toBe(0);
  });

  test("[UP3] an upload cursor is told only once it is durable", () => {
    const peer = running();
    peer.upload([], { progress: [9, 2], locked: 2 });
    bench.turn();
    bench.server.crash();
    expect(bench.server.store.files.get(2)).toMatchObject({ clientVersion: 3 });
  });

  test("[UP4] timestamp, author and client version are recorded as uploaded", () => {
    const peer = running();
    peer.upload([[18, 2, [create(6)]]], { locked: 2, timestamp: 375_225_469_367 });
    peer.answers();
    expect(bench.server.store.history.entry(3)).toMatchObject({ origin: 2, clientVersion: 18, timestamp: 375_225_469_367 });
  });

  test("bytes that meet nothing are stored, and sent on, as they came", () => {
    const peer = running();
    const reader = bench.peer("b");
    reader.open();
    const bytes = encodeChangeset([title(1, "as it was"), add(1, 2)]);
    peer.upload([[7, 2, bytes]], { locked: 2 });
    expect(downloadsIn(reader.answers())[0]?.entries[0]?.changeset).toEqual(bytes);
  });

  test("[SC3] erasing classes or properties is refused with 225", () => {
    const peer = running();
    peer.upload([[7, 2, [{ kind: "EraseColumn", table: "Item", field: "title" }]]], { locked: 2 });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 225, action: "ApplicationBug" }]);
  });

  test("[SC2] a definition that contradicts the schema is refused with 225, concurrent or not", () => {
    const peer = running();
    const contradiction = schema.map((instruction) =>
      instruction.kind === "AddColumn" && instruction.field === "title" ? { ...instruction, type: "Int" as const } : instruction,
    );
    peer.upload([[7, 2, contradiction]], { locked: 2 });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 225 }]);
    const other = bench.peer("b");
    other.open();
    other.upload([[2, 0, contradiction]]);
    expect(errorsIn(other.answers())).toMatchObject([{ code: 225 }]);
  });

  test("[SC1] the schema that everybody brings merges away, but keeps its version", () => {
    running();
    const other = bench.peer("b");
    other.open();
    other.upload([[2, 0, schema]]);
    expect(downloadsIn(other.answers())).toMatchObject([
      { entries: [], upload: { clientVersion: 2 }, download: { serverVersion: 3, clientVersion: 2 } },
    ]);
    expect(bench.server.store.history.entry(3).changeset).toHaveLength(0);
  });
});

describe("[§5.3] merging", () => {
  test("[§6.3] the example of two clients: reciprocals, acknowledgements and what is dropped", () => {
    const a = running("a");
    a.upload([[7, 2, [insertTag(1, 0, 0, "first")]]], { locked: 2 });
    a.answers();
    const b = bench.peer("b");
    const file = b.open();
    a.upload([[9, 3, [insertTag(1, 1, 1, "by a")]]], { locked: 3 });
    b.upload([[4, 3, [insertTag(1, 0, 1, "by b")]]], { locked: 3 });
    bench.turns();
    expect(downloadsIn(b.answers())).toMatchObject([{ entries: [{ originFileIdent: 2 }], upload: { clientVersion: 4 } }]);
    expect(downloadsIn(a.answers())).toMatchObject([
      { entries: [{ originFileIdent: file.fileIdent }], download: { serverVersion: 5, clientVersion: 9 } },
    ]);
    const reciprocals = () => bench.server.sql.all("SELECT bucket FROM reciprocal WHERE file_ident = ?", file.fileIdent);
    expect(reciprocals()).toHaveLength(1);
    // Made before it read the others' change: merged with the reciprocal, whose list is one longer (MG3).
    b.upload([[6, 3, [insertTag(1, 2, 2, "b again")]]], { locked: 5 });
    expect(errorsIn(b.answers())).toEqual([]);
    const { tags } = Object.fromEntries(bench.server.store.objects.read("Item", { kind: "int", value: 1n, text: "i1" })!.fields);
    expect(tags).toMatchObject({ items: [{ value: "by b" }, { value: "first" }, { value: "by a" }, { value: "b again" }] });
  });

  test("[MG3] a reciprocal that became empty is not the same as none, also after a restart (trap 7)", () => {
    const a = running("a");
    const b = bench.peer("b");
    b.open();
    a.upload([[7, 2, [title(1, "of a")]]], { locked: 2 });
    a.answers();
    b.upload([[4, 2, [erase(1)]]], { locked: 2, timestamp: 5000 });
    b.answers();
    bench.server.hibernate();
    // Recreated after its own erase; the older title must not meet it.
    b.upload([[5, 2, [create(1), title(1, "")]]], { locked: 2, timestamp: 1 });
    expect(errorsIn(b.answers())).toEqual([]);
    expect(titleOf(1)).toMatchObject({ value: "" });
  });

  test("[trap 3] a change that merged to nothing keeps its version, and its author's client version goes on", () => {
    const a = running("a");
    const b = bench.peer("b");
    b.open();
    a.upload([[7, 2, [erase(1)]]], { locked: 2 });
    b.upload([[4, 2, [title(1, "too late")]]], { locked: 2 });
    bench.turns();
    expect(downloadsIn(b.answers())).toMatchObject([
      { entries: [{ serverVersion: 3, clientVersion: 0 }], download: { serverVersion: 4, clientVersion: 4 } },
    ]);
    // To others the empty one is no entry at all, but moves the cursor (DL3).
    expect(downloadsIn(a.answers())).toMatchObject([{ entries: [], download: { serverVersion: 4, clientVersion: 7 } }]);
  });

  test("[UP1, P2] a large upload is appended in parts: what is acknowledged is what is stored, and what is sent again is skipped", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { batchChanges: 3 } });
    const a = running("a");
    const entries = Array.from({ length: 8 }, (_, index): [number, number, Instruction[]] => [7 + index, 2, [title(1, `t${index}`)]]);
    a.upload(entries, { locked: 2 });
    expect(bench.turn().more).toBe(true);
    expect(bench.server.store.history.durable).toBe(5);
    expect(downloadsIn(a.received)).toMatchObject([{ upload: { clientVersion: 9, serverVersion: 2 } }]);
    const latestSalt = BigInt(bench.server.store.history.salt(2)!);
    bench.server.crash();
    const again = bench.peer("again", { userId: "a" });
    again.bind(1, false);
    again.ident(2, bench.server.store.files.get(2)!.salt, { server: 2, client: 3, latestSalt });
    again.answers();
    again.upload(entries, { locked: 2 });
    again.answers();
    const versions = [...bench.server.store.history.entries(1, bench.server.store.history.current)].map((entry) => entry.clientVersion);
    expect(versions).toEqual([2, 3, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  test("a long merge is spread over turns, and others do not wait for it", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { mergeUnits: 1, leastMergeUnits: 10 } });
    const a = running("a");
    const late = bench.peer("late");
    late.open();
    for (let index = 0; index < 40; index++) a.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2, timestamp: 2000 + index });
    a.answers();
    late.upload([[3, 2, [title(1, "offline")]]], { locked: 2, timestamp: 9000 });
    expect(bench.turn().more).toBe(true);
    late.received = [];
    a.upload([[60, 2, [create(5)]]], { locked: 2 });
    expect(bench.turn().more).toBe(true);
    expect(typesOf(a.received)).toContain("download");
    expect(bench.server.store.history.entry(bench.server.store.history.current).origin).toBe(2);
    late.answers();
    expect(titleOf(1)).toMatchObject({ value: "offline" });
    expect(bench.server.store.history.entry(bench.server.store.history.current).origin).toBe(3);
  });
});
