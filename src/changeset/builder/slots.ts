import type { ColumnType, Path } from "../model.ts";
import type { FindClass, KnownColumn } from "./shape.ts";

/** The type of a single value. */
export interface ValueType {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly linkTarget?: string;
}

/** What stands at a place: a value, or a collection of values as a field of its own. */
export interface Slot {
  readonly kind: "value" | "List" | "Dictionary" | "Set";
  readonly of: ValueType;
}

const mixed: Slot = { kind: "value", of: { type: "Mixed", nullable: true } };

const slotOf = (column: KnownColumn): Slot => ({ kind: column.collection === "Single" ? "value" : column.collection, of: column });

/**
 * The slot that a field and path lead to; undefined where a class on the way is not known.
 *
 * @throws RangeError saying what on the way does not exist.
 */
export function slotAt(findClass: FindClass, table: string, field: string, path: Path): Slot | undefined {
  let slot = fieldSlot(findClass, table, field);
  for (const element of path) {
    if (slot === undefined) return undefined;
    slot = step(findClass, slot, element);
  }
  return slot;
}

function fieldSlot(findClass: FindClass, table: string, field: string): Slot | undefined {
  const owner = findClass(table);
  if (owner === undefined) return undefined;
  const column = owner.columns.find((candidate) => candidate.field === field);
  if (column === undefined) throw new RangeError(`class ${table} has no field ${field}`);
  return slotOf(column);
}

function step(findClass: FindClass, slot: Slot, element: string | number): Slot | undefined {
  const { kind, of } = slot;
  if (kind === "List" && typeof element === "number") return { kind: "value", of };
  if (kind === "Dictionary" && typeof element === "string") return { kind: "value", of };
  if (kind === "value" && of.type === "Mixed") return mixed;
  if (kind === "value" && of.type === "Link" && typeof element === "string") return fieldSlot(findClass, of.linkTarget ?? "", element);
  throw new RangeError(`nothing can be at ${JSON.stringify(element)} in a ${kind === "value" ? of.type : kind}`);
}
