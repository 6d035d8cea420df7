import type {
  AddInteger,
  ArrayErase,
  ArrayInsert,
  ArrayMove,
  Clear,
  CollectionKind,
  PathInstruction,
  Payload,
  Scalar,
  SetErase,
  SetInsert,
  Update,
} from "../../changeset/model.ts";
import { admit, admitScalar, type Admitted } from "./admission.ts";
import { Refusal } from "./bad-changeset.ts";
import type { Column, ObjectRecord, ValueType } from "./classes.ts";
import { maxNesting, resolve, type Slot } from "./places.ts";
import { memberIdentity } from "./set-identity.ts";
import {
  costOf,
  defaultValue,
  emptyDictionary,
  emptyEmbedded,
  emptyList,
  emptySet,
  entryCost,
  type Stored,
  type StoredDictionary,
  type StoredSet,
} from "./values.ts";
import type { Workspace } from "./workspace.ts";

type FieldSlot = Extract<Slot, { kind: "field" }>;
type ElementSlot = Extract<Slot, { kind: "element" }>;
type EntrySlot = Extract<Slot, { kind: "entry" }>;

export const update = (workspace: Workspace, instruction: Update): void => {
  const slot = resolve(workspace, instruction);
  switch (slot.kind) {
    case "field":
      updateField(workspace, slot, instruction.value);
      return;
    case "element":
      updateElement(workspace, slot, instruction.value);
      return;
    case "entry":
      updateEntry(workspace, slot, instruction.value);
      return;
  }
};

const updateField = (workspace: Workspace, slot: FieldSlot, payload: Payload): void => {
  const { column, fields } = slot;
  if (column.collection !== "Single") throw new Refusal("CollectionNotAssignable", `${column.name} is a ${column.collection}`);
  const admitted = admit(workspace, payload, column, 1);
  const held = fields[column.id];
  if (!keepsWhatIsHeld(admitted, held)) putField(workspace, slot, storedFor(admitted));
};

const updateElement = (workspace: Workspace, slot: ElementSlot, payload: Payload): void => {
  const { list, index } = slot;
  const held = list.items[index];
  if (held === undefined) throw new Refusal("IndexOutOfRange", `index ${index} in a list of ${list.items.length}`);
  const admitted = admit(workspace, payload, slot.type, slot.level);
  if (!keepsWhatIsHeld(admitted, held)) putElement(workspace, slot, held, storedFor(admitted));
};

const updateEntry = (workspace: Workspace, slot: EntrySlot, payload: Payload): void => {
  const { dictionary, key } = slot;
  if (payload.type === "Erased") {
    removeEntry(workspace, slot.record, dictionary, key);
    return;
  }
  const admitted = admit(workspace, payload, slot.type, slot.level);
  // Unlike in a field, an embedded object here is always a new one (merge-rules §10, Q1).
  if (admitted.kind !== "embedded" && keepsWhatIsHeld(admitted, dictionary.entries.get(key))) return;
  putEntry(workspace, slot, storedFor(admitted));
};

/** An embedded object, or a collection of the same kind, that is there already stays as it is. */
const keepsWhatIsHeld = (admitted: Admitted, held: Stored | undefined): boolean => {
  switch (admitted.kind) {
    case "scalar":
      return false;
    case "embedded":
      return held?.type === "Embedded";
    case "collection":
      return held?.type === admitted.collection;
  }
};

const storedFor = (admitted: Admitted): Stored => {
  switch (admitted.kind) {
    case "scalar":
      return admitted.value;
    case "embedded":
      return emptyEmbedded();
    case "collection":
      return admitted.collection === "List" ? emptyList() : emptyDictionary();
  }
};

const putField = (workspace: Workspace, slot: FieldSlot, value: Stored): void => {
  const { fields, column } = slot;
  const before = fields[column.id];
  fields[column.id] = value;
  workspace.changed(slot.record, costOf(value) - costOf(before), () => {
    fields[column.id] = before;
  });
};

const putElement = (workspace: Workspace, slot: ElementSlot, before: Stored, value: Stored): void => {
  const { list, index } = slot;
  list.items[index] = value;
  workspace.changed(slot.record, costOf(value) - costOf(before), () => {
    list.items[index] = before;
  });
};

