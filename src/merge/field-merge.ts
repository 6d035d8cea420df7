import type { PathElement } from "../changeset/model.ts";
import { FlatList, operationOf } from "./flat-list.ts";
import { type GridContext, runGrid, type Tuning } from "./grid.ts";
import { mergeInsertions } from "./insert-merge.ts";
import type { Item } from "./item.ts";
import { runListGrid } from "./list-kernel.ts";
import { haveLevelRules, kindNumber } from "./meet.ts";
import { valueIdentity } from "./value-identity.ts";

/**
 * Merges what two sides did to one field of one object, with the result of the grid. `step` is the length of the path that all
 * instructions are known to have in common.
 *
 * @throws MergeError
 */
export function mergeField(locals: readonly Item[], incoming: readonly Item[], context: GridContext, step = 0): void {
  // An observer wants to see every meeting.
  if (locals.length * incoming.length <= context.tuning.gridUpTo || context.observe !== undefined) {
    runGrid(locals, incoming, context);
    return;
  }
  const ours = profileOf(locals, step);
  const theirs = profileOf(incoming, step);
  const oneDepth = ours.shallowest === theirs.deepest && ours.deepest === theirs.shallowest;
  if (oneDepth && !haveLevelRules(ours.kinds, theirs.kinds)) return;
  // Where no list is edited at this step and nothing works on the container itself, different elements never meet with effect.
  const elementsStay = !ours.editsList && !theirs.editsList;
  if (elementsStay && Math.min(ours.shallowest, theirs.shallowest) > step) mergeByElement(locals, incoming, context, step);
  else mergeInRuns(locals, incoming, context, step);
}

interface Profile {
  /** The kinds that occur, as bits. */
  readonly kinds: number;
  /** Lengths of paths. */
  readonly shallowest: number;
  readonly deepest: number;
  /** Whether elements of the list at this step are inserted, moved or erased, so that indices shift. */
  readonly editsList: boolean;
}

function profileOf(items: readonly Item[], step: number): Profile {
  let kinds = 0;
  let shallowest = Infinity;
  let deepest = 0;
  let editsList = false;
  for (const item of items) {
    const { kind } = item.instruction;
    const { length } = item.path;
    kinds |= 1 << kindNumber[kind];
    shallowest = Math.min(shallowest, length);
    deepest = Math.max(deepest, length);
    if (length === step + 1 && (kind === "ArrayInsert" || kind === "ArrayMove" || kind === "ArrayErase")) editsList = true;
  }
  return { kinds, shallowest, deepest, editsList };
}

function mergeByElement(locals: readonly Item[], incoming: readonly Item[], context: GridContext, step: number): void {
  const elementOf = (item: Item): PathElement | undefined => item.path[step];
  const others = Map.groupBy(incoming, elementOf);
  for (const [element, ours] of Map.groupBy(locals, elementOf)) {
    const theirs = others.get(element);
    if (theirs !== undefined) mergeField(ours, theirs, context, step + 1);
  }
}

/**
 * Cuts both sides into runs of one kind of work and merges each pair of runs in the cheapest way. Cutting changes nothing: what two
 * instructions do to each other depends only on whom each of them met before, and that order is kept (merge-rules §12.2).
 */
function mergeInRuns(locals: readonly Item[], incoming: readonly Item[], context: GridContext, step: number): void {
  const ours = cutIntoRuns(locals, step);
  const theirs = cutIntoRuns(incoming, step);
  if (ours.length * theirs.length * context.tuning.meetingsPerBlock > locals.length * incoming.length) {
    runGrid(locals, incoming, context);
    return;
  }
  for (const run of ours) for (const other of theirs) mergeRuns(run, other, context, step);
}

function mergeRuns(ours: Run, theirs: Run, context: GridContext, step: number): void {
  if (ours.work === "members" && theirs.work === "members" && !(context.meeting.referenceQuirks && ours.erases && theirs.erases)) {
    mergeByMember(ours.items, theirs.items, context);
  } else if (ours.work === "list" && theirs.work === "list" && mergeList(ours.items, theirs.items, context.tuning)) {
    return;
  } else if (ours.work === "elements" && theirs.work === "elements") {
    mergeByElement(ours.items, theirs.items, context, step);
  } else runGrid(ours.items, theirs.items, context);
}

interface Run {
  /**
   * What all of it does at the current step: operations on the elements of a list, work on or inside elements without shifting them,
   * insertions and erasures in a set, or other work on the container itself.
   */
  readonly work: "list" | "elements" | "members" | "container";
  readonly items: Item[];
  /** Whether something in it erases a member of a set. */
  erases: boolean;
}

function cutIntoRuns(items: readonly Item[], step: number): Run[] {
  const runs: Run[] = [];
  let current: Run | undefined;
  for (const item of items) {
    const work = workOf(item, step);
    if (current === undefined || current.work !== work) {
      current = { work, items: [], erases: false };
      runs.push(current);
    }
    current.items.push(item);
    if (item.instruction.kind === "SetErase") current.erases = true;
  }
  return runs;
}

function workOf(item: Item, step: number): Run["work"] {
  const { kind } = item.instruction;
  if (item.path.length === step) return kind === "SetInsert" || kind === "SetErase" ? "members" : "container";
  return item.path.length === step + 1 && operationOf(item) !== undefined ? "list" : "elements";
}

/** Different members of a set never meet with effect. */
function mergeByMember(locals: readonly Item[], incoming: readonly Item[], context: GridContext): void {
  const others = Map.groupBy(incoming, memberOf);
  for (const [member, ours] of Map.groupBy(locals, memberOf)) {
    const theirs = others.get(member);
    if (member !== undefined && theirs !== undefined) runGrid(ours, theirs, context);
  }
}

const memberOf = ({ instruction }: Item): string | undefined =>
  instruction.kind === "SetInsert" || instruction.kind === "SetErase" ? valueIdentity(instruction.value) : undefined;

/** Returns false, with nothing altered, when the rules proper must do it: where they are likely to find something wrong. */
function mergeList(locals: readonly Item[], incoming: readonly Item[], tuning: Tuning): boolean {
  const pair = FlatList.pair(locals, incoming);
  if (pair === undefined) return false;
  const [ours, theirs] = pair;
  if (ours.onlyInserts && theirs.onlyInserts && ours.length * theirs.length >= tuning.treesFrom) mergeInsertions(ours, theirs);
  else runListGrid(ours, theirs);
  ours.writeBack();
  theirs.writeBack();
  return true;
}
