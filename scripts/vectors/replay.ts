import { checkCodec, checkDecodeError, checkRulesCodec, codecLine, decodeErrorLine, rulesCodecLine } from "./codec.ts";
import { checkMerge, mergeLine, type Quirks } from "./merge.ts";
import { failed, type Outcome, passed, passedAs, skipped } from "./outcome.ts";
import { checkRules, metaLine, rulesLine } from "./rules.ts";
import { scenarioLine, ScenarioReplay } from "./scenario.ts";

/** Replays the lines of one file in order. What a line is, is told by its members, never by the file's name. */
export class Replay {
  private readonly modes: readonly Quirks[];
  private readonly scenarios: ReadonlyMap<Quirks, ScenarioReplay>;
  private schema: string | undefined;

  /** `modes`: the forms of the merge with which each line is compared. */
  constructor(modes: readonly Quirks[]) {
    this.modes = modes;
    this.scenarios = new Map(modes.map((quirks) => [quirks, new ScenarioReplay(quirks)]));
  }

  line(text: string): Outcome {
    const json: unknown = JSON.parse(text);
    const meta = metaLine.safeParse(json);
    if (meta.success) {
      this.schema = meta.data.schema;
      return skipped("schema line");
    }
    const codec = codecLine.safeParse(json);
    if (codec.success) return checkCodec(codec.data);
    const decodeError = decodeErrorLine.safeParse(json);
    if (decodeError.success) return checkDecodeError(decodeError.data);
    const rulesCodec = rulesCodecLine.safeParse(json);
    if (rulesCodec.success) return checkRulesCodec(rulesCodec.data);
    const scenario = scenarioLine.safeParse(json);
    if (scenario.success) return this.inEachMode((quirks) => this.scenarios.get(quirks)?.line(scenario.data) ?? skipped("no mode"));
    const merge = mergeLine.safeParse(json);
    if (merge.success) return this.inEachMode((quirks) => checkMerge(merge.data, quirks));
    const rules = rulesLine.safeParse(json);
    if (rules.success) return this.inEachMode((quirks) => checkRules(rules.data, this.schema, quirks));
    return skipped("no kind of line that concerns changesets");
  }

  /** A line fails if it does in any mode; notes of the modes are put together. */
  private inEachMode(check: (quirks: Quirks) => Outcome): Outcome {
    const failures: string[] = [];
    const notes = new Set<string>();
    for (const quirks of this.modes) {
      const outcome = check(quirks);
      if (outcome.kind === "failed") failures.push(`with the ${quirks} rules:`, ...outcome.what);
      if (outcome.kind === "passed" && outcome.note !== undefined) notes.add(outcome.note);
    }
    if (failures.length > 0) return failed(...failures);
    return notes.size === 0 ? passed : passedAs([...notes].join("; "));
  }
}
