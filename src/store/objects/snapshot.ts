import type { AddColumn, AddTable, Instruction, ObjectKey, Path, Payload, Scalar } from "../../changeset/model.ts";
import { isLinkApplicable } from "./admission.ts";
import { ChangesetSize } from "./changeset-size.ts";
import { describeColumn, type ClassState, type ValueType } from "./classes.ts";
import { readPage, type HeldObject } from "./reader.ts";
import { isDefault, nullValue, type Fields, type Stored } from "./values.ts";
import type { Workspace } from "./workspace.ts";

const pageObjects = 256;
const pageBytes = 4_000_000;

/**
 * The state as a sequence of changesets that builds it from nothing: first all classes, then their properties, then the objects, class by
 * class in order of their keys. What creation gives anyway is left out. The same state gives the same sequence.
 *
 * A changeset encodes to at most `maxBytes`, unless a single instruction is larger; an object is split over two only if it exceeds one.
 * Links may come before their targets. A link whose class was erased since, which nobody could apply, becomes the null that users see.
 *
 * @throws Error when the state changes before the sequence is read to its end.
 */
export function* changesetsOf(workspace: Workspace, maxBytes: number): Generator<readonly Instruction[]> {
  const { generation } = workspace;
  for (const piece of pieces(groups(workspace), maxBytes)) {
    yield piece;
    if (workspace.generation !== generation) throw new Error("the state changed while its changesets were being read");
  }
}

/** Packs groups of instructions into changesets, a group into one where that is possible. */
function* pieces(source: Iterable<readonly Instruction[]>, maxBytes: number): Generator<readonly Instruction[]> {
  let piece: Instruction[] = [];
  let size = new ChangesetSize();
  for (const group of source) {
    const alone = sizeOf(group);
    if (piece.length > 0 && size.bytes + alone > maxBytes) {
      yield piece;
      piece = [];
      size = new ChangesetSize();
    }
    if (alone <= maxBytes) {
      piece.push(...group);
      for (const instruction of group) size.add(instruction);
      continue;
    }
    for (const instruction of group) {
      if (piece.length > 0 && size.bytes + sizeOf([instruction]) > maxBytes) {
        yield piece;
        piece = [];
        size = new ChangesetSize();
      }
      piece.push(instruction);
      size.add(instruction);
    }
  }
  if (piece.length > 0) yield piece;
}

const sizeOf = (instructions: readonly Instruction[]): number => {
  const size = new ChangesetSize();
  for (const instruction of instructions) size.add(instruction);
  return size.bytes;
};

function* groups(workspace: Workspace): Generator<readonly Instruction[]> {
  const classes = [...workspace.classes.values()];
  for (const { name, identity } of classes) {
    const instruction: AddTable = { kind: "AddTable", table: name, ...identity };
    yield [instruction];
  }
  for (const owner of classes) {
    for (const column of owner.columns.values()) {
      const instruction: AddColumn = { kind: "AddColumn", table: owner.name, ...describeColumn(column) };
      yield [instruction];
    }
  }
  for (const owner of classes) {
    let after: Uint8Array | undefined;
    do {
      const page = readPage(workspace, owner, after, pageObjects, pageBytes);
      for (const object of page.objects) yield instructionsOfObject(workspace, owner, object);
      after = page.next;
    } while (after !== undefined);
  }
}

/** What creates one object with all it holds, on a state that has its class but not the object. */
export const instructionsOfObject = (workspace: Workspace, owner: ClassState, object: HeldObject): readonly Instruction[] =>
  new ObjectWriter(workspace, owner.name, object.key).instructions(owner, object);

/** Writes the instructions that make one object what it is. */
class ObjectWriter {
  readonly #workspace: Workspace;
  readonly #table: string;
  readonly #key: ObjectKey;
  readonly #instructions: Instruction[] = [];

  constructor(workspace: Workspace, table: string, key: ObjectKey) {
    this.#workspace = workspace;
    this.#table = table;
    this.#key = key;
  }

  instructions(owner: ClassState, object: HeldObject): readonly Instruction[] {
    this.#instructions.push({ kind: "CreateObject", table: this.#table, key: this.#key });
    for (const column of owner.columns.values()) {
      const value = object.fields[column.id];
      if (value === undefined || isDefault(value, column)) continue;
      if (column.collection === "Single") this.#assign(column.name, [], value, column);
      else this.#fill(column.name, [], value, column);
    }
    return this.#instructions;
  }

  #fields(field: string, path: Path, table: string, fields: Fields): void {
    const columns = this.#workspace.classes.get(table)?.columns.values() ?? [];
    for (const column of columns) {
      const value = fields[column.id];
      if (value === undefined || isDefault(value, column)) continue;
      const below = [...path, column.name];
      if (column.collection === "Single") this.#assign(field, below, value, column);
      else this.#fill(field, below, value, column);
    }
  }

  /** A value in a field or dictionary entry, and all that it holds. */
  #assign(field: string, path: Path, value: Stored, type: ValueType): void {
    this.#instructions.push({ kind: "Update", ...this.#place(field, path), value: this.#payload(value), isDefault: false });
    this.#fill(field, path, value, type);
  }

  /** What a container holds; the container itself is there and empty. */
  #fill(field: string, path: Path, value: Stored, type: ValueType): void {
    switch (value.type) {
      case "List":
        value.items.forEach((item, index) => {
          const place = this.#place(field, [...path, index]);
          this.#instructions.push({ kind: "ArrayInsert", ...place, value: this.#payload(item), priorSize: index });
          this.#fill(field, place.path, item, type);
        });
        return;
      case "Dictionary":
        for (const key of [...value.entries.keys()].sort()) this.#assign(field, [...path, key], value.entries.get(key) ?? nullValue, type);
        return;
      case "Set":
        for (const identity of [...value.members.keys()].sort()) this.#member(field, path, value.members.get(identity) ?? nullValue);
        return;
      case "Embedded":
        this.#fields(field, path, type.linkTarget ?? "", value.fields);
        return;
    }
  }

  #member(field: string, path: Path, member: Scalar): void {
    const value = this.#payload(member);
    // A link nobody could apply is hidden in a set, not null.
    if (value.type === member.type) this.#instructions.push({ kind: "SetInsert", ...this.#place(field, path), value });
  }

  #place(field: string, path: Path): { readonly table: string; readonly key: ObjectKey; readonly field: string; readonly path: Path } {
    return { table: this.#table, key: this.#key, field, path };
  }

  #payload(value: Stored): Payload {
    switch (value.type) {
      case "Embedded":
        return { type: "ObjectValue" };
      case "List":
      case "Dictionary":
      case "Set":
        return { type: value.type };
      case "Link":
        return isLinkApplicable(this.#workspace, value) ? value : nullValue;
    }
    return value;
  }
}
