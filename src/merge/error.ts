import { mergeErrors, type MergeErrorCode } from "../errors/merge.ts";
import type { Instruction } from "../changeset/model.ts";

/**
 * Two sequences of changesets that cannot be merged (merge-rules §9): the one error the merge raises. Inputs are never modified, so
 * whoever catches it has lost nothing. The message quotes names of the input; it is for the log, not for a client.
 */
export class MergeError extends Error {
  override readonly name = "MergeError";
  /** Stable; a key of `mergeErrors`. */
  readonly code: MergeErrorCode;
  readonly table: string;
  /** Absent where a whole class is at fault. */
  readonly field: string | undefined;

  constructor(code: MergeErrorCode, at: Instruction, what: string) {
    const field = "field" in at ? at.field : undefined;
    super(`${code} at ${placeText(at)}: ${what}`);
    this.code = code;
    this.table = at.table;
    this.field = field;
  }

  /** The sync protocol's error number. */
  get status(): number {
    return mergeErrors[this.code].status;
  }
}

function placeText(at: Instruction): string {
  const field = "field" in at ? `.${at.field}` : "";
  const path = "path" in at ? at.path.map((element) => `[${JSON.stringify(element)}]`).join("") : "";
  return `${at.table}${field}${path}`;
}
