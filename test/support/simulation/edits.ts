import { intKey } from "../../../src/changeset/key.ts";
import type { AddColumn, Instruction, ObjectKey, Path, PathElement, Payload } from "../../../src/changeset/model.ts";
import type { ObjectState, ReadValue } from "../../../src/store/objects/index.ts";
import type { Random } from "./random.ts";

const column = (field: string, type: AddColumn["type"], collection: AddColumn["collection"], more: Partial<AddColumn> = {}): AddColumn => ({
  kind: "AddColumn",
  table: "Item",
  field,
  type,
  nullable: false,
  collection,
  ...more,
});

/** The schema every device brings: one class with a value, a counter, a list, a set, a dictionary and a link. */
export const schema: readonly Instruction[] = [
  { kind: "AddTable", table: "Item", tableType: "TopLevel", keyField: "_id", keyType: "Int", keyNullable: false },
  column("title", "String", "Single"),
  column("count", "Int", "Single"),
  column("tags", "String", "List"),
  column("members", "Int", "Set"),
  column("settings", "Int", "Dictionary", { nullable: true, dictionaryKeyType: "String" }),
  column("next", "Link", "Single", { nullable: true, linkTarget: "Item" }),
];

/** A later version of the app adds this. */
export const laterColumn: Instruction = column("note", "String", "Single");

const text = (value: string): Payload => ({ type: "String", value });
const int = (value: number): Payload => ({ type: "Int", value: BigInt(value) });
const keyOf = (number: number): ObjectKey => intKey(BigInt(number));

const kinds = {
  create: 3,
  erase: 1,
  title: 3,
  count: 2,
  add: 3,
  insertTag: 4,
  setTag: 2,
  eraseTag: 2,
  clearTags: 0.3,
  insertMember: 2,
  eraseMember: 1,
  setSetting: 2,
  eraseSetting: 1,
  link: 1,
} as const;

/** Draws one edit that the app could make in this state; sizes and keys are those of the state. Few keys, so that devices meet. */
export function drawEdit(random: Random, state: ObjectState, keys: number): Instruction | undefined {
  const key = keyOf(random.below(keys));
  const kind = random.weighted(kinds);
  const object = state.read("Item", key, "raw");
  if (kind === "create") return object === undefined ? { kind: "CreateObject", table: "Item", key } : undefined;
  if (object === undefined) return undefined;
  const value = (field: string): ReadValue => object.fields.get(field) ?? { type: "Null" };
  const at = (field: string, ...path: PathElement[]) => ({ table: "Item", key, field, path: path as Path });
  const tags = value("tags");
  const size = tags.type === "List" ? tags.items.length : 0;
  switch (kind) {
    case "erase":
      return { kind: "EraseObject", table: "Item", key };
    case "title":
      return { kind: "Update", ...at("title"), value: text(`t${random.below(1000)}`), isDefault: random.chance(0.1) };
    case "count":
      return { kind: "Update", ...at("count"), value: int(random.below(100)), isDefault: false };
    case "add":
      return { kind: "AddInteger", ...at("count"), value: BigInt(random.below(10) - 3) };
    case "insertTag":
      return { kind: "ArrayInsert", ...at("tags", random.below(size + 1)), value: text(`g${random.below(1000)}`), priorSize: size };
    case "setTag":
      return size === 0
        ? undefined
        : { kind: "Update", ...at("tags", random.below(size)), value: text(`s${random.below(1000)}`), priorSize: size };
    case "eraseTag":
      return size === 0 ? undefined : { kind: "ArrayErase", ...at("tags", random.below(size)), priorSize: size };
    case "clearTags":
      return { kind: "Clear", ...at("tags"), collection: "List" };
    case "insertMember":
      return { kind: "SetInsert", ...at("members"), value: int(random.below(6)) };
    case "eraseMember":
      return { kind: "SetErase", ...at("members"), value: int(random.below(6)) };
    case "setSetting":
      return { kind: "Update", ...at("settings", `k${random.below(4)}`), value: int(random.below(50)), isDefault: false };
    case "eraseSetting": {
      const settings = value("settings");
      const name = `k${random.below(4)}`;
      if (settings.type !== "Dictionary" || !settings.entries.has(name)) return undefined;
      return { kind: "Update", ...at("settings", name), value: { type: "Erased" }, isDefault: false };
    }
    case "link": {
      const target = keyOf(random.below(keys));
      if (!state.has("Item", target)) return undefined;
      return { kind: "Update", ...at("next"), value: { type: "Link", table: "Item", key: target }, isDefault: false };
    }
  }
}

/** One transaction of an app, applied to the state: some edits, possibly none. */
export function transaction(random: Random, state: ObjectState, keys: number): readonly Instruction[] {
  const instructions: Instruction[] = [];
  const edits = 1 + random.below(4);
  for (let index = 0; index < edits; index++) {
    const instruction = drawEdit(random, state, keys);
    if (instruction === undefined) continue;
    state.apply([instruction]);
    instructions.push(instruction);
  }
  return instructions;
}
