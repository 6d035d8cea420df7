import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { bytesOfHex } from "../../../src/changeset/hex.ts";
import { BadChangesetError, MemoryObjectStorage, ObjectState, SqlObjectStorage, stateToJson } from "../../../src/store/objects/index.ts";
import { NodeSql } from "../../support/node-sql.ts";

// What the reference implementation makes of single applications: every line gives a base, changesets, and the state or a refusal.
interface Line {
  readonly name: string;
  readonly base: string;
  readonly changesets: readonly string[];
  readonly final?: object;
  readonly applyError?: string;
}

const [meta = "", ...rest] = readFileSync(new URL("application.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");
const { schema }: { readonly schema: string } = JSON.parse(meta);
const lines = rest.map((line): Line => JSON.parse(line));
const instructionsOf = (hex: string) => decodeChangeset(bytesOfHex(hex) ?? new Uint8Array(0));

/** Where we accept what the reference refuses (merge-rules §10). */
const tolerated = new Set(["apply Clear Dictionary on a missing dictionary entry", "apply SetErase null in a nullable set (Q10)"]);

const storages = { memory: () => new MemoryObjectStorage(), SQLite: () => new SqlObjectStorage(new NodeSql()) };

const applied = (
  line: Line,
  storage: () => MemoryObjectStorage | SqlObjectStorage,
): { state: ObjectState; before: unknown; error: unknown } => {
  const state = new ObjectState(storage(), { cacheBytes: 1_000_000 });
  state.apply(instructionsOf(schema));
  state.apply(instructionsOf(line.base));
  state.flush(1);
  const before = stateToJson(state, "brief");
  try {
    for (const changeset of line.changesets) state.apply(instructionsOf(changeset));
  } catch (error) {
    return { state, before, error };
  }
  return { state, before, error: undefined };
};

describe.each(Object.entries(storages))("recorded applications in %s (merge-rules §7)", (_, storage) => {
  it("has lines of both outcomes", () => {
    expect(lines.filter((line) => line.final !== undefined).length).toBeGreaterThan(50);
    expect(lines.filter((line) => line.applyError !== undefined).length).toBeGreaterThan(50);
  });

  it.each(lines.filter((line) => line.applyError === undefined))("$name", (line) => {
    const { state, error } = applied(line, storage);
    expect(error).toBeUndefined();
    expect(stateToJson(state, "brief")).toEqual(line.final);
  });

  it.each(lines.filter((line) => line.applyError !== undefined && !tolerated.has(line.name)))("$name", (line) => {
    const { state, before, error } = applied(line, storage);
    expect(error).toBeInstanceOf(BadChangesetError);
    expect(stateToJson(state, "brief")).toEqual(before);
  });

  it.each(lines.filter((line) => tolerated.has(line.name)))("$name: tolerated here", (line) => {
    const { state, before, error } = applied(line, storage);
    expect(error).toBeUndefined();
    if (line.name.includes("Clear")) expect(stateToJson(state, "brief")).toMatchObject({ A: [{ d: { dict: { k: { dict: {} } } } }] });
    else expect(stateToJson(state, "brief")).not.toEqual(before);
  });
});
