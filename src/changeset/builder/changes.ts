import { encodeChangeset } from "../encode.ts";
import type { Instruction, Payload } from "../model.ts";
import { ChangeError } from "./change-error.ts";
import { type ClassShape, columnOf, type FieldShape, type FindClass, type KnownClass, type KnownColumn } from "./shape.ts";
import { type Fields, type KeyValue, payloadOf, type ScalarValue, type Value } from "./values.ts";
import { ChangeWriter, type Collection, placeOf, type Where } from "./writer.ts";

export { ChangeError } from "./change-error.ts";
export * from "./shape.ts";
export * from "./values.ts";
export type { Where } from "./writer.ts";

/** For a list that was not made in the same builder: its size just before this change, dangling links counted. Needed once for a list. */
export interface ListOptions {
  readonly priorSize?: number;
}

const maxClassNameBytes = 57;
const maxFieldNameBytes = 63;
const utf8 = new TextEncoder();

/**
 * Writes the instructions of one transaction by class, key and field, as an SDK would record them (changeset-format §9.4).
 *
 * Classes that were declared here or are found by `findClass` give values their types and are checked; others are taken on trust. All
 * methods raise `ChangeError` where a change is not possible; the builder is then of no further use, as the change may be half written.
 */
export class ChangesetBuilder {
  private readonly declared = new Map<string, KnownClass | undefined>();
  private readonly writer: ChangeWriter;

  constructor(findClass: FindClass = () => undefined) {
    this.writer = new ChangeWriter((name) => (this.declared.has(name) ? this.declared.get(name) : findClass(name)));
  }

  /** The instructions so far. */
  get instructions(): readonly Instruction[] {
    return this.writer.instructions;
  }

  /** The changeset's bytes. */
  encode(): Uint8Array {
    return encodeChangeset(this.instructions);
  }

  /** Declares a class and its fields. A field that links to a class of the same transaction comes after that class: see `addField`. */
  addClass(name: string, shape: ClassShape): this {
    checkName(name, name, maxClassNameBytes);
    if (shape.kind === "Embedded") {
      this.write({ kind: "AddTable", table: name, tableType: "Embedded" });
      this.declared.set(name, { tableType: "Embedded", columns: [] });
    } else {
      const { name: keyField = "_id", type: keyType, nullable: keyNullable = false } = shape.key;
      const tableType = shape.kind ?? "TopLevel";
      this.write({ kind: "AddTable", table: name, tableType, keyField, keyType, keyNullable });
      this.declared.set(name, { tableType, keyType, columns: [] });
    }
    for (const [field, fieldShape] of Object.entries(shape.fields ?? {})) this.addField(name, field, fieldShape);
    return this;
  }

  /** Adds a field to a class; existing objects get its default. */
  addField(table: string, field: string, shape: FieldShape): this {
    checkName(`${table}.${field}`, field, maxFieldNameBytes);
    const column = columnOf(field, shape);
    this.changeColumns(table, (columns) => [...columns.filter((known) => known.field !== field), column]);
    return this.write({ kind: "AddColumn", table, ...column });
  }

  /** Removes a field with all its values. */
  removeField(table: string, field: string): this {
    this.changeColumns(table, (columns) => columns.filter((known) => known.field !== field));
    return this.write({ kind: "EraseColumn", table, field });
  }

  /** Removes a class with all its objects. No other class may link to it any more. */
  removeClass(table: string): this {
    this.declared.set(table, undefined);
    return this.write({ kind: "EraseTable", table });
  }

  /**
   * Creates an object that does not exist yet (for one that does, the tracked list sizes would be wrong: use `set`).
   *
   * @param defaults values that yield to what others set concurrently; null defaults of links and dictionaries are left out, as SDKs do.
   */
  create(table: string, key: KeyValue, fields: Fields = {}, defaults: Fields = {}): this {
    const { writer } = this;
    const objectKey = writer.keyIn(table, key);
    this.write({ kind: "CreateObject", table, key: objectKey });
    writer.begin(table, objectKey);
    for (const [field, value] of Object.entries(defaults)) {
      if (Object.hasOwn(fields, field)) continue;
      const target = writer.target(table, key, field);
      const silent = value === null && (target.slot?.kind === "Dictionary" || target.slot?.of.type === "Link");
      if (!silent) writer.assign(target, value, true);
    }
    for (const [field, value] of Object.entries(fields)) this.set(table, key, field, value);
    return this;
  }

  /** Deletes an object. Links to it are not followed: take away first those that you know, as SDKs do. */
  delete(table: string, key: KeyValue): this {
    const objectKey = this.writer.keyIn(table, key);
    this.writer.forget(table, objectKey);
    return this.write({ kind: "EraseObject", table, key: objectKey });
  }

