import { describe, expect, test } from "vitest";
import { leaseLife, Meter } from "../../../src/accounts/limits/meter.ts";
import { realmLimits, type RealmLimits } from "../../../src/accounts/settings.ts";
import { NodeSql } from "../../support/node-sql.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const midnight = Date.UTC(2026, 10, 22);

const limitsOf = (given: Partial<RealmLimits>): RealmLimits => realmLimits.parse(given);

const open = () => {
  const clock = { now: midnight };
  const sql = new NodeSql();
  return { clock, meter: new Meter(sql, () => clock.now), reopen: () => new Meter(sql, () => clock.now) };
};

const allowed = { over: false };

describe("requests", () => {
  test("those beyond the limit are refused until the clock's next minute, and do not count", () => {
    const { clock, meter } = open();
    const limits = limitsOf({ requestsPerMinute: 2 });
    clock.now += 20_000;
    expect([meter.request(limits, "u"), meter.request(limits, undefined)]).toEqual([allowed, allowed]);
    const refused = { over: true, limit: "requestsPerMinute", retryAfterSeconds: 40 };
    expect([meter.request(limits, "u"), meter.request(limits, "v")]).toEqual([refused, refused]);
    expect(meter.figures(limits, 0)).toContainEqual({ limit: "requestsPerMinute", allowed: 2, used: 2, userId: null });
    clock.now += 40_000;
    expect(meter.request(limits, "u")).toEqual(allowed);
  });

  test("one user's limit does not touch the others", () => {
    const { meter } = open();
    const limits = limitsOf({ requestsPerMinutePerUser: 1 });
    expect([meter.request(limits, "u"), meter.request(limits, "v")]).toEqual([allowed, allowed]);
    expect(meter.request(limits, "u")).toMatchObject({ over: true, limit: "requestsPerMinutePerUser" });
    expect(meter.request(limits, undefined)).toEqual(allowed);
  });
});

describe("connections", () => {
  test("a connection that ends makes room for another", () => {
    const { meter } = open();
    const limits = limitsOf({ connections: 2, connectionsPerUser: 1 });
    expect(meter.connect(limits, "a", "u")).toEqual(allowed);
    expect(meter.connect(limits, "b", "u")).toMatchObject({ over: true, limit: "connectionsPerUser" });
    expect(meter.connect(limits, "c", "v")).toEqual(allowed);
    expect(meter.connect(limits, "d", "w")).toMatchObject({ over: true, limit: "connections" });
    expect(meter.figures(limits, 0)).toContainEqual({ limit: "connectionsPerUser", allowed: 1, used: 1, userId: "u" });
    meter.disconnect("a");
    expect(meter.connect(limits, "d", "u")).toEqual(allowed);
  });

  test("one whose end nobody told of is forgotten when it is not renewed", () => {
    const { clock, meter } = open();
    const limits = limitsOf({ connections: 2 });
    meter.connect(limits, "lost", "u");
    meter.connect(limits, "kept", "u");
    clock.now += leaseLife - 1;
    meter.renew("kept", "u");
    expect(meter.connect(limits, "new", "u")).toMatchObject({ over: true });
    clock.now += 1;
    expect(meter.connect(limits, "new", "u")).toEqual(allowed);
  });
});

describe("traffic", () => {
  const report = (userId: string, uploaded: number, downloaded: number) => [{ userId, uploaded, downloaded }];

  test("a user who is over comes back with the next UTC day", () => {
    const { clock, meter } = open();
    const limits = limitsOf({ uploadedBytesPerDayPerUser: 100 });
    clock.now += day - minute;
    meter.traffic("s:p", 1, report("u", 100, 0));
    expect(meter.overTraffic(limits, "u")).toEqual(allowed);
    meter.traffic("s:p", 1, report("u", 1, 0));
    expect(meter.overTraffic(limits, "u")).toEqual({ over: true, limit: "uploadedBytesPerDayPerUser", retryAfterSeconds: 60 });
    expect(meter.overTraffic(limits, "v")).toEqual(allowed);
    expect(meter.connect(limits, "c", "u")).toMatchObject({ over: true });
    clock.now += minute;
    expect(meter.overTraffic(limits, "u")).toEqual(allowed);
  });

  test("the realm's own limits concern everybody", () => {
    const { meter } = open();
    meter.traffic("s:p", 1, report("u", 60, 10));
    meter.traffic("s:q", 1, report("v", 60, 10));
    expect(meter.overTraffic(limitsOf({ uploadedBytesPerDay: 119 }), "w")).toMatchObject({ over: true, limit: "uploadedBytesPerDay" });
    expect(meter.overTraffic(limitsOf({ uploadedBytesPerDay: 120 }), "w")).toEqual(allowed);
    expect(meter.overTraffic(limitsOf({ downloadedBytesPerDay: 19 }), "w")).toMatchObject({ over: true, limit: "downloadedBytesPerDay" });
  });

  test("what is stored is the sum of what each partition last said", () => {
    const { meter } = open();
    const mebibyte = 1024 * 1024;
    meter.traffic("s:p", mebibyte, []);
    meter.traffic("s:q", 2 * mebibyte, []);
    meter.traffic("s:p", 3 * mebibyte, []);
    expect(meter.figures(limitsOf({}), 0)).toContainEqual({ limit: "storedBytes", allowed: null, used: 5 * mebibyte, userId: null });
    expect(meter.overTraffic(limitsOf({ storedBytes: 4 * mebibyte }), "u")).toMatchObject({ over: true, limit: "storedBytes" });
  });

  test("what was written survives a restart, and nothing of an earlier day counts", () => {
    const { clock, meter, reopen } = open();
    const limits = limitsOf({ uploadedBytesPerDay: 10 });
    meter.traffic("s:p", 70_000, report("u", 11, 0));
    meter.flush();
    const again = reopen();
    expect(again.overTraffic(limits, "u")).toMatchObject({ over: true });
    expect(again.figures(limits, 0)).toContainEqual({ limit: "storedBytes", allowed: null, used: 70_000, userId: null });
    clock.now += day;
    expect(reopen().overTraffic(limits, "u")).toEqual(allowed);
  });
});

test("traffic is remembered by the day, today first", () => {
  const { clock, meter } = open();
  meter.traffic("s:p", 1, [{ userId: "u", uploaded: 1, downloaded: 2 }]);
  clock.now += day;
  meter.traffic("s:p", 1, [{ userId: "u", uploaded: 3, downloaded: 4 }]);
  expect(meter.days()).toEqual([
    { day: "2026-11-23", uploaded: 3, downloaded: 4 },
    { day: "2026-11-22", uploaded: 1, downloaded: 2 },
  ]);
  clock.now += 40 * day;
  expect(meter.days()).toEqual([]);
});

test("every limit has a figure", () => {
  const { meter } = open();
  const limits = limitsOf({ partitions: 7 });
  const figures = meter.figures(limits, 3);
  expect(figures.map(({ limit }) => limit).sort()).toEqual(Object.keys(limits).sort());
  expect(figures).toContainEqual({ limit: "partitions", allowed: 7, used: 3, userId: null });
});
