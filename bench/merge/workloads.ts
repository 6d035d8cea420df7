import { intKey } from "../../src/changeset/key.ts";
import type { Instruction, Payload } from "../../src/changeset/model.ts";
import type { MergeInput } from "../../src/merge/types.ts";

// Sides of a merge, made from a seed so that every run measures the same.

/** A small generator of pseudo-random numbers (mulberry32): below `limit`, an integer. */
export function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const int = (value: number): Payload => ({ type: "Int", value: BigInt(value) });

/** `count` assignments to one field of as many objects, the first with key `firstKey`. */
export const assignments = (count: number, firstKey: number): Instruction[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: "Update",
    table: "Item",
    key: intKey(BigInt(firstKey + at)),
    field: "name",
    path: [],
    value: { type: "String", value: `value ${at}` },
    isDefault: false,
  }));

/** `count` assignments to `fields` fields of one object, in turn. */
export const fieldAssignments = (count: number, fields: number): Instruction[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: "Update",
    table: "Item",
    key: intKey(1n),
    field: `field${at % fields}`,
    path: [],
    value: int(at),
    isDefault: false,
  }));

/** `count` insertions into one empty list, each at a random place. */
export function randomInsertions(count: number, seed: number): Instruction[] {
  const below = randomBelow(seed);
  return Array.from({ length: count }, (_, at) => ({
    kind: "ArrayInsert",
    table: "Item",
    key: intKey(1n),
    field: "list",
    path: [below(at + 1)],
    value: int(at),
    priorSize: at,
  }));
}

/** `count` operations on one list of 100: of ten, six insertions, two erasures, one assignment and one move. */
export function randomListEdits(count: number, seed: number): Instruction[] {
  const below = randomBelow(seed);
  let size = 100;
  return Array.from({ length: count }, (_, at): Instruction => {
    const place = (index: number) => ({ table: "Item", key: intKey(1n), field: "list", path: [index] });
    const choice = size < 2 ? 0 : below(10);
    if (choice < 6) return { kind: "ArrayInsert", ...place(below(size + 1)), value: int(at), priorSize: size++ };
    if (choice < 8) return { kind: "ArrayErase", ...place(below(size)), priorSize: size-- };
    if (choice < 9) return { kind: "Update", ...place(below(size)), value: int(at), priorSize: size };
    const from = below(size);
    return { kind: "ArrayMove", ...place(from), destination: (from + 1 + below(size - 1)) % size, priorSize: size };
  });
}

/** `count` insertions of strings into one set. */
export const setInsertions = (count: number, seed: number): Instruction[] => {
  const below = randomBelow(seed);
  return Array.from({ length: count }, () => ({
    kind: "SetInsert",
    table: "Item",
    key: intKey(1n),
    field: "tags",
    path: [],
    value: { type: "String", value: `tag ${below(count * 4)}` },
  }));
};

/** Spreads instructions over changesets of `each`, whose times interleave with those of a side with another ident. */
export function inChangesets(instructions: readonly Instruction[], ident: number, each: number): MergeInput[] {
  return Array.from({ length: Math.ceil(instructions.length / each) }, (_, at) => ({
    originTimestamp: 1000 + 2 * at + (ident % 2),
    originFileIdent: ident,
    instructions: instructions.slice(at * each, (at + 1) * each),
  }));
}

/** A class whose fields the assignments above fit, for applying them. */
export const itemSchema = (fields: number): Instruction[] => [
  { kind: "AddTable", table: "Item", tableType: "TopLevel", keyField: "_id", keyType: "Int", keyNullable: false },
  { kind: "AddColumn", table: "Item", field: "name", type: "String", nullable: false, collection: "Single" },
  { kind: "AddColumn", table: "Item", field: "list", type: "Int", nullable: false, collection: "List" },
  ...Array.from({ length: fields }, (_, at): Instruction => ({
    kind: "AddColumn",
    table: "Item",
    field: `field${at}`,
    type: "Int",
    nullable: false,
    collection: "Single",
  })),
];

export const creations = (count: number, firstKey: number): Instruction[] =>
  Array.from({ length: count }, (_, at) => ({ kind: "CreateObject", table: "Item", key: intKey(BigInt(firstKey + at)) }));