  /** Sets a field, list element, dictionary entry or field of an embedded object; collections are replaced as a whole. */
  set(table: string, key: KeyValue, where: Where, value: Value, options: ListOptions = {}): this {
    const target = this.writer.target(table, key, where);
    if (target.parent !== undefined && typeof target.path.at(-1) === "number" && options.priorSize !== undefined) {
      target.parent.size = options.priorSize;
    }
    this.writer.assign(target, value, false);
    return this;
  }

  /** Adds to an integer; concurrent increments add up. */
  increment(table: string, key: KeyValue, where: Where, by: number | bigint): this {
    const { writer } = this;
    const target = writer.target(table, key, where);
    const type = target.slot?.of.type;
    if (type !== undefined && type !== "Int" && type !== "Mixed") throw writer.error(target, `a ${type} cannot be incremented`);
    const payload: Payload | undefined = payloadOf(by, "Int");
    if (payload?.type !== "Int") throw writer.error(target, "the increment must be an integer of 64 bits");
    return this.write({ kind: "AddInteger", ...placeOf(target), value: payload.value });
  }

  /** Inserts an element into a list, at 0 … size or at the end. */
  insert(table: string, key: KeyValue, where: Where, index: number | "end", value: Value, options: ListOptions = {}): this {
    const { writer } = this;
    const list = writer.collection(table, key, where, "List");
    const size = writer.sizeOf(list, options.priorSize);
    const at = index === "end" ? size : index;
    if (!Number.isInteger(at) || at < 0 || at > size) throw writer.error(list, `no place ${at} in a list of ${size}`);
    writer.insertAt(list, at, size, value);
    return this;
  }

  /** Moves an element so that it ends up at `to`. */
  move(table: string, key: KeyValue, where: Where, from: number, to: number, options: ListOptions = {}): this {
    const { writer } = this;
    const list = writer.collection(table, key, where, "List");
    const size = writer.sizeOf(list, options.priorSize);
    writer.requireElement(list, from, size);
    writer.requireElement(list, to, size);
    if (from !== to) writer.moveTo(list, from, to, size);
    return this;
  }

  /** Removes an element from a list. */
  remove(table: string, key: KeyValue, where: Where, index: number, options: ListOptions = {}): this {
    const { writer } = this;
    const list = writer.collection(table, key, where, "List");
    const size = writer.sizeOf(list, options.priorSize);
    writer.requireElement(list, index, size);
    writer.eraseAt(list, index, size);
    return this;
  }

  /** Adds a member to a set. */
  add(table: string, key: KeyValue, where: Where, value: ScalarValue): this {
    const set = this.writer.collection(table, key, where, "Set");
    this.writer.addMember(set, value);
    return this;
  }

  /** Takes a member out of a set. */
  discard(table: string, key: KeyValue, where: Where, value: ScalarValue): this {
    const set = this.writer.collection(table, key, where, "Set");
    return this.write({ kind: "SetErase", ...placeOf(set), value: this.writer.scalar(set, value) });
  }

  /** Puts an entry into a dictionary. */
  put(table: string, key: KeyValue, where: Where, name: string, value: Value): this {
    this.writer.putEntry(this.writer.collection(table, key, where, "Dictionary"), name, value);
    return this;
  }

  /** Takes an entry out of a dictionary. */
  erase(table: string, key: KeyValue, where: Where, name: string): this {
    const entry = this.writer.entry(this.writer.collection(table, key, where, "Dictionary"), name);
    entry.extent.renew();
    return this.write({ kind: "Update", ...placeOf(entry), value: { type: "Erased" }, isDefault: false });
  }

  /** Empties a collection; nothing when it is known to be empty. For one in a Mixed the kind must be said. */
  clear(table: string, key: KeyValue, where: Where, kind?: Collection): this {
    const target = this.writer.target(table, key, where);
    const own = target.slot?.kind;
    const meant = own === undefined || own === "value" ? kind : own;
    if (meant === undefined || (kind !== undefined && kind !== meant))
      throw this.writer.error(target, "say which kind of collection this is");
    this.writer.clear(target, meant);
    return this;
  }

  private write(instruction: Instruction): this {
    this.writer.instructions.push(instruction);
    return this;
  }

  private changeColumns(table: string, change: (columns: readonly KnownColumn[]) => readonly KnownColumn[]): void {
    const known = this.writer.findClass(table);
    if (known !== undefined) this.declared.set(table, { ...known, columns: change(known.columns) });
  }
}

function checkName(place: string, name: string, maxBytes: number): void {
  const length = utf8.encode(name).length;
  if (length === 0 || length > maxBytes) throw new ChangeError(place, `a name must have 1 to ${maxBytes} bytes`);
}
