import { describe, expect, test } from "vitest";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import { intKey } from "../../../src/changeset/key.ts";
import type { AddColumn, Instruction, PathElement, Payload, Place } from "../../../src/changeset/model.ts";
import { MemoryObjectStorage, ObjectState, stateToJson } from "../../../src/store/objects/index.ts";
import { restoringInstructions } from "../../../src/store/state-changesets.ts";

const key = intKey(1n);
const column = (
  table: string,
  field: string,
  type: AddColumn["type"],
  collection: AddColumn["collection"],
  more: Partial<AddColumn> = {},
): Instruction => ({
  kind: "AddColumn",
  table,
  field,
  type,
  nullable: type === "Mixed" || type === "Link",
  collection,
  ...(collection === "Dictionary" && { dictionaryKeyType: "String" as const }),
  ...more,
});
const schema: readonly Instruction[] = [
  { kind: "AddTable", table: "A", tableType: "TopLevel", keyField: "_id", keyType: "Int", keyNullable: false },
  { kind: "AddTable", table: "E", tableType: "Embedded" },
  column("A", "name", "String", "Single"),
  column("A", "any", "Mixed", "Single"),
  column("A", "anything", "Mixed", "List"),
  column("A", "scores", "Int", "Dictionary"),
  column("A", "set", "Int", "Set"),
  column("A", "link", "Link", "Single", { linkTarget: "A" }),
  column("A", "links", "Link", "List", { linkTarget: "A", nullable: false }),
  column("A", "part", "Link", "Single", { linkTarget: "E" }),
  column("A", "parts", "Link", "List", { linkTarget: "E", nullable: false }),
  column("E", "note", "String", "Single"),
  column("E", "numbers", "Int", "List"),
];

const place = (field: string, ...path: PathElement[]): Place => ({ table: "A", key, field, path });
const int = (value: number): Payload => ({ type: "Int", value: BigInt(value) });
const text = (value: string): Payload => ({ type: "String", value });
const link = (value: number): Payload => ({ type: "Link", table: "A", key: intKey(BigInt(value)) });
const set = (at: Place, value: Payload): Instruction => ({ kind: "Update", ...at, value, isDefault: false });
const insert = (at: Place, value: Payload, priorSize: number): Instruction => ({ kind: "ArrayInsert", ...at, value, priorSize });

const content: readonly Instruction[] = [
  { kind: "CreateObject", table: "A", key },
  { kind: "CreateObject", table: "A", key: intKey(2n) },
  { kind: "CreateObject", table: "A", key: intKey(3n) },
  set(place("name"), text("whole")),
  set(place("any"), { type: "Dictionary" }),
  set(place("any", "deep"), { type: "List" }),
  insert(place("any", "deep", 0), int(7), 0),
  insert(place("any", "deep", 1), { type: "Dictionary" }, 1),
  set(place("any", "deep", 1, "deeper"), text("bottom")),
  insert(place("anything", 0), { type: "Null" }, 0),
  insert(place("anything", 1), link(2), 1),
  set(place("scores", "one"), int(1)),
  set(place("scores", "two"), int(2)),
  { kind: "SetInsert", ...place("set"), value: int(5) },
  { kind: "SetInsert", ...place("set"), value: int(6) },
  set(place("link"), link(2)),
  insert(place("links", 0), link(2), 0),
  insert(place("links", 1), link(3), 1),
  set(place("part"), { type: "ObjectValue" }),
  set(place("part", "note"), text("inside")),
  insert(place("part", "numbers", 0), int(4), 0),
  insert(place("parts", 0), { type: "ObjectValue" }, 0),
  insert(place("parts", 1), { type: "ObjectValue" }, 1),
  set(place("parts", 1, "note"), text("second")),
  // What it links to is gone: the link stays in its place, so that list sizes agree with later changes.
  { kind: "EraseObject", table: "A", key: intKey(3n) },
];

function stateOf(...changesets: readonly (readonly Instruction[])[]): ObjectState {
  const state = new ObjectState(new MemoryObjectStorage(), { cacheBytes: 1_000_000 });
  for (const changeset of changesets) state.apply(changeset);
  return state;
}

describe("[FX11] restoring an object", () => {
  const truth = stateOf(schema, content);

  test("makes it what it is here, whatever it was there, with everything inside", () => {
    const elsewhere = stateOf(schema, content, [
      set(place("name"), text("changed")),
      set(place("any"), int(1)),
      { kind: "Clear", ...place("parts"), collection: "List" },
      { kind: "SetErase", ...place("set"), value: int(5) },
      set(place("scores", "one"), { type: "Erased" }),
    ]);
    elsewhere.apply(decodeChangeset(encodeChangeset(restoringInstructions(truth, [{ table: "A", key }]))));
    expect(stateToJson(elsewhere, "brief")).toEqual(stateToJson(truth, "brief"));
    // The dangling element still takes its place.
    elsewhere.apply([insert(place("links", 2), link(2), 2)]);
  });

  test("brings back what was erased there, and erases what does not exist here", () => {
    const elsewhere = stateOf(schema, content, [
      { kind: "EraseObject", table: "A", key },
      { kind: "CreateObject", table: "A", key: intKey(9n) },
    ]);
    elsewhere.apply(
      restoringInstructions(truth, [
        { table: "A", key },
        { table: "A", key: intKey(9n) },
      ]),
    );
    expect(stateToJson(elsewhere, "brief")).toEqual(stateToJson(truth, "brief"));
  });
});
