import { afterEach, describe, expect, test } from "vitest";
import { schema } from "../../support/simulation/edits.ts";
import { create, title } from "./edits.ts";
import { Bench, downloadsIn, type Peer } from "./peer.ts";

let bench = new Bench();
afterEach(() => {
  bench.server.close();
  bench = new Bench();
});

const writer = (): Peer => {
  const peer = bench.peer("writer");
  peer.open();
  peer.upload([
    [2, 0, schema],
    [3, 0, [create(1)]],
  ]);
  peer.answers();
  return peer;
};

/** Statements that a turn runs. */
const costOf = (work: () => void): { readonly reads: number; readonly writes: number } => {
  const { counts } = bench.server.sql;
  const before = { ...counts };
  work();
  return { reads: counts.reads - before.reads, writes: counts.writes - before.writes };
};

describe("what a turn costs in rows", () => {
  // A row of history and the author's record.
  const twoRows = { reads: 0, writes: 2 };

  test("one change: two rows, and nothing is read", () => {
    const peer = writer();
    peer.upload([[7, 2, [title(1, "one")]]], { locked: 2 });
    expect(costOf(() => bench.turn())).toEqual(twoRows);
  });

  test("two hundred changes in ten messages: the same two", () => {
    const peer = writer();
    for (let message = 0; message < 10; message++) {
      peer.upload(
        Array.from({ length: 20 }, (_, index) => [7 + 20 * message + index, 2, [title(1, `t${index}`)]]),
        { locked: 2 },
      );
    }
    expect(costOf(() => bench.turn())).toEqual(twoRows);
    expect(bench.server.store.history.durable).toBe(202);
  });

  test("ten readers add nothing, and all are sent the same bytes", () => {
    const peer = writer();
    const readers = Array.from({ length: 10 }, (_, index) => bench.peer(`reader ${index}`));
    for (const reader of readers) {
      reader.open();
      reader.received = [];
    }
    peer.upload([[7, 2, [title(1, "for all")]]], { locked: 2 });
    const frames = new Set<Uint8Array>();
    const cost = costOf(() => {
      for (const item of bench.turn().outgoing) if (item.kind === "frame" && item.connection !== "writer") frames.add(item.frame);
    });
    expect(cost).toEqual(twoRows);
    expect(frames.size).toBe(1);
    for (const reader of readers) expect(downloadsIn(reader.received)[0]?.entries).toHaveLength(1);
  });

  test("acknowledging what was downloaded: none", () => {
    const peer = writer();
    peer.upload([], { progress: [5, 2], locked: 2 });
    expect(costOf(() => bench.turn())).toEqual({ reads: 0, writes: 0 });
  });
});
