import type { Instruction, ObjectKey, SchemaInstruction } from "../changeset/model.ts";
import { bySequence, Item, type MergingChangeset, type ObjectIdentity, type Side } from "./item.ts";

/** An object that at least the indexed side mentions, with what either side does to it, in order. */
export class ConflictObject implements ObjectIdentity {
  readonly table: string;
  readonly local: Item[] = [];
  readonly incoming: Item[] = [];
  /** Whether one of the two erases it. */
  erased = false;

  constructor(table: string) {
    this.table = table;
  }
}

/**
 * Finds the instructions that can meet with effect: one side is indexed by class and key, the other looks its objects up
 * (merge-rules §13.3). What no object of the index knows stays untouched and costs two look-ups.
 */
export class ConflictIndex {
  readonly schema: Record<Side, Item<SchemaInstruction>[]> = { local: [], incoming: [] };
  private readonly tables = new Map<string, Map<string, ConflictObject>>();
  private met = new Set<ConflictObject>();

  /** Whether some side erases classes or columns, so that instructions can meet across objects. */
  get destructive(): boolean {
    return isDestructive(this.schema.local) || isDestructive(this.schema.incoming);
  }

  /**
   * Adds changesets of one side. With `create` every object they mention is indexed, otherwise only what is known already is noted.
   */
  add(changesets: readonly MergingChangeset[], create: boolean): void {
    let lastTable: string | undefined;
    let lastKey: ObjectKey | undefined;
    let object: ConflictObject | undefined;
    for (const changeset of changesets) {
      const { instructions, side } = changeset;
      for (let at = 0; at < instructions.length; at++) {
        const instruction = instructions[at]!;
        if (!isObjectLevel(instruction)) {
          this.schema[side].push(new Item(instruction, changeset, at, undefined));
          continue;
        }
        if (instruction.table !== lastTable || (instruction.key !== lastKey && instruction.key.text !== lastKey?.text)) {
          lastTable = instruction.table;
          object = this.find(instruction.table, instruction.key, create);
        }
        lastKey = instruction.key;
        if (object === undefined) continue;
        object[side].push(new Item(instruction, changeset, at, object));
        if (instruction.kind === "EraseObject") object.erased = true;
        if (object.local.length > 0 && object.incoming.length > 0) this.met.add(object);
      }
    }
  }

  /** The objects that both sides mention. */
  metObjects(): Iterable<ConflictObject> {
    return this.met;
  }

  /** Everything one side does in these classes, in order. */
  inTables(side: Side, tables: ReadonlySet<string>): Item[] {
    const items: Item[] = this.schema[side].filter((item) => tables.has(item.instruction.table));
    for (const table of tables) for (const object of this.tables.get(table)?.values() ?? []) items.push(...object[side]);
    return items.sort(bySequence);
  }

  private find(table: string, key: ObjectKey, create: boolean): ConflictObject | undefined {
    let objects = this.tables.get(table);
    if (objects === undefined) {
      if (!create) return undefined;
      objects = new Map();
      this.tables.set(table, objects);
    }
    let object = objects.get(key.text);
    if (object === undefined && create) {
      object = new ConflictObject(table);
      objects.set(key.text, object);
    }
    return object;
  }
}

const isObjectLevel = (instruction: Instruction): instruction is Exclude<Instruction, SchemaInstruction> => "key" in instruction;

const isDestructive = (items: readonly Item<SchemaInstruction>[]): boolean =>
  items.some(({ instruction }) => instruction.kind === "EraseTable" || instruction.kind === "EraseColumn");
