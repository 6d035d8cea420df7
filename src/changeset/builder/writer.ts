import type { CollectionKind, Instruction, ObjectKey, Path, PathElement, Payload, Place, Scalar } from "../model.ts";
import { ChangeError } from "./change-error.ts";
import { Extent } from "./extent.ts";
import type { FindClass } from "./shape.ts";
import { type Slot, slotAt } from "./slots.ts";
import { EmbeddedValue, type KeyValue, keyOf, payloadOf, type ScalarValue, type Value } from "./values.ts";

/** A place in an object: a field, or a field and the way down from it (list indexes, dictionary keys, fields of embedded objects). */
export type Where = string | readonly [field: string, ...path: PathElement[]];

export type Collection = Exclude<CollectionKind, "Single">;

/** A place with all that is known of it. */
export interface Target extends Place {
  /** Undefined where a class on the way is not known. */
  readonly slot: Slot | undefined;
  readonly extent: Extent;
  /** Extent of the collection or object that holds the place; undefined for a field of the top-level object. */
  readonly parent: Extent | undefined;
}

const maxDepth = 100;
const objectValue: Payload = { type: "ObjectValue" };

/** The part of the builder that knows places and values: checks them, follows the sizes of lists, and writes the instructions. */
export class ChangeWriter {
  readonly instructions: Instruction[] = [];
  readonly findClass: FindClass;
  private readonly extents = new Map<string, Extent>();

  constructor(findClass: FindClass) {
    this.findClass = findClass;
  }

  /** The key of an object of this class. */
  keyIn(table: string, key: KeyValue): ObjectKey {
    const owner = this.findClass(table);
    if (owner?.tableType === "Embedded") throw new ChangeError(table, "objects of an embedded class have no key");
    const objectKey = keyOf(key, owner?.keyType);
    if (objectKey === undefined) throw new ChangeError(table, `not a key of type ${owner?.keyType ?? "String or Int"}`);
    return objectKey;
  }

  /** An object comes into being: all its collections are empty. */
  begin(table: string, key: ObjectKey): void {
    this.extents.set(extentName(table, key), new Extent(true));
  }

  forget(table: string, key: ObjectKey): void {
    this.extents.delete(extentName(table, key));
  }

  target(table: string, key: KeyValue, where: Where): Target {
    const objectKey = this.keyIn(table, key);
    const [field, ...path] = typeof where === "string" ? [where] : where;
    const place = { table, key: objectKey, field, path };
    if (path.length > maxDepth) throw this.error(place, "deeper than collections can be nested");
    let parent: Extent | undefined;
    let extent = this.extentOf(table, objectKey).child(field);
    for (const element of path) [parent, extent] = [extent, extent.child(element)];
    return { ...place, slot: this.slot(place), extent, parent };
  }

  /** A place that holds a collection of this kind, as a field or in a Mixed. */
  collection(table: string, key: KeyValue, where: Where, kind: Collection): Target {
    const target = this.target(table, key, where);
    const { slot } = target;
    const fits = slot === undefined || slot.kind === kind || (isMixed(slot) && kind !== "Set");
    if (!fits) throw this.error(target, `is no ${kind}`);
    return target;
  }

  entry(dictionary: Target, name: string): Target {
    if (name.startsWith("$") || name.includes(".")) throw this.error(dictionary, "dictionary keys must not start with $ nor contain a dot");
    return this.below(dictionary, name);
  }

  /** The size of a list before the change that is to be written. */
  sizeOf(list: Target, given?: number): number {
    if (given !== undefined) {
      if (given !== given >>> 0) throw this.error(list, `${given} is no list size`);
      list.extent.size = given;
    }
    return list.extent.size ?? this.unknownSize(list);
  }

