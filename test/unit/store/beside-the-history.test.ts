import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import type { ClientFile } from "../../../src/store/client-files.ts";
import { ClientFiles } from "../../../src/store/client-files.ts";
import { Corrections } from "../../../src/store/corrections.ts";
import { migrate } from "../../../src/store/migrations.ts";
import { Reciprocals, type ChangesetCodec } from "../../../src/store/reciprocals.ts";
import { planRetention } from "../../../src/store/retention.ts";
import { Snapshots } from "../../../src/store/snapshots.ts";
import { getSplit, putSplit } from "../../../src/store/split-values.ts";
import { NodeSql } from "../../support/node-sql.ts";
import { create, title } from "../session/edits.ts";

let sql: NodeSql;
beforeEach(() => {
  sql = new NodeSql();
  migrate(sql);
});
afterEach(() => sql.close());

const codec: ChangesetCodec = {
  encode: encodeChangeset,
  decode: (bytes) => (bytes.length === 0 ? [] : decodeChangeset(bytes)),
};
const rowsOf = (table: string): number => sql.all<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n;

describe("reciprocal history", () => {
  test("[§1.3] one that became empty is not the same as none, also after a restart", () => {
    const reciprocals = new Reciprocals(sql, codec, 5);
    reciprocals.set(7, new Uint8Array());
    reciprocals.set(8, encodeChangeset([create(1)]));
    reciprocals.flush();
    const again = new Reciprocals(sql, codec, 5);
    expect([again.get(6), again.get(7), again.get(8)]).toEqual([undefined, [], [create(1)]]);
  });

  test("many versions share a row, and another file's are not touched", () => {
    const reciprocals = new Reciprocals(sql, codec, 5);
    for (let version = 1; version <= 900; version++) reciprocals.set(version, encodeChangeset([title(1, `t${version}`)]));
    reciprocals.flush();
    expect(rowsOf("reciprocal")).toBe(4);
    expect(new Reciprocals(sql, codec, 6).size).toBe(0);
  });

  test("[MG3] they stay until the client's base has passed them", () => {
    const reciprocals = new Reciprocals(sql, codec, 5);
    for (let version = 1; version <= 900; version++) reciprocals.set(version, new Uint8Array());
    reciprocals.flush();
    reciprocals.trim(600);
    reciprocals.flush();
    expect(reciprocals.get(600)).toBeUndefined();
    expect(new Reciprocals(sql, codec, 5).get(601)).toEqual([]);
    expect(rowsOf("reciprocal")).toBe(2);
    reciprocals.trim(900);
    reciprocals.flush();
    expect(reciprocals.size).toBe(0);
    expect(rowsOf("reciprocal")).toBeLessThanOrEqual(1);
  });
});

describe("corrections", () => {
  test("[FX13] are kept, in order, until the base has passed them", () => {
    const object = { table: "Item", keyText: "i1", keyBase64: "AQE=", reason: "not allowed" };
    const corrections = new Corrections(sql, 5);
    corrections.add({ version: 4, rejectedClientVersion: 9, changeset: encodeChangeset([create(1)]), objects: [object] });
    corrections.add({ version: 6, rejectedClientVersion: 11, changeset: new Uint8Array(), objects: [] });
    corrections.flush();
    const again = new Corrections(sql, 5);
    expect(again.above(0)).toEqual(corrections.above(0));
    expect(again.above(4).map(({ version }) => version)).toEqual([6]);
    again.trim(4);
    again.flush();
    expect(new Corrections(sql, 5).above(0).map(({ version }) => version)).toEqual([6]);
  });
});

describe("client files", () => {
  const now = Date.UTC(2026, 0, 1);

  test("[HX6] an ident is never used again, and what was flushed is there after a restart", () => {
    const files = new ClientFiles(sql);
    const file = files.allocate(77, "user", "partition", now);
    file.clientVersion = 9;
    expect(files.flush()).toEqual([2]);
    const again = new ClientFiles(sql);
    expect(again.get(2)).toEqual(file);
    expect(again.allocate(78, "user", "partition", now).ident).toBe(3);
  });

  test("[UP3] progress alone is postponed, and what is durable is known apart from it", () => {
    const files = new ClientFiles(sql);
    const file = files.allocate(77, "user", "partition", now);
    files.flush();
    file.clientVersion = 5;
    files.progressed(file);
    expect(files.flush()).toEqual([]);
    expect(files.durableProgress(file)).toEqual({ clientVersion: 0, serverVersion: 0 });
    files.settle(file);
    expect(files.flush()).toEqual([2]);
    expect(files.durableProgress(file)).toEqual({ clientVersion: 5, serverVersion: 0 });
  });

  test("use is noted once a day", () => {
    const files = new ClientFiles(sql);
    const file = files.allocate(77, "user", "partition", now);
    files.flush();
    files.seen(file, now + 3_600_000);
    expect(files.hasDue).toBe(false);
    files.seen(file, now + 25 * 3_600_000);
    expect(files.hasDue).toBe(true);
  });
});

