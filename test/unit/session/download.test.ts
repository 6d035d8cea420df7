import { afterEach, describe, expect, test } from "vitest";
import { schema } from "../../support/simulation/edits.ts";
import { bytesOf, textOf } from "../../support/wire/wires.ts";
import { create, title } from "./edits.ts";
import { Bench, downloadsIn, errorsIn, typesOf, type Peer } from "./peer.ts";

let bench = new Bench();
afterEach(() => {
  bench.server.close();
  bench = new Bench();
});

function writer(id = "writer"): Peer {
  const peer = bench.peer(id);
  peer.open();
  peer.upload([
    [2, 0, schema],
    [3, 0, [create(1)]],
  ]);
  peer.answers();
  return peer;
}

describe("[§6] DOWNLOAD", () => {
  test("[DL1, P9] the head carries the cursor, the newest version with its salt, and the durable upload cursor", () => {
    const peer = writer();
    peer.upload([[7, 2, [title(1, "x")]]], { locked: 2, progress: [8, 2] });
    const [download] = downloadsIn(peer.answers());
    expect(download).toMatchObject({
      download: { serverVersion: 3, clientVersion: 7 },
      latest: { version: 3, salt: BigInt(bench.server.store.history.salt(3)!) },
      upload: { clientVersion: 8, serverVersion: 2 },
      downloadableBytes: 0,
    });
  });

  test("[NB6] an empty partition answers a new file with an empty DOWNLOAD and MARK", () => {
    const peer = bench.peer("a");
    const { downloads } = peer.open();
    expect(downloads).toMatchObject([{ entries: [], download: { serverVersion: 0, clientVersion: 0 }, latest: { version: 0, salt: 0n } }]);
  });

  test("a new file's first conversation, byte for byte (sync-protocol §17.1)", () => {
    const peer = bench.peer("a");
    const heard: string[] = [];
    const say = (frame: string): void => {
      peer.raw(bytesOf(frame));
      for (const item of bench.turn().outgoing) if (item.kind === "frame") heard.push(textOf(item.frame));
    };
    say('bind 1 6 0 1 0⏎"part"');
    const { salt } = bench.server.store.files.get(2)!;
    say(`ident 1 2 ${salt} 0 0 0 0⏎`);
    say("mark 1 2⏎");
    const changeset = "?\0\bTopLevel?\x01\x03_id?\x02\x04name\0\0\0\x01\x01\0\x06\0\x02\x03\x01\0";
    say(`upload 1 0 58 0 4 0 0⏎2 0 375225469296 0 36 ${changeset}`);
    const version = bench.server.store.history.salt(1);
    say("upload 1 0 0 0 6 1 1⏎");
    say("ping 81943112 15⏎");
    say("unbind 1⏎");
    expect(heard).toEqual([
      `ident 1 2 ${salt}⏎`,
      "download 1 0 0 0 0 0 0 0 0 0 0⏎",
      "mark 1 2⏎",
      `download 1 1 2 1 ${version} 4 0 0 0 0 0⏎`,
      "pong 81943112⏎",
      "unbound 1⏎",
    ]);
  });

  test("[DL2, DL6] a long history comes in several messages, each with at least one entry, and counts down the bytes to come", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { downloadBytes: 1 } });
    const peer = writer();
    for (let index = 0; index < 5; index++) peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
    peer.answers();
    const { downloads } = bench.peer("reader").open();
    expect(downloads).toHaveLength(7);
    expect(downloads.map((download) => download.entries.length)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    const remaining = downloads.map((download) => (download.mode === "partition" ? download.downloadableBytes : -1));
    expect(remaining.at(-1)).toBe(0);
    expect(remaining.every((bytes, index) => index === 0 || bytes < remaining[index - 1]!)).toBe(true);
  });

  test("a turn sends a bounded amount; readers that are left over get the rest in the next", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { downloadBytes: 1, turnBytes: 50 } });
    const peer = writer();
    for (let index = 0; index < 5; index++) peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
    bench.turns();
    const reader = bench.peer("reader");
    reader.bind();
    const [allocated] = reader.answers();
    if (allocated?.type !== "ident") throw new Error("no IDENT");
    reader.ident(allocated.fileIdent, allocated.salt);
    expect(bench.turn().more).toBe(true);
    expect(reader.received.length).toBeLessThan(7);
    expect(downloadsIn(reader.answers()).flatMap((download) => download.entries)).toHaveLength(7);
  });

  test("whoever is far behind stands in line: the news of others do not wait for all of it", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { downloadBytes: 1, turnBytes: 200 } });
    const peer = writer();
    for (let index = 0; index < 20; index++) peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
    bench.turns();
    const late = bench.peer("late");
    late.bind();
    const [allocated] = late.answers();
    if (allocated?.type !== "ident") throw new Error("no IDENT");
    late.ident(allocated.fileIdent, allocated.salt);
    expect(bench.turn().more).toBe(true);
    peer.received = [];
    peer.upload([[60, 2, [title(1, "news")]]], { locked: 2 });
    expect(bench.turn().more).toBe(true);
    // The first place in this turn is still the late one's; at the latest in the next the writer has its answer.
    expect(bench.turn().more).toBe(true);
    expect(downloadsIn(peer.received)).toMatchObject([{ upload: { clientVersion: 60 } }]);
    expect(downloadsIn(late.answers()).flatMap((download) => download.entries)).toHaveLength(23);
  });

  test("a client that stops reading is sent no more than may wait for it, and the rest when it acknowledges", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { downloadBytes: 1, unacknowledgedBytes: 1 } });
    const peer = writer();
    const reader = bench.peer("reader");
    reader.open();
    reader.upload([], { progress: [3, 2], locked: 2 });
    const heard: number[] = [];
    for (let index = 0; index < 10; index++) {
      peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 + index });
      peer.answers();
    }
    expect(reader.received).toHaveLength(1);
    for (let round = 0; round < 10; round++) {
      const downloads = downloadsIn(reader.answers());
      heard.push(...downloads.flatMap(({ entries }) => entries.map((entry) => entry.serverVersion)));
      const last = downloads.at(-1)?.download.serverVersion ?? heard.at(-1)!;
      reader.upload([], { progress: [4 + round, last], locked: last });
    }
    expect(heard).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("[S2] a newcomer is sent everything up to its MARK, since it acknowledges nothing before", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { downloadBytes: 1, unacknowledgedBytes: 1 } });
    const peer = writer();
    for (let index = 0; index < 5; index++) peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
    peer.answers();
    const newcomer = bench.peer("newcomer");
    expect(newcomer.open().downloads).toHaveLength(7);
    peer.upload([[20, 2, [title(1, "later")]]], { locked: 7 });
    peer.answers();
    expect(newcomer.received).toEqual([]);
    newcomer.mark(3);
    peer.upload([[21, 2, [title(1, "after the MARK")]]], { locked: 8 });
    expect(typesOf(newcomer.answers())).toEqual(["download", "mark"]);
  });

  test("[DL4, DL5] several uploads of one turn make one DOWNLOAD for every session, the uploader's without entries", () => {
    const peer = writer();
    const reader = bench.peer("reader");
    reader.open();
    for (let index = 0; index < 5; index++) peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
    expect(peer.answers()).toMatchObject([{ type: "download", entries: [], upload: { clientVersion: 11 } }]);
    const answers = reader.answers();
    expect(typesOf(answers)).toEqual(["download"]);
    expect(downloadsIn(answers)[0]?.entries).toHaveLength(5);
  });

  test("[§17, 8] no DOWNLOAD names the receiver or 0 as author; the server is 1", () => {
    const peer = writer();
    const reader = bench.peer("reader");
    const { fileIdent } = reader.open();
    reader.upload([[4, 2, [create(2)]]], { locked: 2 });
    bench.server.sessions.writeAsServer({ instructions: [create(3)] });
    const toReader = downloadsIn(reader.answers()).flatMap((download) => download.entries);
    const toWriter = downloadsIn(peer.answers()).flatMap((download) => download.entries);
    expect(toReader.map((entry) => entry.originFileIdent)).toEqual([1]);
    expect(toWriter.map((entry) => entry.originFileIdent).sort()).toEqual([1, fileIdent]);
  });

  test("[DL8] readers at the same place get the very same bytes, made once", () => {
    const peer = writer();
    const readers = ["r1", "r2", "r3"].map((id) => bench.peer(id));
    for (const reader of readers) reader.open();
    peer.upload([[7, 2, [title(1, "x".repeat(3000))]]], { locked: 2 });
    const { outgoing } = bench.turn();
    const frames = outgoing.flatMap((item) => (item.kind === "frame" && item.connection !== "writer" ? [item.frame] : []));
    expect(frames).toHaveLength(3);
    expect(new Set(frames).size).toBe(1);
    expect(frames[0]!.length).toBeLessThan(500);
  });

  test("[P11] entries carry the receiver's own client version integrated before them", () => {
    const peer = writer();
    const reader = bench.peer("reader");
    reader.open();
    reader.upload([[4, 2, [create(2)]]], { locked: 2 });
    peer.upload([[7, 2, [create(3)]]], { locked: 2 });
    bench.turns();
    expect(downloadsIn(reader.answers())[0]).toMatchObject({
      entries: [{ serverVersion: 4, clientVersion: 4 }],
      download: { serverVersion: 4, clientVersion: 4 },
    });
  });
});

