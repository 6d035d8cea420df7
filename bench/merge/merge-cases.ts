import { decodeChangeset } from "../../src/changeset/decode.ts";
import { encodeChangeset } from "../../src/changeset/encode.ts";
import type { Instruction } from "../../src/changeset/model.ts";
import { mergeChangesets } from "../../src/merge/merge.ts";
import type { MergeInput } from "../../src/merge/types.ts";
import type { Case } from "./measure.ts";
import { assignments, fieldAssignments, inChangesets, randomInsertions, randomListEdits, setInsertions } from "./workloads.ts";

const sized = (count: number): string => count.toLocaleString("en");

function decoding(count: number): Case {
  const bytes = encodeChangeset(assignments(count, 0));
  return { name: `decode ${sized(count)} instructions`, instructions: count, bytes: bytes.length, run: () => decodeChangeset(bytes) };
}

function encoding(count: number): Case {
  const instructions = assignments(count, 0);
  const bytes = encodeChangeset(instructions).length;
  return { name: `encode ${sized(count)} instructions`, instructions: count, bytes, run: () => encodeChangeset(instructions) };
}

export const codecCases: readonly (() => Case)[] = [
  () => decoding(1000),
  () => decoding(10_000),
  () => encoding(1000),
  () => encoding(10_000),
];

interface EncodedSide {
  readonly ident: number;
  readonly changesets: readonly { readonly originTimestamp: number; readonly bytes: Uint8Array }[];
}

const encodeSide = (inputs: readonly MergeInput[], ident: number): EncodedSide => ({
  ident,
  changesets: inputs.map(({ originTimestamp, instructions }) => ({ originTimestamp, bytes: encodeChangeset(instructions) })),
});

const decodeSide = ({ ident, changesets }: EncodedSide): MergeInput[] =>
  changesets.map(({ originTimestamp, bytes }) => ({ originTimestamp, originFileIdent: ident, instructions: decodeChangeset(bytes) }));

/** The whole of an integration: both sides decoded, merged, and both results encoded. */
function integration(name: string, local: readonly MergeInput[], incoming: readonly MergeInput[]): Case {
  const ours = encodeSide(local, 2);
  const theirs = encodeSide(incoming, 3);
  const all = [...ours.changesets, ...theirs.changesets];
  return {
    name,
    instructions: [...local, ...incoming].reduce((count, { instructions }) => count + instructions.length, 0),
    bytes: all.reduce((count, { bytes }) => count + bytes.length, 0),
    run: () => {
      const result = mergeChangesets(decodeSide(ours), decodeSide(theirs));
      return [...result.local, ...result.incoming].map(({ instructions }) => encodeChangeset(instructions));
    },
  };
}

/** The merge alone. */
function merging(name: string, local: readonly MergeInput[], incoming: readonly MergeInput[]): Case {
  const instructions = [...local, ...incoming].reduce((count, input) => count + input.instructions.length, 0);
  return { name, instructions, run: () => mergeChangesets(local, incoming) };
}

type Make = (name: string, local: readonly MergeInput[], incoming: readonly MergeInput[]) => Case;

/** Two sides of `count` instructions each, in changesets of `each`. */
function sides(make: Make, what: string, count: number, each: number, instructions: (side: 0 | 1) => Instruction[]): Case {
  const spread = each < count ? ` in changesets of ${sized(each)}` : "";
  const name = `${make === integration ? "decode, merge, encode" : "merge"} ${sized(count)} × ${sized(count)} ${what}${spread}`;
  return make(name, inChangesets(instructions(0), 2, each), inChangesets(instructions(1), 3, each));
}

const unrelated = (make: Make, count: number): Case =>
  sides(make, "on unrelated objects", count, count, (side) => assignments(count, side * count));
const sameObjects = (make: Make, count: number): Case => sides(make, "on the same objects", count, count, () => assignments(count, 0));
const fields = (make: Make, count: number, width: number): Case =>
  sides(make, width === 1 ? "on one field" : `on ${width} fields of one object`, count, count, () => fieldAssignments(count, width));
const insertions = (make: Make, count: number, each: number): Case =>
  sides(make, "insertions into one list", count, each, (side) => randomInsertions(count, side + 1));
const listEdits = (make: Make, count: number): Case =>
  sides(make, "edits of one list", count, 10, (side) => randomListEdits(count, side + 1));
const members = (make: Make, count: number): Case =>
  sides(make, "insertions into one set", count, 10, (side) => setInsertions(count, side + 1));

export const mergeCases: readonly (() => Case)[] = [
  () => merging("merge 1,000 × 0: nothing concurrent", inChangesets(assignments(1000, 0), 2, 1000), []),
  () => unrelated(merging, 1000),
  () => unrelated(integration, 1000),
  () => unrelated(integration, 10_000),
  () => sameObjects(integration, 1000),
  () => sameObjects(integration, 10_000),
  () => fields(integration, 1000, 1),
  () => fields(integration, 10_000, 1),
  () => fields(integration, 1000, 20),
  () => fields(integration, 10_000, 20),
  () => insertions(integration, 1000, 1000),
  () => insertions(integration, 1000, 10),
  () => insertions(integration, 10_000, 10),
  () => insertions(integration, 4000, 4000),
  () => insertions(integration, 40_000, 40_000),
  () => listEdits(integration, 1000),
  () => listEdits(integration, 4000),
  () => listEdits(integration, 10_000),
  () => members(integration, 1000),
  () => members(integration, 10_000),
  () => {
    const many = Array.from({ length: 1000 }, (_, at) => assignments(1000, at * 1000)).flat();
    return merging("merge 1 × 1,000,000 on unrelated objects", inChangesets(many, 2, 1000), inChangesets(assignments(1, 2_000_000), 3, 1));
  },
];