const putEntry = (workspace: Workspace, slot: EntrySlot, value: Stored): void => {
  const { dictionary, key } = slot;
  if (key.startsWith("$") || key.includes(".")) throw new Refusal("InvalidDictionaryKey", `the key is ${key.slice(0, 64)}`);
  const before = dictionary.entries.get(key);
  dictionary.entries.set(key, value);
  const growth = before === undefined ? entryCost(key) + costOf(value) : costOf(value) - costOf(before);
  workspace.changed(slot.record, growth, () => {
    if (before === undefined) dictionary.entries.delete(key);
    else dictionary.entries.set(key, before);
  });
};

const removeEntry = (workspace: Workspace, record: ObjectRecord, dictionary: StoredDictionary, key: string): void => {
  const before = dictionary.entries.get(key);
  if (before === undefined) return;
  dictionary.entries.delete(key);
  workspace.changed(record, -entryCost(key) - costOf(before), () => {
    dictionary.entries.set(key, before);
  });
};

export const addInteger = (workspace: Workspace, instruction: AddInteger): void => {
  const slot = resolve(workspace, instruction);
  if (slot.kind !== "field")
    throw new Refusal("NotIncrementable", slot.kind === "element" ? "this is a list element" : "this is a dictionary entry");
  const { column, fields } = slot;
  if (column.collection !== "Single") throw new Refusal("NotAnInteger", `${column.name} is a ${column.collection}`);
  const held = fields[column.id] ?? defaultValue(column);
  if (held.type === "Null") return;
  if (held.type !== "Int") throw new Refusal("NotAnInteger", `the value is of type ${held.type}`);
  putField(workspace, slot, { type: "Int", value: BigInt.asIntN(64, held.value + instruction.value) });
};

/** The list element that an array instruction addresses. */
const elementOf = (workspace: Workspace, instruction: PathInstruction & { readonly priorSize: number }): ElementSlot => {
  const slot = resolve(workspace, instruction);
  if (slot.kind !== "element") throw new Refusal("CollectionKindMismatch", "this is no element of a list");
  const size = slot.list.items.length;
  if (instruction.priorSize !== size) {
    throw new Refusal("PriorSizeMismatch", `the list has ${size} elements, the instruction was made for ${instruction.priorSize}`);
  }
  return slot;
};

export const arrayInsert = (workspace: Workspace, instruction: ArrayInsert): void => {
  const slot = elementOf(workspace, instruction);
  const { list, index } = slot;
  if (index > list.items.length) throw new Refusal("IndexOutOfRange", `insertion at ${index} in a list of ${list.items.length}`);
  const value = storedFor(admit(workspace, instruction.value, slot.type, slot.level));
  list.items.splice(index, 0, value);
  workspace.changed(slot.record, costOf(value), () => {
    list.items.splice(index, 1);
  });
};

export const arrayMove = (workspace: Workspace, instruction: ArrayMove): void => {
  const { list, index, record } = elementOf(workspace, instruction);
  const { destination } = instruction;
  const { items } = list;
  if (index >= items.length) throw new Refusal("IndexOutOfRange", `move from ${index} in a list of ${items.length}`);
  if (destination >= items.length) throw new Refusal("IndexOutOfRange", `move to ${destination} in a list of ${items.length}`);
  if (destination === index) throw new Refusal("MoveToSamePlace", `move from ${index} to ${index}`);
  moveItem(items, index, destination);
  workspace.changed(record, 0, () => {
    moveItem(items, destination, index);
  });
};

const moveItem = (items: Stored[], from: number, to: number): void => {
  items.splice(to, 0, ...items.splice(from, 1));
};

export const arrayErase = (workspace: Workspace, instruction: ArrayErase): void => {
  const { list, index, record } = elementOf(workspace, instruction);
  const held = list.items[index];
  if (held === undefined) throw new Refusal("IndexOutOfRange", `removal at ${index} in a list of ${list.items.length}`);
  list.items.splice(index, 1);
  workspace.changed(record, -costOf(held), () => {
    list.items.splice(index, 0, held);
  });
};

