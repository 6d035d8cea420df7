import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { MemoryObjectStorage, ObjectState, stateToJson } from "../../../src/store/objects/index.ts";
import { schema } from "../../support/simulation/edits.ts";
import { create, title } from "./edits.ts";
import { Bench, downloadsIn, errorsIn, type Peer } from "./peer.ts";

let bench: Bench;
let writer: Peer;
/** Server version 101: five objects, each written twenty times over. */
beforeEach(() => {
  bench = new Bench({ storeLimits: { snapshotAboveBytes: 1000, snapshotPieceBytes: 80 }, sessionLimits: { downloadBytes: 1 } });
  writer = bench.peer("writer");
  writer.open();
  writer.upload([[2, 0, [...schema, ...[1, 2, 3, 4, 5].map(create)]]]);
  writer.answers();
  for (let index = 0; index < 100; index++) writer.upload([[3 + index, 1, [title(1 + (index % 5), `t${index}`)]]], { locked: 1 });
  writer.answers();
});
afterEach(() => bench.server.close());

const bound = (peer: Peer) => {
  peer.bind();
  const [allocated] = peer.answers();
  if (allocated?.type !== "ident") throw new Error("no IDENT");
  return allocated;
};

describe("[§11] a new client joining a long history", () => {
  test("[NB2] gets the state in a few pieces with growing versions that end at the newest, of the server, as old as can be (NB5)", () => {
    const { downloads } = bench.peer("new").open();
    const entries = downloads.flatMap((download) => download.entries);
    expect(entries.length).toBeLessThan(20);
    expect(entries.map((entry) => entry.serverVersion)).toEqual(entries.map((_, index) => 102 - entries.length + index));
    expect(entries.every((entry) => entry.originFileIdent === 1 && entry.clientVersion === 0 && entry.originTimestamp === 1)).toBe(true);
    expect(downloads.every((download) => download.latest.version === 101)).toBe(true);
    const state = new ObjectState(new MemoryObjectStorage(), { cacheBytes: 1_000_000 });
    for (const entry of entries) state.apply(decodeChangeset(entry.changeset));
    expect(stateToJson(state, "full")).toEqual(stateToJson(bench.server.store.objects, "full"));
  });

  test("[NB4] goes on with the same pieces after a lost connection, whatever changed meanwhile, and then with the history", () => {
    const first = bench.peer("new");
    const { fileIdent, salt } = bound(first);
    first.ident(fileIdent, salt);
    const all = downloadsIn(first.answers());
    const [half] = all.slice(Math.floor(all.length / 2));
    bench.server.crash();
    bench.server.sessions.writeAsServer({ instructions: [title(1, "changed meanwhile")] });
    const again = bench.peer("again", { userId: "new" });
    again.bind(1, false);
    const { download, latest } = half!;
    again.ident(fileIdent, salt, { server: download.serverVersion, latest: latest.version, latestSalt: latest.salt });
    const rest = downloadsIn(again.answers()).flatMap((message) => message.entries);
    const expected = all.flatMap((message) => message.entries).filter((entry) => entry.serverVersion > download.serverVersion);
    expect(rest.slice(0, -1)).toEqual(expected);
    expect(rest.at(-1)).toMatchObject({ serverVersion: 102 });
  });

  test("[NB3] what it wrote before its first download is merged with the pieces it was sent", () => {
    const peer = bench.peer("new");
    const { downloads } = peer.open();
    const { download } = downloads.at(-1)!;
    peer.upload([[2, 0, [...schema, create(3), title(3, "offline")]]], {
      progress: [5, download.serverVersion],
      locked: download.serverVersion,
    });
    expect(errorsIn(peer.answers())).toEqual([]);
    const { title: value } = Object.fromEntries(bench.server.store.objects.read("Item", { kind: "int", value: 3n, text: "i3" })!.fields);
    expect(value).toMatchObject({ value: "offline" });
    // Its base has passed the snapshot: from here on it is a client like any other.
    expect(bench.server.store.files.get(3)?.snapshotVersion).toBe(0);
  });

  test("one snapshot serves many new clients, and those who know the history never see it", () => {
    for (const id of ["a", "b", "c"]) bench.peer(id).open();
    expect(bench.server.sql.all("SELECT DISTINCT version FROM snapshot_piece")).toHaveLength(1);
    writer.mark(9);
    expect(downloadsIn(writer.answers())).toEqual([]);
  });
});

describe("what a change costs", () => {
  test("one row of history and one of the client file for everything of a turn; nothing for readers", () => {
    for (const id of ["a", "b", "c"]) bench.peer(id).open();
    bench.turns();
    bench.server.sql.counts.writes = 0;
    for (let index = 0; index < 10; index++) writer.upload([[200 + index, 101, [title(1, `u${index}`)]]], { locked: 101 });
    bench.turns();
    expect(bench.server.sql.counts.writes).toBe(2);
    for (const peer of bench.peers.values()) if (peer !== writer) peer.upload([], { progress: [9, 111], locked: 111 });
    bench.turns();
    expect(bench.server.sql.counts.writes).toBe(2);
  });
});