describe("[§6.2] MARK", () => {
  test("[MK1] comes after the DOWNLOADs of what existed when it was asked", () => {
    const peer = writer();
    const reader = bench.peer("reader");
    reader.open();
    peer.upload([[7, 2, [title(1, "x")]]], { locked: 2 });
    bench.turn();
    reader.received = [];
    peer.upload([[8, 2, [title(1, "y")]]], { locked: 2 });
    reader.mark(5);
    expect(typesOf(reader.answers())).toEqual(["download", "mark"]);
  });

  test("[MK2] of several only the newest is answered", () => {
    const peer = writer();
    for (const request of [3, 4, 9]) peer.mark(request);
    expect(peer.answers()).toMatchObject([{ type: "mark", request: 9 }]);
  });

  test("[MK3] is answered although new changes keep coming", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { downloadBytes: 1, turnBytes: 1 } });
    const peer = writer();
    const reader = bench.peer("reader");
    reader.open();
    reader.mark(5);
    for (let index = 0; index < 20 && !typesOf(reader.received).includes("mark"); index++) {
      peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
      bench.turn();
    }
    expect(typesOf(reader.received)).toContain("mark");
    bench.turns();
  });

  test("[MK4] an upload under way is no reason to wait", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { mergeUnits: 1, leastMergeUnits: 1 } });
    const peer = writer();
    const late = bench.peer("late");
    late.open();
    for (let index = 0; index < 9; index++) peer.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
    peer.answers();
    late.answers();
    late.upload([[4, 2, [title(1, "late")]]], { locked: 2 });
    late.mark(5);
    expect(bench.turn().more).toBe(true);
    expect(typesOf(late.received)).toEqual(["mark"]);
    late.answers();
  });
});

