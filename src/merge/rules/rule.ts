import type { EraseColumn, InstructionKind } from "../../changeset/model.ts";
import type { Item, ItemOf } from "../item.ts";

/** The named rules of merge-rules §6. */
export type LevelRuleId =
  | "T1"
  | "T2"
  | "T3"
  | "T4"
  | "C1"
  | "C2"
  | "C3"
  | "C4"
  | "O1"
  | "O2"
  | "U1"
  | "U2"
  | "L1"
  | "L2"
  | "L3"
  | "L4"
  | "L5"
  | "L6"
  | "L7"
  | "L8"
  | "L9"
  | "K1"
  | "K2"
  | "K3"
  | "S1"
  | "S2"
  | "S3"
  | "S4"
  | "S5";

/** The named rules of merge-rules §5. */
export type NestingRuleId = "N1" | "N2" | "N3" | "N4" | "N5" | "N6" | "N7" | "N8";

export type RuleId = LevelRuleId | NestingRuleId;

/** An instruction put directly before another one of the same side. */
export interface Insertion {
  readonly item: Item<EraseColumn>;
  readonly before: Item;
}

/** What rules may know besides the two instructions, and the one thing they can leave behind besides changing them. */
export interface Meeting {
  /** Whether N6 and S5 follow the reference's defects (merge-rules §10, Q2 and Q3). */
  readonly referenceQuirks: boolean;
  /** Set by T4, taken by the grid: an instruction put before one of the two that just met. */
  inserted: Insertion | undefined;
}

/**
 * What two instructions of these kinds do to each other. For two of one kind, `a` is the local one. Returns whether the rule's
 * condition held, so that a test can see each rule at work.
 */
export interface LevelRule<A extends InstructionKind, B extends InstructionKind> {
  readonly id: LevelRuleId;
  apply(a: ItemOf<A>, b: ItemOf<B>, meeting: Meeting): boolean;
}

/** What an instruction does to one that reaches deeper. Returns whether the rule's condition held. */
export interface NestingRule<Outer extends InstructionKind> {
  readonly id: NestingRuleId;
  apply(outer: ItemOf<Outer>, inner: Item, meeting: Meeting): boolean;
}

/** A pair that was thought about and does not conflict. */
export const noEffect = "no effect";
export type NoEffect = typeof noEffect;

/** Last write wins. Of equal pairs, which only a cloned file can produce, the incoming one goes (merge-rules §10, Q12). */
export function dropOlder(local: Item, incoming: Item): void {
  if (local.isOlderThan(incoming)) local.discard();
  else incoming.discard();
}
