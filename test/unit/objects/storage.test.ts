import { describe, expect, it } from "vitest";
import { MemoryObjectStorage, ObjectState, SqlObjectStorage } from "../../../src/store/objects/index.ts";
import { NodeSql } from "../../support/node-sql.ts";
import { add, create, erase, place, schema } from "./instructions.ts";
import { registerStateContract } from "./state-contract.ts";
import { registerStorageContract } from "./storage-contract.ts";

const memory = () => {
  const storage = new MemoryObjectStorage();
  return { storage, reopened: () => storage };
};
const sqlite = () => {
  const sql = new NodeSql();
  return { storage: new SqlObjectStorage(sql), reopened: () => new SqlObjectStorage(sql) };
};

registerStorageContract("memory", memory);
registerStorageContract("SQLite", sqlite);
registerStateContract("memory", memory);
registerStateContract("SQLite", sqlite);

describe("rows of SQLite", () => {
  const cacheBytes = 1_000_000;
  const reopened = (sql: NodeSql): { state: ObjectState; reads: () => number } => {
    const state = new ObjectState(new SqlObjectStorage(sql), { cacheBytes });
    const { reads } = sql.counts;
    return { state, reads: () => sql.counts.reads - reads };
  };

  it("are read once for each object that is touched, and not at all while a class has none", () => {
    const sql = new NodeSql();
    const first = reopened(sql);
    first.state.apply([...schema, create(1), create(2), create(3), erase(9), add(place(1, "n"), 1)]);
    expect(first.reads()).toBe(0);
    first.state.flush(1);
    const second = reopened(sql);
    second.state.apply([add(place(1, "n"), 1), add(place(1, "n"), 1), add(place(2, "n"), 1), create(50), erase(51)]);
    second.state.apply([add(place(1, "n"), 1), create(50), create(51)]);
    expect(second.reads()).toBe(4);
  });

  it("are few: one write for each changed object, one for each changed class and one for the cursor", () => {
    const sql = new NodeSql();
    const { state } = reopened(sql);
    state.apply(schema);
    state.flush(1);
    const before = sql.counts.writes;
    state.apply(Array.from({ length: 100 }, (_, number) => [create(number), add(place(number, "n"), 1)]).flat());
    state.flush(2);
    // A class's row is also cut to its size.
    expect(sql.counts.writes - before).toBe(100 + 2 + 1);
  });
});