describe("[§8] retention", () => {
  const day = 24 * 60 * 60 * 1000;
  const file = (ident: number, more: Partial<ClientFile>): ClientFile => ({
    ident,
    salt: 1,
    owner: "user",
    mode: "partition",
    clientVersion: 1,
    baseVersion: 0,
    lockedVersion: 0,
    snapshotVersion: 0,
    badReports: 0,
    lastSeen: 100 * day,
    expired: false,
    ...more,
  });
  const plan = (files: readonly ClientFile[], readFrom = 50) =>
    planRetention({ files, now: 100 * day, currentVersion: 50, readFrom }, { expireAfterDays: 30 });

  test("[HX1] keeps what any living file reads from its cursor or merges from its base", () => {
    expect(plan([file(2, { baseVersion: 20, lockedVersion: 40 }), file(3, { baseVersion: 30, lockedVersion: 30 })]).dropUpTo).toBe(20);
    expect(plan([file(2, { baseVersion: 20, lockedVersion: 10 })]).dropUpTo).toBe(10);
  });

  test("[HX3] says which files it would reset, and does not wait for them", () => {
    expect(plan([file(2, { lastSeen: 60 * day }), file(3, { baseVersion: 30, lockedVersion: 30 })])).toMatchObject({
      expire: [2],
      dropUpTo: 30,
    });
  });

  test("without a policy nobody is ever reset", () => {
    const facts = { files: [file(2, { lastSeen: 0 })], now: 1000 * day, currentVersion: 50, readFrom: 50 };
    expect(planRetention(facts, { expireAfterDays: undefined })).toMatchObject({ expire: [], dropUpTo: 0 });
  });

  test("[NB3] a file that began with a snapshot needs what follows it, and the snapshot", () => {
    const { dropUpTo, snapshotsInUse } = plan([file(2, { snapshotVersion: 35, baseVersion: 0, lockedVersion: 33 })]);
    expect([dropUpTo, ...snapshotsInUse]).toEqual([35, 35]);
  });

  test("idents that were given out and never used do not hold the history for long", () => {
    expect(plan([file(2, { clientVersion: 0, lastSeen: 99 * day })]).dropUpTo).toBe(0);
    expect(plan([file(2, { clientVersion: 0, lastSeen: 97 * day })]).dropUpTo).toBe(50);
  });

  test("open sessions and backups hold it as well", () => {
    expect(plan([], 17).dropUpTo).toBe(17);
  });
});

describe("values larger than a row", () => {
  test("are split, replaced without remains, and read back whole", () => {
    const table = { name: "snapshot_piece", keys: ["version", "piece"] };
    const large = Uint8Array.from({ length: 2500 }, (_, index) => index % 251);
    putSplit(sql, table, [1, 0], large, 1000);
    expect(rowsOf("snapshot_piece")).toBe(3);
    expect(getSplit(sql, table, [1, 0])).toEqual(large);
    putSplit(sql, table, [1, 0], large.subarray(0, 1500), 1000);
    expect(getSplit(sql, table, [1, 0])).toEqual(large.subarray(0, 1500));
    expect(getSplit(sql, table, [1, 1])).toBeUndefined();
  });

  test("[NB2] a snapshot's pieces take the versions that end at its own, so there may not be more of them", () => {
    const snapshots = new Snapshots(sql);
    const pieces = [new Uint8Array([1]), new Uint8Array([2]), new Uint8Array([3])];
    const snapshot = snapshots.add(10, pieces);
    expect([8, 9, 10].map((version) => snapshots.piece(snapshot, version)[0])).toEqual([1, 2, 3]);
    expect(new Snapshots(sql).get(10)).toEqual({ version: 10, pieces: 3, size: 3 });
    expect(() => snapshots.add(2, pieces)).toThrow(RangeError);
  });
});
