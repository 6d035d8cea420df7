import type { PathElement } from "../changeset/model.ts";
import { FlatList, operationOf } from "./flat-list.ts";
import { type GridContext, runGrid, type Tuning } from "./grid.ts";
import { mergeInsertions } from "./insert-merge.ts";
import type { Item } from "./item.ts";
import { runListGrid } from "./list-kernel.ts";
import { haveLevelRules, kindNumber } from "./meet.ts";
import { cutIntoRuns, type Run } from "./runs.ts";
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

/** Merges each pair of runs of one kind of work in the cheapest way. */
function mergeInRuns(locals: readonly Item[], incoming: readonly Item[], context: GridContext, step: number): void {
  const sortOf = (item: Item): Work => workOf(item, step);
  const ours = cutIntoRuns(locals, sortOf);
  const theirs = cutIntoRuns(incoming, sortOf);
  if (ours.length * theirs.length * context.tuning.meetingsPerBlock > locals.length * incoming.length) {
    runGrid(locals, incoming, context);
    return;
  }
  for (const run of ours) for (const other of theirs) mergeRuns(run, other, context, step);
}

function mergeRuns(ours: Run<Work>, theirs: Run<Work>, context: GridContext, step: number): void {
  if (ours.sort === "members" && theirs.sort === "members" && !(context.meeting.referenceQuirks && erases(ours) && erases(theirs))) {
    mergeByMember(ours.items, theirs.items, context);
  } else if (ours.sort === "list" && theirs.sort === "list" && mergeList(ours.items, theirs.items, context.tuning)) {
    return;
  } else if (ours.sort === "elements" && theirs.sort === "elements") {
    mergeByElement(ours.items, theirs.items, context, step);
  } else runGrid(ours.items, theirs.items, context);
}

/**
 * What an instruction does at the current step: an operation on the elements of a list, work on or inside elements without shifting them,
 * insertion into or erasure from a set, or other work on the container itself.
 */
type Work = "list" | "elements" | "members" | "container";

function workOf(item: Item, step: number): Work {
  const { kind } = item.instruction;
  if (item.path.length === step) return kind === "SetInsert" || kind === "SetErase" ? "members" : "container";
  return item.path.length === step + 1 && operationOf(item) !== undefined ? "list" : "elements";
}

const erases = ({ items }: Run<Work>): boolean => items.some(({ instruction }) => instruction.kind === "SetErase");

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
