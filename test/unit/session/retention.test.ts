import { afterEach, expect, test } from "vitest";
import { defaultHistoryLimits } from "../../../src/store/history.ts";
import { schema } from "../../support/simulation/edits.ts";
import { create, title } from "./edits.ts";
import { Bench, errorsIn, typesOf } from "./peer.ts";

const day = 24 * 60 * 60 * 1000;
const bench = new Bench({
  retention: { expireAfterDays: 30 },
  storeLimits: { history: { ...defaultHistoryLimits, smallSegmentBytes: 0, segmentBytes: 1 } },
});
afterEach(() => bench.server.close());

test("[HX1, HX3, HX5] history is dropped once nobody needs it; who was away too long starts over; new clients get the state", () => {
  const writer = bench.peer("writer");
  writer.open();
  const away = bench.peer("away");
  const file = away.open();
  writer.upload([
    [2, 0, schema],
    [3, 0, [create(1)]],
  ]);
  bench.turns();
  // Merged with what it did not know, so that something is kept beside its record; then it goes away.
  away.upload([[2, 0, [...schema, create(1), title(1, "x")]]]);
  bench.turns();
  bench.server.disconnect("away");
  for (let index = 0; index < 5; index++) writer.upload([[5 + index, 3, [title(1, `t${index}`)]]], { locked: 3 });
  bench.turns();
  writer.upload([], { progress: [20, 8], locked: 8 });
  bench.turns();
  const { store, sessions } = bench.server;
  const kept = () => bench.server.sql.all("SELECT * FROM reciprocal WHERE file_ident = ?", file.fileIdent).length;
  expect(kept()).toBe(1);

  sessions.maintain();
  expect(store.history.base).toBe(0);
  expect(kept()).toBe(1);

  bench.server.now += 31 * day;
  sessions.maintain();
  expect(bench.server.logged).toContainEqual(expect.objectContaining({ level: "warn", message: expect.stringContaining("away too long") }));
  expect(store.history.base).toBe(8);
  expect(kept()).toBe(0);

  // The writer was connected all the time and goes on.
  writer.upload([[21, 8, [title(1, "still here")]]], { locked: 8 });
  expect(typesOf(writer.answers())).toContain("download");
  const back = bench.peer("back", { userId: "away" });
  back.bind(1, false);
  back.ident(file.fileIdent, file.salt);
  expect(errorsIn(back.answers())).toMatchObject([{ code: 222, action: "ClientReset" }]);
  const entries = bench
    .peer("new")
    .open()
    .downloads.flatMap((download) => download.entries);
  expect(entries.at(-1)?.serverVersion).toBe(9);
});
