import type { Instruction } from "../changeset/model.ts";
import type { PayloadLayout } from "./payload-layout.ts";

/** One changeset as the merge sees it: its instructions and the pair that orders them (merge-rules §1). */
export interface MergeInput {
  /** Milliseconds since 2015-01-01T00:00:00Z on the author's clock. */
  readonly originTimestamp: number;
  /** The author's file ident, ≥ 1 (1: the server itself). Never 0: the caller replaces "local" by the real ident. */
  readonly originFileIdent: number;
  readonly instructions: readonly Instruction[];
  /**
   * Where the payloads stood in the bytes these instructions were decoded from (`payloadLayout(bytes)`). Used only with
   * `quirks: "reference"`, which without it compares the elements of two SetErase by value.
   */
  readonly layout?: PayloadLayout;
}

/** What became of it. When `changed` is false, `instructions` is the input's own array and the stored bytes stay as they are. */
export interface MergeOutput {
  readonly instructions: readonly Instruction[];
  /** Whether a meeting altered, discarded or added an instruction, also when a later one put it back. */
  readonly changed: boolean;
}

export interface MergeOptions {
  /** `"corrected"` (default) or the reference's own form of rules N6 and S5 (merge-rules §10, Q2 and Q3). */
  readonly quirks?: "corrected" | "reference";
}

export interface MergeResult {
  /** One for each local changeset, in order. */
  readonly local: readonly MergeOutput[];
  /** One for each incoming changeset, in order. */
  readonly incoming: readonly MergeOutput[];
}
