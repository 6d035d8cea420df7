import { afterEach, describe, expect, test } from "vitest";
import { stateToJson } from "../../../src/store/objects/index.ts";
import type { AccessDecision } from "../../../src/session/ports.ts";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { schema } from "../../support/simulation/edits.ts";
import { create, erase, insertTag, title } from "./edits.ts";
import { Bench, downloadsIn, errorsIn, typesOf, type Peer } from "./peer.ts";

let bench = new Bench();
afterEach(() => {
  bench.server.close();
  bench = new Bench();
});

const readOnly = { mayRead: true, mayWrite: false, mayManage: false };
const all = { mayRead: true, mayWrite: true, mayManage: true };
const none = { mayRead: false, mayWrite: false, mayManage: false };

function writer(): Peer {
  const peer = bench.peer("writer");
  peer.open();
  peer.upload([
    [2, 0, schema],
    [3, 0, [create(1), title(1, "original"), insertTag(1, 0, 0, "tag")]],
  ]);
  peer.answers();
  return peer;
}

const decide = (userId: string, decision: AccessDecision): void =>
  bench.server.sessions.reauthorise((info) => (info.userId === userId ? decision : { kind: "keep" }));

describe("reading", () => {
  test("BIND without the right to read is refused with 206, and the device keeps its file", () => {
    const peer = bench.peer("a", { access: none });
    peer.bind();
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 206, action: "ApplicationBug", tryAgain: false, session: 1 }]);
    expect(bench.server.store.files.allocated).toBe(0);
  });

  test("builds that decide by the number, and would delete their file, are told 204", () => {
    const peer = bench.peer("old", { access: none }, 5);
    peer.bind();
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 204 }]);
  });

  test("losing it ends open sessions at once; what was on its way is not integrated", () => {
    const peer = writer();
    const other = bench.peer("other");
    other.open();
    decide("writer", { kind: "access", access: none });
    peer.upload([[7, 2, [title(1, "too late")]]], { locked: 2 });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 206, action: "ApplicationBug", session: 1 }]);
    expect(bench.server.store.history.current).toBe(2);
    other.mark(6);
    expect(typesOf(other.answers())).toEqual(["mark"]);
  });

  test("a user who may not be here any more loses the connection", () => {
    const peer = writer();
    decide("writer", { kind: "close", code: 4002, reason: "locked" });
    bench.turns();
    expect(peer.closed).toBe(4002);
    expect(peer.received).toEqual([]);
    peer.mark();
    expect(peer.answers()).toEqual([]);
  });

  test("a BIND that names another partition is refused with 204; the connection lives (SS4)", () => {
    bench.server.close();
    bench = new Bench({ partitionKey: "s:part" });
    const peer = bench.peer("a");
    peer.bind(1, true, "elsewhere");
    peer.bind(2, true, "part");
    expect(peer.answers()).toMatchObject([
      { type: "json_error", code: 204, session: 1 },
      { type: "ident", session: 2 },
    ]);
  });

  test("a flexible client is told that this is a partition (114)", () => {
    const peer = bench.peer("a", { mode: "flexible" });
    peer.send({ type: "bind", mode: "flexible", session: 1, needIdent: true });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 114, session: 0, action: "ApplicationBug" }]);
  });
});

