import { z } from "zod";
import type { Instruction } from "../../src/changeset/model.ts";
import { decodeHex } from "./compare.ts";
import { entryOf, mergeEntries, type MergeResult, type Quirks, sideDifferences } from "./merge.ts";
import { failed, type Outcome, passed, passedAs } from "./outcome.ts";
import { newState, refusalOf, stateDifferences } from "./states.ts";

/** The classes that the base states of the lines behind it use. */
export const metaLine = z.object({ kind: z.literal("meta"), schema: z.string() });

const changeset = z.object({ ts: z.number(), ident: z.number(), hex: z.string() });
const expectation = z.object({
  oursOut: z.array(z.string()).optional(),
  theirsOut: z.array(z.string()).optional(),
  error: z.literal(true).optional(),
  base: z.string().optional(),
  final: z.unknown().optional(),
  applyError: z.string().optional(),
});
/** One case of a rule: `ours` is the local side. `fixed` is what the corrected rules give where the reference's differ. */
export const rulesLine = expectation.extend({
  kind: z.string(),
  ours: z.array(changeset),
  theirs: z.array(changeset),
  quirk: z.string().optional(),
  fixed: expectation.optional(),
});
export type RulesLine = z.infer<typeof rulesLine>;
type Expectation = z.infer<typeof expectation>;

export function checkRules(line: RulesLine, schema: string | undefined, quirks: Quirks): Outcome {
  const expected: Expectation = quirks === "corrected" && line.fixed !== undefined ? { ...line.fixed } : line;
  const entries = (side: RulesLine["ours"]) => side.map(({ ts, ident, hex }) => entryOf(ts, ident, hex));
  const result = mergeEntries(entries(line.ours), entries(line.theirs), quirks);
  const what = [...outcomeDifferences(expected, result), ...stateChecks(line, expected, result, schema)];
  const tolerated = what.length === 1 ? tolerances.find((note) => what[0] === note) : undefined;
  if (tolerated !== undefined) return passedAs(tolerated);
  if (what.length > 0) return failed(...what);
  return expected === line ? passed : passedAs(`in the corrected form of ${line.quirk}`);
}

const nullErasure = "null erased from a set, which the reference refuses (Q10)";
const clearOfMissingEntry = "Clear under a missing dictionary key creates the collection, the reference refuses (Q5)";
/** Where the specification asks to apply what the reference cannot. */
const tolerances = [nullErasure, clearOfMissingEntry];

/** The tolerance that an applied instruction falls under. */
function toleranceOf(instruction: Instruction | undefined): string | undefined {
  if (instruction?.kind === "SetErase" && instruction.value.type === "Null") return nullErasure;
  if (instruction?.kind === "Clear" && typeof instruction.path.at(-1) === "string") return clearOfMissingEntry;
  return undefined;
}

function outcomeDifferences(expected: Expectation, result: MergeResult): string[] {
  if (expected.error === true) return "error" in result ? [] : ["merged, where the reference refuses"];
  if ("error" in result) return [`refused: ${result.error.message}`];
  const outputs = (hexes: readonly string[] = []) => hexes.map((hex) => ({ hex }));
  return [
    ...sideDifferences("ours", outputs(expected.oursOut), result.ours),
    ...sideDifferences("theirs", outputs(expected.theirsOut), result.theirs),
  ];
}

/** Both orders of application must lead to the recorded state, and so to the same one. */
function stateChecks(line: RulesLine, expected: Expectation, result: MergeResult, schema: string | undefined): string[] {
  if (expected.base === undefined || "error" in result) return [];
  if (schema === undefined) return ["no schema line before this one"];
  const start = [decodeHex(schema), decodeHex(expected.base)];
  const original = (side: RulesLine["ours"]) => side.map(({ hex }) => decodeHex(hex));
  const merged = (side: (typeof result)["ours"]) => side.map(({ instructions }) => instructions);
  if (expected.applyError !== undefined) {
    const { refusal } = applied([...start, ...merged(result.theirs)]);
    if (refusal !== undefined) return [];
    const last = result.theirs.at(-1)?.instructions.at(-1);
    return [toleranceOf(last) ?? `applied, where the reference says ${expected.applyError}`];
  }
  const orders = [
    { title: "ours, then theirs", changesets: [...start, ...original(line.ours), ...merged(result.theirs)] },
    { title: "theirs, then ours", changesets: [...start, ...original(line.theirs), ...merged(result.ours)] },
  ];
  return orders.flatMap(({ title, changesets }) => {
    const { state, refusal } = applied(changesets);
    if (refusal !== undefined) return [`${title}: ${refusal}`];
    return stateDifferences(title, expected.final, state, "brief");
  });
}

function applied(changesets: readonly (readonly Instruction[])[]) {
  const state = newState();
  for (const instructions of changesets) {
    const refusal = refusalOf(state, instructions);
    if (refusal !== undefined) return { state, refusal };
  }
  return { state, refusal: undefined };
}
