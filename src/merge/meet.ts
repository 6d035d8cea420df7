import type { InstructionKind } from "../changeset/model.ts";
import type { Item } from "./item.ts";
import { type Meeting, type NoEffect, noEffect, type RuleId } from "./rules/rule.ts";
import { kindOrder, levelTable, nestingTable } from "./rules/table.ts";

/** Told after each rule whose condition held. For tests; costs time. */
export type RuleObserver = (rule: RuleId) => void;

/** A rule whose kinds the table has already vouched for: looking it up by the kinds of two items is what makes calling it sound. */
interface AnyRule {
  readonly id: RuleId;
  apply(a: Item, b: Item, meeting: Meeting): boolean;
}

interface CompiledRule {
  readonly rule: AnyRule;
  /** Whether the table has the incoming instruction's kind first. */
  readonly swapped: boolean;
}

/** Numbers of the kinds, for flat tables and bit masks. */
export const kindNumber = Object.fromEntries(kindOrder.map((kind, number) => [kind, number])) as Record<InstructionKind, number>;

const compiledLevelRules = compileLevelRules();

/** For each kind the set of kinds, as bits, with which it has a level rule. */
const levelPartners: readonly number[] = kindOrder.map((local) =>
  kindOrder.reduce((mask, incoming) => (compiledRule(local, incoming) === undefined ? mask : mask | (1 << kindNumber[incoming])), 0),
);

/** Both halves of the triangle, so that looking up needs no decision. */
function compileLevelRules(): readonly (CompiledRule | undefined)[] {
  const compiled: (CompiledRule | undefined)[] = Array.from({ length: kindOrder.length ** 2 });
  for (const a of kindOrder) {
    const row: Partial<Record<InstructionKind, AnyRule | NoEffect>> = levelTable[a];
    for (const b of kindOrder) {
      const rule = row[b];
      if (rule === undefined || rule === noEffect) continue;
      compiled[kindNumber[b] * kindOrder.length + kindNumber[a]] = { rule, swapped: true };
      compiled[kindNumber[a] * kindOrder.length + kindNumber[b]] = { rule, swapped: false };
    }
  }
  return compiled;
}

function compiledRule(local: InstructionKind, incoming: InstructionKind): CompiledRule | undefined {
  return compiledLevelRules[kindNumber[local] * kindOrder.length + kindNumber[incoming]];
}

/** Whether some kind of the one set of bits has a level rule with some kind of the other. */
export function haveLevelRules(localKinds: number, incomingKinds: number): boolean {
  for (let kind = 0; kind < kindOrder.length; kind++) {
    if ((localKinds & (1 << kind)) !== 0 && (levelPartners[kind]! & incomingKinds) !== 0) return true;
  }
  return false;
}

/**
 * Lets two concurrent instructions meet (merge-rules §2.2): first what the one that reaches less deep does to the other, then the level
 * rule of their kinds. Changes or discards them in place.
 *
 * @throws MergeError
 */
export function meet(local: Item, incoming: Item, meeting: Meeting, observe: RuleObserver | undefined): void {
  if (local.depth !== incoming.depth) {
    const [outer, inner] = local.depth < incoming.depth ? [local, incoming] : [incoming, local];
    const rule: AnyRule | NoEffect = nestingTable[outer.instruction.kind];
    if (rule !== noEffect && rule.apply(outer, inner, meeting)) observe?.(rule.id);
    if (inner.discarded) return;
  }
  const found = compiledRule(local.instruction.kind, incoming.instruction.kind);
  if (found === undefined) return;
  const held = found.swapped ? found.rule.apply(incoming, local, meeting) : found.rule.apply(local, incoming, meeting);
  if (held) observe?.(found.rule.id);
}