describe("[§7] server-made changes", () => {
  test("[SV1, SV2] are entries like any other, with author 1, client version 0 and the time of now", () => {
    const peer = writer();
    expect(bench.server.sessions.writeAsServer({ instructions: [title(1, "by the server")] })).toEqual({ kind: "written", version: 3 });
    expect(downloadsIn(peer.answers())[0]?.entries).toMatchObject([
      { serverVersion: 3, originFileIdent: 1, originTimestamp: bench.server.now - 1_420_070_400_000 },
    ]);
  });

  test("[SV3] their timestamps never go back", () => {
    writer();
    bench.server.sessions.writeAsServer({ instructions: [create(5)] });
    bench.server.now -= 60_000;
    bench.server.sessions.writeAsServer({ instructions: [create(6)] });
    const { history } = bench.server.store;
    expect(history.entry(4).timestamp).toBeGreaterThanOrEqual(history.entry(3).timestamp);
  });

  test("[SV4] one that does not fit the state is refused, and nothing is stored", () => {
    writer();
    const { sessions } = bench.server;
    expect(sessions.writeAsServer({ instructions: [create(7), title(99, "nobody")] })).toMatchObject({ kind: "refused" });
    expect(sessions.writeAsServer({ instructions: [{ kind: "EraseTable", table: "Item" }] })).toMatchObject({ kind: "refused" });
    expect(bench.server.store.history.current).toBe(2);
    expect(bench.server.store.objects.count("Item")).toBe(1);
  });
});

describe("a client's error (§9.4)", () => {
  test("is logged with the versions it was sent, counted, and answered by 217; the second time without recovery", () => {
    const peer = writer();
    const { salt } = bench.server.store.files.get(2)!;
    peer.send({ type: "json_error", session: 1, code: 212, message: "Bad changeset received: unknown table" });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 217, action: "ClientReset", isRecoveryModeDisabled: false }]);
    expect(bench.server.logged).toContainEqual(expect.objectContaining({ level: "error" }));
    peer.unbind();
    bench.server.hibernate();
    peer.bind(2, false);
    peer.ident(2, salt, { server: 2, client: 3, latestSalt: BigInt(bench.server.store.history.salt(2)!), session: 2 });
    peer.answers();
    peer.send({ type: "json_error", session: 2, code: 233, message: "again" });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 217, action: "ClientResetNoRecovery" }]);
  });
});