  requireElement(list: Place, index: number, size: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= size) throw this.error(list, `no element ${index} in a list of ${size}`);
  }

  /** Writes a value into a place, in all its instructions. */
  assign(target: Target, value: Value, isDefault: boolean): void {
    if (value instanceof EmbeddedValue) {
      this.assignEmbedded(target, value);
      return;
    }
    const kind = collectionOf(value);
    if (kind !== undefined) {
      this.assignCollection(target, kind, value, isDefault);
      return;
    }
    const { slot } = target;
    if (slot !== undefined && slot.kind !== "value") throw this.error(target, `takes a ${slot.kind}, not a single value`);
    this.update(target, this.scalar(target, asScalar(value)), isDefault);
    target.extent.renew();
  }

  putEntry(dictionary: Target, name: string, value: Value): void {
    this.assign(this.entry(dictionary, name), value, false);
    dictionary.extent.size = undefined;
  }

  addMember(set: Target, value: ScalarValue | undefined): void {
    this.instructions.push({ kind: "SetInsert", ...placeOf(set), value: this.scalar(set, value) });
    set.extent.size = undefined;
  }

  insertAt(list: Target, index: number, priorSize: number, value: Value): void {
    const element: Target = { ...list, path: [...list.path, index], slot: list.slot && elementSlot(list.slot), extent: new Extent(true) };
    const kind = value instanceof EmbeddedValue ? undefined : collectionOf(value);
    if (value instanceof EmbeddedValue) this.requireEmbedding(element);
    if (kind !== undefined) this.requireNesting(element, kind);
    const payload =
      value instanceof EmbeddedValue ? objectValue : kind === undefined ? this.scalar(element, asScalar(value)) : { type: kind };
    this.instructions.push({ kind: "ArrayInsert", ...placeOf(element), value: payload, priorSize });
    list.extent.inserted(index).renew();
    if (value instanceof EmbeddedValue) this.fillEmbedded(this.below(list, index), value);
    else if (kind !== undefined) this.fill(this.below(list, index), value);
  }

  moveTo(list: Target, from: number, to: number, priorSize: number): void {
    this.instructions.push({ kind: "ArrayMove", ...placeOf(list), path: [...list.path, from], destination: to, priorSize });
    list.extent.moved(from, to);
  }

  eraseAt(list: Target, index: number, priorSize: number): void {
    this.instructions.push({ kind: "ArrayErase", ...placeOf(list), path: [...list.path, index], priorSize });
    list.extent.removed(index);
  }

  /** Clears a collection unless it is known to be empty. */
  clear(target: Target, collection: Collection): void {
    if (target.extent.size === 0) return;
    this.instructions.push({ kind: "Clear", ...placeOf(target), collection });
    target.extent.renew();
  }

  /** The payload of a single value that fits the place. */
  scalar(target: Target, value: ScalarValue | undefined): Payload {
    const of = target.slot?.of;
    const payload = value === undefined ? undefined : payloadOf(value, of?.type);
    if (payload === undefined) {
      const wanted = of === undefined || of.type === "Mixed" ? "single value (integers have 64 bits)" : of.type;
      throw this.error(target, `the value is no ${wanted}`);
    }
    if (payload.type === "Null" && of !== undefined && !of.nullable) throw this.error(target, "is not nullable");
    return payload.type === "Link" ? this.checkedLink(target, payload) : payload;
  }

  error(place: Place, what: string): ChangeError {
    const steps = place.path.map((element) => `[${JSON.stringify(element)}]`).join("");
    return new ChangeError(`${place.table}[${place.key.text}].${place.field}${steps}`, what);
  }

  private checkedLink(target: Target, link: Extract<Scalar, { type: "Link" }>): Payload {
    const column = target.slot?.of;
    const expected = column?.type === "Link" ? (column.linkTarget ?? "") : "";
    if (expected !== "" && link.table !== expected) throw this.error(target, `links to ${expected}, not to ${link.table}`);
    const owner = this.findClass(link.table);
    if (owner?.tableType === "Embedded") throw this.error(target, `objects of ${link.table} are embedded and cannot be linked to`);
    const given = link.key.kind === "string" ? link.key.value : link.key;
    const key = keyOf(given, owner?.keyType);
    if (key === undefined) throw this.error(target, `objects of ${link.table} have keys of type ${owner?.keyType}`);
    return { type: "Link", table: link.table, key };
  }

  /** Assigning to a Mixed makes the collection, then clears what was there; a field that is a collection is only cleared. */
  private assignCollection(target: Target, kind: Collection, value: Value, isDefault: boolean): void {
    const { slot, extent } = target;
    // In unknown classes a field is taken for a collection of its own, everything below for a Mixed.
    if (slot === undefined ? target.path.length > 0 : isMixed(slot)) {
      this.requireNesting(target, kind);
      this.update(target, { type: kind }, isDefault);
      if (extent.blank) extent.renew();
    } else if (slot !== undefined && slot.kind !== kind) {
      throw this.error(target, `takes a ${slot.kind === "value" ? slot.of.type : slot.kind}, not a ${kind}`);
    }
    this.clear(target, kind);
    this.fill(target, value);
  }

  private assignEmbedded(target: Target, value: EmbeddedValue): void {
    this.requireEmbedding(target);
    const last = target.path.at(-1);
    if (typeof last === "number" && target.parent !== undefined) {
      const list: Target = { ...target, path: target.path.slice(0, -1), extent: target.parent };
      const size = this.sizeOf(list);
      this.requireElement(list, last, size);
      this.eraseAt(list, last, size);
      this.insertAt({ ...list, slot: this.slot(list) }, last, size - 1, value);
      return;
    }
    // Of an entry in a dictionary, ObjectValue replaces the object; elsewhere it would leave an existing one as it is.
    const inDictionary = last !== undefined && this.slot({ ...target, path: target.path.slice(0, -1) })?.kind === "Dictionary";
    if (!target.extent.blank && !inDictionary) this.update(target, { type: "Null" }, false);
    this.update(target, objectValue, false);
    target.extent.renew();
    this.fillEmbedded(target, value);
  }

  private fillEmbedded(target: Target, { fields }: EmbeddedValue): void {
    for (const [field, value] of Object.entries(fields)) this.assign(this.below(target, field), value, false);
  }

  /** Writes the content of a collection that is empty. */
  private fill(target: Target, value: Value): void {
    if (isList(value)) {
      let size = 0;
      for (const item of value) this.insertAt(target, size, size++, item);
    } else if (isDictionary(value)) {
      for (const [name, item] of value) this.putEntry(target, name, item);
    } else if (isSet(value)) {
      for (const item of value) this.addMember(target, asScalar(item));
    }
  }

  private update(target: Target, value: Payload, isDefault: boolean): void {
    const last = target.path.at(-1);
    if (typeof last !== "number") {
      // SDKs give the flag to fields of top-level objects only.
      this.instructions.push({ kind: "Update", ...placeOf(target), value, isDefault: isDefault && last === undefined });
      return;
    }
    const priorSize = target.parent?.size ?? this.unknownSize(target);
    this.requireElement(target, last, priorSize);
    this.instructions.push({ kind: "Update", ...placeOf(target), value, priorSize });
  }

  private requireEmbedding(target: Target): void {
    const { slot } = target;
    if (slot === undefined) return;
    const owner = this.findClass(slot.of.linkTarget ?? "");
    const fits = slot.kind === "value" && slot.of.type === "Link" && (owner === undefined || owner.tableType === "Embedded");
    if (!fits) throw this.error(target, "holds no embedded object");
  }

  private requireNesting(target: Target, kind: Collection): asserts kind is "List" | "Dictionary" {
    if (kind === "Set") throw this.error(target, "sets cannot nest in Mixed");
    if (target.slot !== undefined && !isMixed(target.slot)) throw this.error(target, `takes a ${target.slot.of.type}, not a ${kind}`);
  }

  private below(target: Target, element: PathElement): Target {
    const { table, key, field, extent } = target;
    const place = { table, key, field, path: [...target.path, element] };
    if (place.path.length > maxDepth) throw this.error(target, "deeper than collections can be nested");
    return { ...place, slot: this.slot(place), extent: extent.child(element), parent: extent };
  }

  private slot(place: Place): Slot | undefined {
    try {
      return slotAt(this.findClass, place.table, place.field, place.path);
    } catch (error) {
      if (error instanceof RangeError) throw this.error(place, error.message);
      throw error;
    }
  }

  private extentOf(table: string, key: ObjectKey): Extent {
    const name = extentName(table, key);
    const known = this.extents.get(name);
    if (known !== undefined) return known;
    const extent = new Extent(false);
    this.extents.set(name, extent);
    return extent;
  }

  private unknownSize(list: Place): never {
    throw this.error(list, "the size of this list is not known: give priorSize");
  }
}

const extentName = (table: string, key: ObjectKey): string => `${table}\0${key.text}`;
const isMixed = (slot: Slot): boolean => slot.kind === "value" && slot.of.type === "Mixed";
const elementSlot = ({ of }: Slot): Slot => ({ kind: "value", of });

/** The place alone, as instructions hold it. */
export const placeOf = ({ table, key, field, path }: Place): { table: string; key: ObjectKey; field: string; path: Path } => ({
  table,
  key,
  field,
  path,
});

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
const isDictionary = (value: Value): value is ReadonlyMap<string, Value> => value instanceof Map;
const isSet = (value: Value): value is ReadonlySet<Value> => value instanceof Set;

/** The kind of collection a value is; undefined for single values and embedded objects. */
function collectionOf(value: Value): Collection | undefined {
  if (isList(value)) return "List";
  if (isDictionary(value)) return "Dictionary";
  return isSet(value) ? "Set" : undefined;
}

const asScalar = (value: Value): ScalarValue | undefined =>
  isList(value) || isDictionary(value) || isSet(value) || value instanceof EmbeddedValue ? undefined : value;