describe("writing", () => {
  /** A reader without the right to write, up to date, whose file continues with client version 10. */
  function reader(version: 4 | 14 = 14): Peer {
    const peer = bench.peer("reader", { access: readOnly }, version);
    peer.open();
    return peer;
  }

  test("the schema that every client uploads is no write", () => {
    writer();
    const peer = reader();
    peer.upload([[2, 0, schema]]);
    expect(typesOf(peer.answers())).toEqual(["download"]);
  });

  test("[E4, E6, FX12] a refused change: 231, then the DOWNLOAD with the entry that restores its objects, at the author only", () => {
    const other = writer();
    const peer = reader();
    const before = stateToJson(bench.server.store.objects, "brief");
    peer.upload([[10, 2, [title(1, "mine"), create(8), title(8, "new")]]], { locked: 2 });
    const answers = peer.answers();
    expect(typesOf(answers)).toEqual(["json_error", "download"]);
    expect(errorsIn(answers)).toMatchObject([
      {
        code: 231,
        action: "Warning",
        tryAgain: true,
        rejected: {
          serverVersion: 4,
          clientVersion: 10,
          updates: [
            { table: "Item", key: new Uint8Array([1, 1]), reason: 'write to 1 in table "Item" not allowed' },
            { table: "Item", key: new Uint8Array([1, 8]) },
          ],
        },
      },
    ]);
    const [download] = downloadsIn(answers);
    expect(download).toMatchObject({ download: { serverVersion: 4, clientVersion: 10 }, upload: { clientVersion: 10 } });
    expect(download?.entries).toMatchObject([{ serverVersion: 4, clientVersion: 10, originFileIdent: 1 }]);
    const restoring = decodeChangeset(download!.entries[0]!.changeset);
    expect(restoring[0]).toEqual(erase(1));
    expect(restoring).toContainEqual(title(1, "original"));
    expect(restoring).toContainEqual(insertTag(1, 0, 0, "tag"));
    expect(restoring.at(-1)).toEqual(erase(8));
    expect(stateToJson(bench.server.store.objects, "brief")).toEqual(before);
    expect(downloadsIn(other.answers())).toMatchObject([{ entries: [], download: { serverVersion: 4 } }]);
  });

  test("[E7, FX13] the notice and its entry are repeated after a reconnect until the cursor has passed them, never afterwards", () => {
    writer();
    const peer = reader();
    const file = bench.server.store.files.get(3)!;
    peer.upload([[10, 2, [title(1, "mine")]]], { locked: 2 });
    const { latest } = downloadsIn(peer.answers()).at(-1)!;
    bench.server.crash();
    const again = bench.peer("again", { userId: "reader", access: readOnly });
    again.bind(1, false);
    again.ident(3, file.salt, { server: 2, client: 0, latest: 4, latestSalt: latest.salt });
    const repeated = again.answers();
    expect(typesOf(repeated)).toEqual(["json_error", "download"]);
    expect(downloadsIn(repeated)[0]?.entries).toHaveLength(1);
    bench.server.crash();
    const past = bench.peer("past", { userId: "reader", access: readOnly });
    past.bind(1, false);
    past.ident(3, file.salt, { server: 4, client: 10, latest: 4, latestSalt: latest.salt });
    expect(typesOf(past.answers())).toEqual(["download"]);
    past.upload([], { progress: [12, 4], locked: 4 });
    past.unbind();
    past.answers();
    expect(bench.server.sql.all("SELECT version FROM correction")).toEqual([]);
    past.bind(2, false);
    past.ident(3, file.salt, { server: 4, client: 10, latest: 4, latestSalt: latest.salt, session: 2 });
    past.upload([[13, 4, [create(9)]]], { locked: 4, session: 2 });
    past.answers();
    expect(bench.server.sql.all<{ version: number }>("SELECT version FROM correction").map(({ version }) => version)).toEqual([6]);
  });

  test("the right regained works again; a change made before the correction arrived is dropped on its objects, and reported", () => {
    writer();
    const peer = reader();
    peer.upload([[10, 2, [title(1, "refused")]]], { locked: 2 });
    peer.answers();
    decide("reader", { kind: "access", access: all });
    peer.upload([[11, 2, [title(1, "without knowledge"), create(5)]]], { locked: 4 });
    const answers = peer.answers();
    expect(errorsIn(answers)).toMatchObject([
      { code: 231, rejected: { serverVersion: 6, clientVersion: 11, updates: [{ key: new Uint8Array([1, 1]) }] } },
    ]);
    expect(bench.server.store.objects.count("Item")).toBe(2);
    peer.upload([[13, 6, [title(1, "allowed")]]], { locked: 6 });
    expect(errorsIn(peer.answers())).toEqual([]);
    const { title: value } = Object.fromEntries(bench.server.store.objects.read("Item", { kind: "int", value: 1n, text: "i1" })!.fields);
    expect(value).toMatchObject({ value: "allowed" });
  });

  test("losing the right refuses later uploads and leaves reading alone", () => {
    const peer = writer();
    decide("writer", { kind: "access", access: readOnly });
    peer.upload([[7, 2, [title(1, "no more")]]], { locked: 2 });
    peer.mark(8);
    expect(typesOf(peer.answers())).toEqual(["json_error", "download", "mark"]);
  });

  test("an upload whose merge is under way is judged by the rights of now", () => {
    bench.server.close();
    bench = new Bench({ sessionLimits: { mergeUnits: 1, leastMergeUnits: 3 } });
    const other = writer();
    const peer = bench.peer("reader");
    peer.open();
    for (let index = 0; index < 20; index++) other.upload([[7 + index, 2, [title(1, `t${index}`)]]], { locked: 2 });
    other.answers();
    peer.answers();
    peer.upload([[10, 2, [title(1, "mine")]]], { locked: 2, timestamp: 90_000 });
    expect(bench.turn().more).toBe(true);
    decide("reader", { kind: "access", access: readOnly });
    expect(errorsIn(peer.answers())).toMatchObject([{ code: 231 }]);
    const { title: value } = Object.fromEntries(bench.server.store.objects.read("Item", { kind: "int", value: 1n, text: "i1" })!.fields);
    expect(value).toMatchObject({ value: "t19" });
  });

  test("[§12.6] builds that do not know 231 get 230 and a client reset without recovery; nothing is stored", () => {
    writer();
    const peer = reader(4);
    peer.upload([[10, 2, [title(1, "mine")]]], { locked: 2 });
    expect(errorsIn(peer.answers())).toMatchObject([
      { code: 230, action: "ClientResetNoRecovery", isRecoveryModeDisabled: true, tryAgain: false },
    ]);
    expect(bench.server.store.history.current).toBe(2);
  });
});
