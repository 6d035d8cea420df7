import type { EraseColumn, SchemaInstruction } from "../changeset/model.ts";
import type { ConflictIndex } from "./conflict-index.ts";
import { type GridContext, runGrid } from "./grid.ts";
import type { Item } from "./item.ts";
import { mergeField } from "./field-merge.ts";
import { cutIntoRuns } from "./runs.ts";

/**
 * Lets meet what can meet with effect, in groups that have nothing to do with each other, each in the order of the grid.
 *
 * @returns the incoming instructions that rule T4 added.
 * @throws MergeError
 */
export function solve(index: ConflictIndex, context: GridContext): Item<EraseColumn>[] {
  const affected = index.destructive ? affectedTables(index) : undefined;
  const added =
    affected === undefined ? [] : mergeAffected(index.inTables("local", affected), index.inTables("incoming", affected), context);
  mergeSchema(index, affected, context);
  for (const { table, local, incoming } of index.metObjects) {
    if (affected === undefined || !affected.has(table)) mergeObject(local, incoming, context);
  }
  return added;
}

/**
 * Merges all that was done to the affected classes. Schema instructions meet everything; between two of them, each object is on its own. What
 * rule T4 adds takes its place in the run of the instruction it stands before, and so meets what is still to come.
 */
function mergeAffected(locals: readonly Item[], incoming: readonly Item[], context: GridContext): Item<EraseColumn>[] {
  const added: Item<EraseColumn>[] = [];
  const isAboutObject = (item: Item): boolean => item.object !== undefined;
  const theirs = cutIntoRuns(incoming, isAboutObject);
  for (const run of cutIntoRuns(locals, isAboutObject)) {
    for (const other of theirs) {
      if (run.sort && other.sort) {
        mergeObjects(run.items, other.items, context);
        continue;
      }
      for (const { item, before } of runGrid(run.items, other.items, context)) {
        const items = item.origin.side === "local" ? run.items : other.items;
        items.splice(items.indexOf(before), 0, item);
        if (item.origin.side === "incoming") added.push(item);
      }
    }
  }
  return added;
}

function mergeObjects(locals: readonly Item[], incoming: readonly Item[], context: GridContext): void {
  const others = Map.groupBy(incoming, (item) => item.object);
  for (const [object, ours] of Map.groupBy(locals, (item) => item.object)) {
    const theirs = others.get(object);
    if (theirs !== undefined) mergeObject(ours, theirs, context);
  }
}

/**
 * The classes in which instructions on different objects, or on schema and objects, can meet: those that are erased or lose a column,
 * and those that gain a column of links to an erased class (rule T4).
 */
function affectedTables({ schema }: ConflictIndex): Set<string> {
  const all = [...schema.local, ...schema.incoming].map(({ instruction }) => instruction);
  const erased = new Set(all.filter(({ kind }) => kind === "EraseTable").map(({ table }) => table));
  const affected = new Set(erased);
  for (const instruction of all) {
    if (instruction.kind === "EraseColumn") affected.add(instruction.table);
    if (instruction.kind === "AddColumn" && instruction.linkTarget !== undefined && erased.has(instruction.linkTarget))
      affected.add(instruction.table);
  }
  return affected;
}

/** Additions of classes and columns only meet additions to the same class. */
function mergeSchema({ schema }: ConflictIndex, affected: ReadonlySet<string> | undefined, context: GridContext): void {
  if (schema.local.length === 0 || schema.incoming.length === 0) return;
  const locals = byTable(schema.local);
  for (const [table, incoming] of byTable(schema.incoming)) {
    const local = locals.get(table);
    if (local !== undefined && affected?.has(table) !== true) runGrid(local, incoming, context);
  }
}

const byTable = (items: readonly Item<SchemaInstruction>[]): Map<string, Item<SchemaInstruction>[]> =>
  Map.groupBy(items, (item) => item.instruction.table);

/**
 * Instructions on one object only meet those on the same field, unless the object is erased or created: each side is cut into work inside
 * the object and the rest.
 */
function mergeObject(locals: readonly Item[], incoming: readonly Item[], context: GridContext): void {
  const { gridUpTo, meetingsPerBlock } = context.tuning;
  const meetings = locals.length * incoming.length;
  const isInside = (item: Item): boolean => item.field !== undefined;
  const ours = meetings <= gridUpTo ? [] : cutIntoRuns(locals, isInside);
  const theirs = meetings <= gridUpTo ? [] : cutIntoRuns(incoming, isInside);
  if (meetings <= gridUpTo || ours.length * theirs.length * meetingsPerBlock > meetings) {
    runGrid(locals, incoming, context);
    return;
  }
  for (const run of ours) {
    for (const other of theirs) {
      if (run.sort && other.sort) mergeFields(run.items, other.items, context);
      else runGrid(run.items, other.items, context);
    }
  }
}

function mergeFields(locals: readonly Item[], incoming: readonly Item[], context: GridContext): void {
  const others = Map.groupBy(incoming, (item) => item.field);
  for (const [field, ours] of Map.groupBy(locals, (item) => item.field)) {
    const theirs = others.get(field);
    if (theirs !== undefined) mergeField(ours, theirs, context);
  }
}