const emptyCollection: { readonly [Kind in Exclude<CollectionKind, "Single">]: () => Stored } = {
  List: emptyList,
  Dictionary: emptyDictionary,
  Set: emptySet,
};

export const clear = (workspace: Workspace, instruction: Clear): void => {
  const slot = resolve(workspace, instruction);
  const { collection } = instruction;
  switch (slot.kind) {
    case "field": {
      const { column } = slot;
      if (column.collection === "Single") {
        putField(workspace, slot, clearedMixed(column, collection, 1));
        return;
      }
      // Older SDKs send no kind.
      if (collection !== "Single" && collection !== column.collection) {
        throw new Refusal("CollectionKindMismatch", `${column.name} is a ${column.collection}, not a ${collection}`);
      }
      putField(workspace, slot, emptyCollection[column.collection]());
      return;
    }
    case "element": {
      const held = slot.list.items[slot.index];
      const value = clearedMixed(slot.type, collection, slot.level);
      if (held === undefined) throw new Refusal("IndexOutOfRange", `index ${slot.index} in a list of ${slot.list.items.length}`);
      putElement(workspace, slot, held, value);
      return;
    }
    case "entry":
      // The key may be gone by a concurrent removal that the clear outlived: it then begins as an empty collection (merge-rules §10, Q5).
      putEntry(workspace, slot, clearedMixed(slot.type, collection, slot.level));
      return;
  }
};

const clearedMixed = (type: ValueType, collection: CollectionKind, level: number): Stored => {
  if (type.type !== "Mixed") throw new Refusal("CollectionKindMismatch", `a value of type ${type.type} cannot be cleared`);
  if (collection === "Single" || collection === "Set")
    throw new Refusal("CollectionKindMismatch", "a mixed value becomes a list or a dictionary");
  if (level > maxNesting) throw new Refusal("PathTooDeep", `a collection at level ${level}`);
  return emptyCollection[collection]();
};

/** The set that a set instruction addresses, and the member it names. */
const memberOf = (
  workspace: Workspace,
  instruction: SetInsert | SetErase,
): { readonly slot: FieldSlot; readonly set: StoredSet; readonly scalar: Extract<Payload, Scalar> } => {
  const slot = resolve(workspace, instruction);
  if (slot.kind !== "field" || slot.column.collection !== "Set") throw new Refusal("CollectionKindMismatch", "this is no set");
  return { slot, set: heldSet(slot), scalar: scalarOf(instruction.value) };
};

const heldSet = ({ fields, column }: { readonly fields: FieldSlot["fields"]; readonly column: Column }): StoredSet => {
  const held = fields[column.id];
  if (held?.type === "Set") return held;
  const created = emptySet();
  fields[column.id] = created;
  return created;
};

const scalarOf = (payload: Payload): Scalar => {
  switch (payload.type) {
    case "ObjectValue":
      throw new Refusal("ObjectNotAllowed", "sets hold no embedded objects");
    case "Erased":
      throw new Refusal("ErasedOutsideDictionary", "this is no dictionary entry");
    case "List":
    case "Dictionary":
    case "Set":
      throw new Refusal("CollectionNotAllowed", "sets hold no collections");
  }
  return payload;
};

export const setInsert = (workspace: Workspace, instruction: SetInsert): void => {
  const { slot, set, scalar } = memberOf(workspace, instruction);
  const value = admitScalar(workspace, scalar, slot.column);
  const identity = memberIdentity(value);
  if (set.members.has(identity)) return;
  set.members.set(identity, value);
  workspace.changed(slot.record, entryCost(identity) + costOf(value), () => {
    set.members.delete(identity);
  });
};

export const setErase = (workspace: Workspace, instruction: SetErase): void => {
  const { slot, set, scalar } = memberOf(workspace, instruction);
  // Null in a nullable set of one type is erased like any member; the reference refuses it (merge-rules §10, Q10).
  const identity = memberIdentity(admitScalar(workspace, scalar, slot.column));
  const before = set.members.get(identity);
  if (before === undefined) return;
  set.members.delete(identity);
  workspace.changed(slot.record, -entryCost(identity) - costOf(before), () => {
    set.members.set(identity, before);
  });
};
