import type { Instruction, ObjectKey, Path, Payload } from "../changeset/model.ts";
import type { ObjectState, ReadValue } from "./objects/index.ts";

/**
 * What makes these objects at a client what they are here, whatever it did to them (FX11): each is erased, and created anew with all its
 * values if it exists. Erasing beats every change of it that the client has not uploaded yet.
 */
export function restoringInstructions(
  objects: ObjectState,
  keys: Iterable<{ readonly table: string; readonly key: ObjectKey }>,
): Instruction[] {
  const instructions: Instruction[] = [];
  for (const { table, key } of keys) {
    instructions.push({ kind: "EraseObject", table, key });
    const object = objects.read(table, key, "raw");
    if (object === undefined) continue;
    instructions.push({ kind: "CreateObject", table, key });
    const writer = new ValueWriter(objects, table, key, instructions);
    for (const [field, value] of object.fields)
      writer.field(field, value, objects.classNamed(table)?.columns.find((column) => column.field === field)?.collection);
  }
  return instructions;
}

type Collection = "Single" | "List" | "Dictionary" | "Set" | undefined;

/** Writes the values of one object that was just created, so that all its collections are empty and its embedded objects absent. */
class ValueWriter {
  readonly #objects: ObjectState;
  readonly #table: string;
  readonly #key: ObjectKey;
  readonly #instructions: Instruction[];

  constructor(objects: ObjectState, table: string, key: ObjectKey, instructions: Instruction[]) {
    this.#objects = objects;
    this.#table = table;
    this.#key = key;
    this.#instructions = instructions;
  }

  field(field: string, value: ReadValue, collection: Collection): void {
    if (collection === "Single" || collection === undefined) this.#assign(field, [], value);
    else this.#fill(field, [], value);
  }

  #assign(field: string, path: Path, value: ReadValue): void {
    this.#instructions.push({ kind: "Update", ...this.#place(field, path), value: this.#payload(value), isDefault: false });
    this.#fill(field, path, value);
  }

  /** The contents of a container that is there and empty; nothing for a plain value. */
  #fill(field: string, path: Path, value: ReadValue): void {
    switch (value.type) {
      case "List":
        value.items.forEach((item, index) => {
          const place = this.#place(field, [...path, index]);
          this.#instructions.push({ kind: "ArrayInsert", ...place, value: this.#payload(item), priorSize: index });
          this.#fill(field, place.path, item);
        });
        return;
      case "Dictionary":
        for (const [name, entry] of value.entries) this.#assign(field, [...path, name], entry);
        return;
      case "Set":
        for (const member of value.members) {
          this.#instructions.push({ kind: "SetInsert", ...this.#place(field, path), value: this.#payload(member) });
        }
        return;
      case "Embedded":
        for (const [name, inner] of value.fields) {
          const collection = this.#objects.classNamed(value.table)?.columns.find((column) => column.field === name)?.collection;
          if (collection === "Single" || collection === undefined) this.#assign(field, [...path, name], inner);
          else this.#fill(field, [...path, name], inner);
        }
        return;
      case "Null":
      case "Int":
      case "Bool":
      case "String":
      case "Binary":
      case "Timestamp":
      case "Float":
      case "Double":
      case "Decimal":
      case "Link":
      case "ObjectId":
      case "Uuid":
        return;
    }
  }

  #place(field: string, path: Path): { readonly table: string; readonly key: ObjectKey; readonly field: string; readonly path: Path } {
    return { table: this.#table, key: this.#key, field, path };
  }

  #payload(value: ReadValue): Payload {
    switch (value.type) {
      case "Embedded":
        return { type: "ObjectValue" };
      case "List":
      case "Dictionary":
      case "Set":
        return { type: value.type };
      case "Link":
        // A link into a class that is gone can be applied nowhere.
        if (this.#objects.classNamed(value.table) === undefined) return { type: "Null" };
        return { type: "Link", table: value.table, key: value.key };
      case "Null":
      case "Int":
      case "Bool":
      case "String":
      case "Binary":
      case "Timestamp":
      case "Float":
      case "Double":
      case "Decimal":
      case "ObjectId":
      case "Uuid":
        return value;
    }
  }
}
