import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import type { Instruction, InstructionKind } from "../../../src/changeset/model.ts";
import { BadChangesetError, MemoryObjectStorage, ObjectState, SqlObjectStorage, stateToJson } from "../../../src/store/objects/index.ts";
import { NodeSql } from "../../support/node-sql.ts";
import { create } from "./instructions.ts";
import { randomInstruction, randomSchema, Tape } from "./random-changes.ts";

// A failure prints the seed of its changes; smaller seeds are no simpler, so nothing is shrunk.
const runs = { numRuns: 30, endOnFailure: true };
const seeds = fc.integer();
const choices = 1500;
const timeout = 60_000;
const plenty = { cacheBytes: 100_000_000 };
/** So little memory that objects are dropped and read again all the time. */
const tight = { cacheBytes: 3000 };

/** How often each kind of instruction was made: a fuzz that never made one proves nothing about it. */
const made = new Map<InstructionKind, number>();
const next = (tape: Tape, state: ObjectState): Instruction => {
  const instruction = randomInstruction(tape, state);
  made.set(instruction.kind, (made.get(instruction.kind) ?? 0) + 1);
  return instruction;
};

const newState = (): ObjectState => {
  const state = new ObjectState(new MemoryObjectStorage(), plenty);
  state.apply(randomSchema);
  return state;
};
/** Both notations: the one has types and bits, the other dangling links. */
const all = (state: ObjectState): string => JSON.stringify([stateToJson(state, "full"), stateToJson(state, "brief")]);

describe("random valid changes", () => {
  it(
    "lead to the same state in memory and on SQLite, flushed, reloaded, and lost and replayed at any time",
    () => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const tape = new Tape(seed, choices);
          const inMemory = newState();
          const sql = new NodeSql();
          let onSql = new ObjectState(new SqlObjectStorage(sql), tight);
          const history: (readonly Instruction[])[] = [randomSchema];
          onSql.apply(randomSchema);
          while (!tape.atEnd) {
            const changeset = [next(tape, inMemory)];
            history.push(changeset);
            inMemory.apply(changeset);
            onSql.apply(changeset);
            const choice = tape.below(20);
            if (choice < 2 || onSql.shouldFlush) onSql.flush(history.length);
            if (choice === 1 || choice === 2) {
              onSql = new ObjectState(new SqlObjectStorage(sql), tight);
              if (choice === 1) expect(onSql.cursor).toBe(history.length);
              for (const lost of history.slice(onSql.cursor)) onSql.apply(lost);
            }
          }
          expect(all(onSql)).toBe(all(inMemory));
          onSql.flush(history.length);
          const again = new ObjectState(new SqlObjectStorage(sql), tight);
          expect(all(again)).toBe(all(inMemory));
          for (const { name } of again.classes()) expect(again.count(name)).toBe([...again.objects(name)].length);
          sql.close();
        }),
        runs,
      );
    },
    timeout,
  );

  it(
    "are taken back by a rollback without a trace, in memory and in rows",
    () => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const tape = new Tape(seed, choices);
          const kept = newState();
          const sql = new NodeSql();
          const state = new ObjectState(new SqlObjectStorage(sql), tight);
          state.apply(randomSchema);
          while (!tape.atEnd) {
            for (let count = tape.below(10); count > 0; count--) {
              const instruction = next(tape, kept);
              kept.apply([instruction]);
              state.apply([instruction]);
            }
            if (tape.below(3) === 0) state.flush(1);
            const before = all(state);
            const checkpoint = state.checkpoint();
            for (let count = tape.below(30); count > 0; count--) state.apply([next(tape, state)]);
            state.rollback(checkpoint);
            expect(all(state)).toBe(before);
            for (const { name } of state.classes()) expect(state.count(name)).toBe([...state.objects(name)].length);
          }
          state.flush(2);
          expect(all(new ObjectState(new SqlObjectStorage(sql), plenty))).toBe(all(kept));
          sql.close();
        }),
        runs,
      );
    },
    timeout,
  );

  it(
    "leave nothing behind when the last instruction of a changeset is refused",
    () => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const tape = new Tape(seed, choices);
          const state = newState();
          while (!tape.atEnd) {
            const before = all(state);
            const draft = newState();
            for (const piece of state.changesets({ maxBytes: 1_000_000 })) draft.apply(piece);
            const changeset: Instruction[] = [];
            for (let count = tape.below(60); count > 0; count--) {
              const instruction = next(tape, draft);
              draft.apply([instruction]);
              changeset.push(instruction);
            }
            expect(() => state.apply([...changeset, create(1, "Nowhere")])).toThrow(BadChangesetError);
            expect(all(state)).toBe(before);
            state.apply(changeset);
            expect(all(state)).toBe(all(draft));
          }
        }),
        { ...runs, numRuns: 10 },
      );
    },
    timeout,
  );

  it(
    "can be written out as changesets of bounded size that build the same state",
    () => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 200, max: 20_000 }), (seed, maxBytes) => {
          const tape = new Tape(seed, choices);
          const state = newState();
          while (!tape.atEnd) {
            state.apply([next(tape, state)]);
            if (tape.below(200) === 0) state.flush(1);
          }
          const copy = new ObjectState(new MemoryObjectStorage(), plenty);
          const pieces = [...state.changesets({ maxBytes })];
          for (const piece of pieces) {
            const bytes = encodeChangeset(piece);
            expect(bytes.length <= maxBytes || piece.length === 1).toBe(true);
            copy.apply(decodeChangeset(bytes));
          }
          expect(all(copy)).toBe(all(state));
          // Written out again, by a state with another past, it is the same sequence.
          expect([...copy.changesets({ maxBytes })]).toEqual(pieces);
        }),
        runs,
      );
    },
    timeout,
  );

  afterAll(() => {
    const kinds: readonly InstructionKind[] = [
      "AddTable",
      "EraseTable",
      "CreateObject",
      "EraseObject",
      "Update",
      "AddInteger",
      "AddColumn",
      "EraseColumn",
      "ArrayInsert",
      "ArrayMove",
      "ArrayErase",
      "Clear",
      "SetInsert",
      "SetErase",
    ];
    for (const kind of kinds) expect(made.get(kind) ?? 0, kind).toBeGreaterThan(20);
  });
});
