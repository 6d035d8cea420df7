import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Instruction } from "../../src/changeset/model.ts";
import { MemoryObjectStorage, ObjectState, SqlObjectStorage } from "../../src/store/objects/index.ts";
import { NodeSql } from "../../test/support/node-sql.ts";
import type { Case } from "./measure.ts";
import { assignments, creations, fieldAssignments, itemSchema, randomInsertions } from "./workloads.ts";

const cacheBytes = 64 * 1024 * 1024;
const fields = 20;
const count = 1000;

const workloads: readonly { readonly what: string; readonly objects: number; readonly instructions: readonly Instruction[] }[] = [
  { what: "assignments to as many objects", objects: count, instructions: assignments(count, 1) },
  { what: `assignments to ${fields} fields of one object`, objects: 1, instructions: fieldAssignments(count, fields) },
  { what: "insertions into one list", objects: 1, instructions: randomInsertions(count, 1) },
];

/** Instructions carried out on a new state; with `database` also written to it. */
function applying(where: string, newState: () => ObjectState, flush: boolean): (() => Case)[] {
  return workloads.map(({ what, objects, instructions }) => () => {
    let state = newState();
    return {
      name: `apply ${count.toLocaleString("en")} ${what}, ${where}`,
      instructions: instructions.length,
      prepare: () => {
        state = newState();
        state.apply([...itemSchema(fields), ...creations(objects, 1)]);
        if (flush) state.flush(1);
      },
      run: () => {
        state.apply(instructions);
        if (flush) state.flush(2);
      },
    };
  });
}

let databases = 0;

function sqlState(): ObjectState {
  const file = join(temporaryFolder(), `${databases++}.sqlite`);
  return new ObjectState(new SqlObjectStorage(new NodeSql(file)), { cacheBytes });
}

let folder: string | undefined;

/** Removed when the process ends. */
function temporaryFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "reeve-bench-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

export const applyCases: readonly (() => Case)[] = [
  ...applying("in memory", () => new ObjectState(new MemoryObjectStorage(), { cacheBytes }), false),
  ...applying("written to SQLite", sqlState, true),
];
