import type { Instruction, ObjectKey, SchemaInstruction } from "../changeset/model.ts";
import { bySequence, Item, type MergingChangeset, type ObjectIdentity, type Side } from "./item.ts";

/** An object that at least the indexed side mentions, with what either side does to it, in order. */
export class ConflictObject implements ObjectIdentity {
  readonly table: string;
  local: Item[] = [];
  incoming: Item[] = [];

  constructor(table: string) {
    this.table = table;
  }

  /** Forgets the local side, and of the incoming one what is gone. */
  endWindow(): void {
    this.local = [];
    if (this.incoming.some((item) => item.discarded)) this.incoming = this.incoming.filter((item) => !item.discarded);
  }
}

/**
 * Finds the instructions that can meet with effect: one side is indexed by class and key, the other looks its objects up
 * (merge-rules §13.3). What no object of the index knows stays untouched and costs two look-ups.
 */
export class ConflictIndex {
  schema: Record<Side, Item<SchemaInstruction>[]> = { local: [], incoming: [] };
  private readonly tables = new Map<string, Map<string, ConflictObject>>();
  /** Objects with local instructions, and those of them that both sides mention. */
  private withLocal: ConflictObject[] = [];
  private met: ConflictObject[] = [];

  /** Whether some side erases classes or columns, so that instructions can meet across objects. */
  get destructive(): boolean {
    return isDestructive(this.schema.local) || isDestructive(this.schema.incoming);
  }

  /** The objects that both sides mention. */
  get metObjects(): readonly ConflictObject[] {
    return this.met;
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
        const { table, key } = instruction;
        if (table !== lastTable || (key !== lastKey && key.text !== lastKey?.text)) object = this.find(table, key, create);
        lastTable = table;
        lastKey = key;
        if (object !== undefined) this.note(object, new Item(instruction, changeset, at, object));
      }
    }
  }

  /** Everything one side does in these classes, in order. Complete only for sides added with `create`. */
  inTables(side: Side, tables: ReadonlySet<string>): Item[] {
    const items: Item[] = this.schema[side].filter((item) => tables.has(item.instruction.table));
    for (const table of tables) {
      for (const object of this.tables.get(table)?.values() ?? []) for (const item of object[side]) items.push(item);
    }
    return items.sort(bySequence);
  }

  /** Takes note of incoming schema instructions that the merge itself added. */
  addIncomingSchema(added: readonly Item<SchemaInstruction>[]): void {
    if (added.length > 0) this.schema.incoming = [...this.schema.incoming, ...added].sort(bySequence);
  }

  /** Forgets the local side; the incoming one stays as it is now. */
  endWindow(): void {
    for (const object of this.withLocal) object.endWindow();
    this.withLocal = [];
    this.met = [];
    this.schema = { local: [], incoming: this.schema.incoming.filter((item) => !item.discarded) };
  }

  private note(object: ConflictObject, item: Item): void {
    const { side } = item.origin;
    object[side].push(item);
    if (object[side].length > 1) return;
    if (side === "local") this.withLocal.push(object);
    if (object.local.length > 0 && object.incoming.length > 0) this.met.push(object);
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
