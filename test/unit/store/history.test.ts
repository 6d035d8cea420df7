import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultHistoryLimits, History, type HistoryLimits, type NewEntry } from "../../../src/store/history.ts";
import { migrate, newestSchema, readMeta, writeMeta } from "../../../src/store/migrations.ts";
import { NodeSql } from "../../support/node-sql.ts";

let sql: NodeSql;
beforeEach(() => {
  sql = new NodeSql();
  migrate(sql);
});
afterEach(() => sql.close());

const entry = (origin: number, clientVersion: number, size = 10, more: Partial<NewEntry> = {}): NewEntry => ({
  origin,
  clientVersion,
  timestamp: 1000 + clientVersion,
  changeset: new Uint8Array(size).fill(clientVersion % 256),
  footprint: new Uint8Array([0]),
  instructions: undefined,
  ...more,
});

const open = (salt = 7, limits: Partial<HistoryLimits> = {}): History => new History(sql, salt, { ...defaultHistoryLimits, ...limits });

function append(history: History, count: number, size = 10): void {
  for (let index = 0; index < count; index++) history.append(entry(2, history.current + 1, size));
  sql.transaction(() => history.flush());
}

const rows = (): number => sql.all<{ n: number }>("SELECT count(*) AS n FROM history_segment")[0]!.n;

describe("the history", () => {
  test("what was flushed is there after a restart, entry by entry", () => {
    const history = open();
    history.append(entry(2, 5, 20, { footprint: new Uint8Array([1, 2, 3, 4, 5]) }));
    history.append(entry(0, 0, 0));
    history.append(entry(3, 2 ** 53 - 1, 30, { timestamp: 375_225_469_296 }));
    sql.transaction(() => history.flush());
    const again = open(8);
    expect(again.current).toBe(3);
    expect(again.totalSize).toBe(50);
    expect([...again.entries(1, 3)]).toEqual([...history.entries(1, 3)]);
  });

  test("what was not flushed is gone after a restart", () => {
    const history = open();
    append(history, 2);
    history.append(entry(2, 9));
    expect(history.current).toBe(3);
    expect(history.durable).toBe(2);
    expect(open().current).toBe(2);
  });

  test("entries of one turn are one row, and small turns lengthen it instead of adding rows", () => {
    const history = open();
    for (let turn = 0; turn < 20; turn++) append(history, 5);
    expect(rows()).toBe(1);
    append(history, 1, 100_000);
    append(history, 1);
    expect(rows()).toBe(3);
    expect(open().sizeUpTo(100)).toBe(1000);
  });

  test("a changeset larger than a row is split, and read back whole", () => {
    const history = open();
    append(history, 1, 5_000_000);
    expect(rows()).toBe(3);
    append(history, 1);
    const again = open();
    expect(Buffer.compare(again.entry(1).changeset, history.entry(1).changeset)).toBe(0);
    expect(again.entry(2).changeset).toHaveLength(10);
  });

  test("[IN5] versions of another run have another salt, and keep it", () => {
    append(open(7), 2);
    append(open(8), 1);
    const history = open(9);
    expect([0, 1, 2, 3].map((version) => history.salt(version))).toEqual([0, 7, 7, 8]);
    expect(history.salt(4)).toBeUndefined();
  });

  test("little of a long history is in memory, and any entry is found", () => {
    const limits = { tailBytes: 3000, readCacheBytes: 2000, smallSegmentBytes: 300, segmentBytes: 300 };
    const history = open(7, limits);
    for (let turn = 0; turn < 50; turn++) append(history, 7);
    for (const version of [1, 175, 349, 350]) expect(history.entry(version).clientVersion).toBe(version);
    for (const version of [0, 1, 100, 350]) expect(history.sizeUpTo(version)).toBe(version * 10);
    expect([...history.entries(1, 350)]).toHaveLength(350);
    expect(() => history.entry(351)).toThrow(RangeError);
  });

  test("what comes after an author's own streak is known without a scan", () => {
    const history = open();
    append(history, 3);
    history.append(entry(3, 1));
    history.append(entry(3, 2));
    expect(history.lastForeignTo(3)).toBe(3);
    expect(history.lastForeignTo(2)).toBe(5);
  });

  test("[HX3] dropping keeps whole segments above, the base's salt, and sizes from the beginning", () => {
    const limits = { smallSegmentBytes: 0, segmentBytes: 50 };
    append(open(7, limits), 10);
    const history = open(8, limits);
    append(history, 10);
    expect(sql.transaction(() => history.dropUpTo(12))).toBe(10);
    const again = open(9, limits);
    expect([again.base, again.current]).toEqual([10, 20]);
    expect([again.salt(9), again.salt(10), again.salt(11)]).toEqual([undefined, 7, 8]);
    expect(again.sizeUpTo(10)).toBe(100);
    expect(again.sizeUpTo(3)).toBe(100);
    expect(() => again.entry(10)).toThrow(RangeError);
    append(again, 1);
    expect(open().totalSize).toBe(210);
  });

  test("a history that was dropped entirely goes on where it ended", () => {
    const limits = { smallSegmentBytes: 0, segmentBytes: 50 };
    const history = open(7, limits);
    append(history, 5);
    sql.transaction(() => history.dropUpTo(5));
    const again = open(8, limits);
    expect([again.base, again.current, again.salt(5)]).toEqual([5, 5, 7]);
    append(again, 1);
    expect(open(9).entry(6).clientVersion).toBe(6);
  });
});

describe("the partition's schema", () => {
  test("migrating again changes nothing", () => {
    append(open(), 3);
    migrate(sql);
    expect(readMeta(sql, "schema")).toBe(newestSchema);
    expect(open().current).toBe(3);
  });

  test("tables written by newer code are left alone", () => {
    writeMeta(sql, "schema", newestSchema + 1);
    expect(() => migrate(sql)).toThrow(/newer code/);
  });
});
