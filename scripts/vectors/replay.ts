import { checkCodec, checkDecodeError, checkRulesCodec, codecLine, decodeErrorLine, rulesCodecLine } from "./codec.ts";
import { checkMerge, mergeLine, type Quirks } from "./merge.ts";
import { type Outcome, skipped } from "./outcome.ts";

/** Replays the lines of one file in order. What a line is, is told by its members, never by the file's name. */
export class Replay {
  private readonly quirks: Quirks;

  constructor(quirks: Quirks) {
    this.quirks = quirks;
  }

  line(text: string): Outcome {
    const json: unknown = JSON.parse(text);
    const codec = codecLine.safeParse(json);
    if (codec.success) return checkCodec(codec.data);
    const decodeError = decodeErrorLine.safeParse(json);
    if (decodeError.success) return checkDecodeError(decodeError.data);
    const rulesCodec = rulesCodecLine.safeParse(json);
    if (rulesCodec.success) return checkRulesCodec(rulesCodec.data);
    const merge = mergeLine.safeParse(json);
    if (merge.success) return checkMerge(merge.data, this.quirks);
    return skipped("no kind of line that concerns changesets");
  }
}
