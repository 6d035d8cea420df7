import { z } from "zod";
import { decodeChangeset } from "../../src/changeset/decode.ts";
import { encodeChangeset } from "../../src/changeset/encode.ts";
import type { Instruction } from "../../src/changeset/model.ts";
import { MergeError, mergeChangesets } from "../../src/merge/merge.ts";
import { payloadLayout } from "../../src/merge/payload-layout.ts";
import type { MergeInput } from "../../src/merge/types.ts";
import { bytesOf, decodeHex, differences } from "./compare.ts";
import { failed, type Outcome, passed, passedAs } from "./outcome.ts";

/** Which form of the rules N6 and S5 the lines are compared with: the reference's own, or the corrected default. */
export type Quirks = "reference" | "corrected";

const changeset = z.object({
  version: z.number(),
  origin_timestamp: z.number(),
  origin_file_ident: z.number(),
  hex: z.string(),
});
const output = z.object({ dirty: z.boolean(), hex: z.string() });

/** One merge: all of `theirs` against those of `ours` that their authors did not know. */
export const mergeLine = z.object({
  op: z.enum(["merge", "transform"]),
  /** Default 1, the server's. */
  local_file_ident: z.number().default(1),
  remote_file_ident: z.number().optional(),
  theirs: z.array(changeset.extend({ last_integrated_remote_version: z.number() })),
  ours: z.array(changeset),
  out: z.object({ theirs: z.array(output), ours: z.array(output) }).optional(),
  error: z.unknown().optional(),
  crash: z.number().optional(),
});
export type MergeLine = z.infer<typeof mergeLine>;

/** One changeset after a merge. */
export interface Merged {
  readonly instructions: readonly Instruction[];
  readonly dirty: boolean;
}
export type MergeResult = { readonly ours: readonly Merged[]; readonly theirs: readonly Merged[] } | { readonly error: MergeError };

interface Entry {
  readonly timestamp: number;
  readonly ident: number;
  readonly bytes: Uint8Array;
  readonly instructions: readonly Instruction[];
  readonly dirty: boolean;
}

export const entryOf = (timestamp: number, ident: number, hex: string): Entry => {
  const bytes = bytesOf(hex);
  return { timestamp, ident, bytes, instructions: decodeChangeset(bytes), dirty: false };
};

const inputOf = (entry: Entry, quirks: Quirks): MergeInput => ({
  originTimestamp: entry.timestamp,
  originFileIdent: entry.ident,
  instructions: entry.instructions,
  ...(quirks === "reference" ? { layout: payloadLayout(entry.bytes, entry.instructions) } : {}),
});

/** Merges two sides that are wholly concurrent. */
export function mergeEntries(ours: readonly Entry[], theirs: readonly Entry[], quirks: Quirks): MergeResult {
  const input = (entry: Entry): MergeInput => inputOf(entry, quirks);
  try {
    const { local, incoming } = mergeChangesets(ours.map(input), theirs.map(input), { quirks });
    return {
      ours: local.map(({ instructions, changed }) => ({ instructions, dirty: changed })),
      theirs: incoming.map(({ instructions, changed }) => ({ instructions, dirty: changed })),
    };
  } catch (error) {
    if (error instanceof MergeError) return { error };
    throw error;
  }
}

/** Merges a message: each run of incoming changesets with one base against the local ones above it (merge-rules §2.1). */
export function mergeMessage(line: MergeLine, quirks: Quirks): MergeResult {
  const ident = (given: number, own: number): number => (given === 0 ? own : given);
  const ours = line.ours.map((entry) => ({
    version: entry.version,
    entry: entryOf(entry.origin_timestamp, ident(entry.origin_file_ident, line.local_file_ident), entry.hex),
  }));
  const theirs: Merged[] = [];
  for (let start = 0; start < line.theirs.length;) {
    const base = line.theirs[start]!.last_integrated_remote_version;
    let end = start + 1;
    while (line.theirs[end]?.last_integrated_remote_version === base) end++;
    const group = line.theirs.slice(start, end).map(({ origin_timestamp: timestamp, origin_file_ident: given, hex }) => {
      return entryOf(timestamp, ident(given, line.remote_file_ident ?? 0), hex);
    });
    const concurrent = ours.filter(({ version }) => version > base);
    const result = mergeEntries(
      concurrent.map(({ entry }) => entry),
      group,
      quirks,
    );
    if ("error" in result) return result;
    theirs.push(...result.theirs);
    for (const [index, local] of concurrent.entries()) {
      const { instructions, dirty } = result.ours[index]!;
      if (dirty) local.entry = { ...local.entry, instructions, bytes: encodeChangeset(instructions), dirty: true };
    }
    start = end;
  }
  return { ours: ours.map(({ entry }) => ({ instructions: entry.instructions, dirty: entry.dirty })), theirs };
}

type ExpectedOutput = { readonly hex: string; readonly dirty?: boolean };

export function sideDifferences(side: string, expected: readonly ExpectedOutput[], actual: readonly Merged[]): string[] {
  if (expected.length !== actual.length) return [`${side}: ${expected.length} changesets expected, ${actual.length} found`];
  return expected.flatMap(({ hex, dirty }, index) => {
    const found = actual[index]!;
    const flag = dirty === undefined || dirty === found.dirty ? [] : [`${side}[${index}]: dirty ${dirty} expected, ${found.dirty} found`];
    return [...differences(`${side}[${index}]`, decodeHex(hex), found.instructions), ...flag];
  });
}

function lineDifferences(line: MergeLine, result: MergeResult): string[] {
  if (line.out === undefined) return "error" in result ? [] : ["merged, where the reference refuses"];
  if ("error" in result) return [`refused: ${result.error.message}`];
  return [...sideDifferences("ours", line.out.ours, result.ours), ...sideDifferences("theirs", line.out.theirs, result.theirs)];
}

/**
 * A line passes when the merge gives exactly its outcome. With the corrected rules a line may come out otherwise, but only where the
 * quirks are at work: that is where the same merge with the reference's rules does give the line's outcome.
 */
export function checkMerge(line: MergeLine, quirks: Quirks): Outcome {
  const result = mergeMessage(line, quirks);
  if (line.crash !== undefined) {
    return "error" in result
      ? passedAs(`named error where the reference aborts: ${result.error.code}`)
      : passedAs("merged where the reference aborts");
  }
  const what = lineDifferences(line, result);
  if (what.length === 0) return passed;
  if (quirks === "corrected" && lineDifferences(line, mergeMessage(line, "reference")).length === 0) {
    return passedAs("differs by the corrections of Q2 and Q3");
  }
  return failed(...what);
}
