import type { EraseColumn, SchemaInstruction } from "../changeset/model.ts";
import type { ConflictIndex, ConflictObject } from "./conflict-index.ts";
import { type GridContext, runGrid } from "./grid.ts";
import type { Item } from "./item.ts";
import { mergeField } from "./field-merge.ts";

/**
 * Lets meet what can meet with effect, in groups that have nothing to do with each other, each in the order of the grid.
 *
 * @returns the incoming instructions that rule T4 added.
 * @throws MergeError
 */
export function solve(index: ConflictIndex, context: GridContext): Item<EraseColumn>[] {
  const affected = index.destructive ? affectedTables(index) : undefined;
  const added = affected === undefined ? [] : runGrid(index.inTables("local", affected), index.inTables("incoming", affected), context);
  mergeSchema(index, affected, context);
  for (const object of index.metObjects) {
    if (affected === undefined || !affected.has(object.table)) mergeObject(object, context);
  }
  return added;
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
 * Instructions on one object only meet those on the same field, unless the object is erased or created. Both sides are therefore cut into
 * runs of work inside the object and of the rest; that changes nothing, since each pair still meets after the same others.
 */
function mergeObject(object: ConflictObject, context: GridContext): void {
  const { gridUpTo, meetingsPerBlock } = context.tuning;
  const meetings = object.local.length * object.incoming.length;
  const ours = meetings <= gridUpTo ? [] : cutByDepth(object.local);
  const theirs = meetings <= gridUpTo ? [] : cutByDepth(object.incoming);
  if (meetings <= gridUpTo || ours.length * theirs.length * meetingsPerBlock > meetings) {
    runGrid(object.local, object.incoming, context);
    return;
  }
  for (const run of ours) {
    for (const other of theirs) {
      if (run.inside && other.inside) mergeFields(run.items, other.items, context);
      else runGrid(run.items, other.items, context);
    }
  }
}

interface ObjectRun {
  /** Whether all of it works inside the object. */
  readonly inside: boolean;
  readonly items: Item[];
}

function cutByDepth(items: readonly Item[]): ObjectRun[] {
  const runs: ObjectRun[] = [];
  let current: ObjectRun | undefined;
  for (const item of items) {
    const inside = item.field !== undefined;
    if (current === undefined || current.inside !== inside) {
      current = { inside, items: [] };
      runs.push(current);
    }
    current.items.push(item);
  }
  return runs;
}

function mergeFields(locals: readonly Item[], incoming: readonly Item[], context: GridContext): void {
  const others = Map.groupBy(incoming, (item) => item.field);
  for (const [field, ours] of Map.groupBy(locals, (item) => item.field)) {
    const theirs = others.get(field);
    if (theirs !== undefined) mergeField(ours, theirs, context);
  }
}
