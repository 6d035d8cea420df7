import type { Instruction, ObjectKey, Path, Payload } from "../../changeset/model.ts";
import { utf8Length } from "./utf8.ts";

const reference = 4;
const opcode = 1;
const smallInteger = 5;
const largeInteger = 10;
const definition = opcode + reference + reference;

/** Adds up how many bytes a changeset takes when encoded: never too few, and names only once, as the format does (changeset-format §3). */
export class ChangesetSize {
  bytes = 0;
  readonly #names = new Set<string>();

  add(instruction: Instruction): void {
    this.bytes += opcode + this.#name(instruction.table) + this.#content(instruction);
  }

  #content(instruction: Instruction): number {
    switch (instruction.kind) {
      case "AddTable":
        return smallInteger + (instruction.tableType === "Embedded" ? 0 : this.#name(instruction.keyField) + smallInteger);
      case "EraseTable":
        return 0;
      case "AddColumn":
        return this.#name(instruction.field) + this.#name(instruction.linkTarget ?? "") + smallInteger * 2;
      case "EraseColumn":
        return this.#name(instruction.field);
      case "CreateObject":
      case "EraseObject":
        return this.#key(instruction.key);
      case "Update":
      case "ArrayInsert":
      case "SetInsert":
      case "SetErase":
        return this.#place(instruction) + this.#payload(instruction.value) + smallInteger;
      case "AddInteger":
        return this.#place(instruction) + largeInteger;
      case "ArrayMove":
      case "ArrayErase":
      case "Clear":
        return this.#place(instruction) + smallInteger * 2;
    }
  }

  #place(place: { readonly key: ObjectKey; readonly field: string; readonly path: Path }): number {
    let bytes = this.#key(place.key) + this.#name(place.field) + smallInteger;
    for (const element of place.path) bytes += typeof element === "number" ? smallInteger : 1 + this.#name(element);
    return bytes;
  }

  #name(name: string): number {
    if (this.#names.has(name)) return reference;
    this.#names.add(name);
    return definition + reference + utf8Length(name);
  }

  #key(key: ObjectKey): number {
    switch (key.kind) {
      case "null":
        return 1;
      case "int":
        return 1 + largeInteger;
      case "string":
        return 1 + this.#name(key.value);
      case "objectId":
        return 1 + 12;
      case "uuid":
        return 1 + 16;
      case "global":
        return 1 + largeInteger * 2;
    }
  }

  #payload(payload: Payload): number {
    switch (payload.type) {
      case "Null":
      case "ObjectValue":
      case "Dictionary":
      case "Erased":
      case "List":
      case "Set":
        return 1;
      case "Int":
        return 1 + largeInteger;
      case "Bool":
        return 1 + 1;
      case "String":
        return 1 + smallInteger + utf8Length(payload.value);
      case "Binary":
        return 1 + smallInteger + payload.value.byteLength;
      case "Timestamp":
        return 1 + largeInteger + smallInteger;
      case "Float":
        return 1 + 4;
      case "Double":
        return 1 + 8;
      case "Decimal":
        return 1 + 17 + smallInteger + 1;
      case "Link":
        return 1 + this.#name(payload.table) + this.#key(payload.key);
      case "ObjectId":
        return 1 + 12;
      case "Uuid":
        return 1 + 16;
    }
  }
}
