import { describe, expect, it } from "vitest";
import { globalKey, nullKey, stringKey } from "../../../src/changeset/key.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import { objectErrors, type ObjectErrorCode } from "../../../src/errors/objects.ts";
import { BadChangesetError, MemoryObjectStorage, ObjectState, stateToJson } from "../../../src/store/objects/index.ts";
import {
  add,
  addClass,
  addColumn,
  addEmbedded,
  clear,
  create,
  dictionary,
  embedded,
  erase,
  erased,
  eraseColumn,
  eraseTable,
  insert,
  int,
  link,
  list,
  move,
  nothing,
  place,
  remove,
  schema,
  setErase,
  setInsert,
  text,
  update,
} from "./instructions.ts";

/** Object 1 with something in most fields. */
const base: readonly Instruction[] = [
  create(1),
  update(place(1, "m"), text("a")),
  insert(place(1, "l", 0), int(10), 0),
  insert(place(1, "l", 1), int(11), 1),
  insert(place(1, "lm", 0), int(1), 0),
  insert(place(1, "el", 0), embedded, 0),
  update(place(1, "d", "k"), int(1)),
];

const deepList = (levels: number): readonly Instruction[] =>
  Array.from({ length: levels }, (_, level) =>
    level === 0 ? update(place(1, "m"), list) : insert(place(1, "m", ...Array.from({ length: level }, () => 0)), list, 0),
  );

interface Case {
  readonly why: string;
  readonly refused: Instruction;
  /** Applied before. */
  readonly after?: readonly Instruction[];
}

/** For every error of the catalogue, what raises it. */
const cases: { readonly [Code in ObjectErrorCode]: readonly Case[] } = {
  ClassNameTooLong: [
    { why: "58 bytes", refused: addClass("x".repeat(58)) },
    { why: "58 bytes of UTF-8 in 29 characters", refused: addEmbedded("é".repeat(29)) },
  ],
  ClassMismatch: [
    { why: "embedded against top-level", refused: addEmbedded("A") },
    { why: "top-level against embedded", refused: addClass("E") },
    { why: "another nullability of the key", refused: addClass("A", { nullable: true }) },
    {
      why: "another key property",
      refused: { kind: "AddTable", table: "A", tableType: "TopLevel", keyField: "id", keyType: "Int", keyNullable: false },
    },
    {
      why: "asymmetric against symmetric",
      refused: { kind: "AddTable", table: "A", tableType: "Asymmetric", keyField: "_id", keyType: "Int", keyNullable: false },
    },
  ],
  ClassStillLinked: [
    { why: "links of another class", refused: eraseTable("B") },
    { why: "embedded objects of another class", refused: eraseTable("E") },
  ],
  NoSuchClass: [
    { why: "CreateObject", refused: create(1, "Z") },
    { why: "EraseObject", refused: erase(1, "Z") },
    { why: "EraseTable", refused: eraseTable("Z") },
    { why: "AddColumn", refused: addColumn("Z", "x", "Int") },
    { why: "a mixed link to it", refused: update(place(1, "m"), link("Z", 1)) },
    { why: "Update", refused: update({ ...place(1, "i"), table: "Z" }, int(1)) },
  ],
  ClassWithoutKeys: [
    { why: "CreateObject of an embedded class", refused: create(1, "E") },
    { why: "Update in an embedded class", refused: update({ ...place(1, "x"), table: "E" }, int(1)) },
  ],
  FieldNameTooLong: [{ why: "64 bytes", refused: addColumn("A", "x".repeat(64), "Int") }],
  FieldMismatch: [
    { why: "another type", refused: addColumn("A", "i", "String") },
    { why: "another kind", refused: addColumn("A", "i", "Int", "List") },
    { why: "another link target", refused: addColumn("A", "lk", "Link", "Single", { nullable: true, target: "A" }) },
    { why: "the primary key with another type", refused: addColumn("A", "_id", "String") },
  ],
  NoSuchField: [
    { why: "Update", refused: update(place(1, "zz"), int(1)) },
    { why: "in an embedded object", refused: update(place(1, "el", 0, "zz"), int(1)) },
    { why: "EraseColumn", refused: eraseColumn("A", "zz") },
    { why: "erased before", after: [eraseColumn("A", "i")], refused: add(place(1, "i"), 1) },
  ],
  NoSuchLinkTarget: [{ why: "unknown class", refused: addColumn("A", "x", "Link", "Single", { nullable: true, target: "Z" }) }],
  DictionaryKeysNotText: [{ why: "Int keys", refused: addColumn("A", "x", "Int", "Dictionary", { keys: "Int" }) }],
  SetOfEmbeddedObjects: [{ why: "an embedded target", refused: addColumn("A", "x", "Link", "Set", { target: "E" }) }],
  KeyTypeMismatch: [
    { why: "CreateObject", refused: { kind: "CreateObject", table: "A", key: stringKey("1") } },
    { why: "EraseObject", refused: { kind: "EraseObject", table: "A", key: stringKey("1") } },
    { why: "a global key where there is a primary key", refused: { kind: "CreateObject", table: "A", key: globalKey(1n, 2n) } },
    { why: "a key where there is none", after: [addClass("G", { keyType: "GlobalKey" })], refused: create(1, "G") },
    {
      why: "null where there is none",
      after: [addClass("G", { keyType: "GlobalKey" })],
      refused: { kind: "CreateObject", table: "G", key: nullKey },
    },
    { why: "a link", refused: update(place(1, "lk"), { type: "Link", table: "B", key: stringKey("1") }) },
  ],
  KeyNotNullable: [
    { why: "CreateObject", refused: { kind: "CreateObject", table: "A", key: nullKey } },
    { why: "a link", refused: update(place(1, "lk"), { type: "Link", table: "B", key: nullKey }) },
  ],
  KeyTooLong: [
    {
      why: "more than a row can carry",
      after: [addClass("K", { keyType: "String" })],
      refused: { kind: "CreateObject", table: "K", key: stringKey("x".repeat(600_000)) },
    },
  ],
  PrimaryKeyImmutable: [
    { why: "Update", refused: update(place(1, "_id"), int(2)) },
    { why: "AddInteger", refused: add(place(1, "_id"), 1) },
    { why: "EraseColumn", refused: eraseColumn("A", "_id") },
  ],
  NoSuchObject: [
    { why: "never created", refused: update(place(9, "i"), int(1)) },
    { why: "erased", after: [erase(1)], refused: add(place(1, "i"), 1) },
  ],
  PathNotFound: [
    { why: "through a null embedded object", refused: update(place(1, "e", "x"), int(1)) },
    { why: "through a missing dictionary key", refused: update(place(1, "d", "zz", "x"), int(1)) },
    { why: "through a missing embedded dictionary entry", refused: update(place(1, "de", "k", "x"), int(1)) },
    { why: "through an index at the end", refused: update(place(1, "el", 1, "x"), int(1)) },
  ],
  PathMismatch: [
    { why: "a name in a list", refused: update(place(1, "l", "x"), int(1)) },
    { why: "an index in a dictionary", refused: insert(place(1, "d", 0), int(1), 0) },
    { why: "an index in an embedded object", refused: insert(place(1, "el", 0, 0), int(1), 0) },
    { why: "through a scalar", refused: update(place(1, "m", "x"), int(1)) },
    { why: "through null", refused: update(place(1, "i", "x"), int(1)) },
    { why: "through a link", after: [create(1, "B"), update(place(1, "lk"), link("B", 1))], refused: update(place(1, "lk", "x"), int(1)) },
    { why: "into a set", refused: insert(place(1, "s", 0), int(1), 0) },
  ],
  PathTooDeep: [
    {
      why: "the 101st level",
      after: deepList(100),
      refused: insert(place(1, "m", ...Array.from({ length: 100 }, () => 0)), list, 0),
    },
    {
      why: "the 101st level by Clear",
      after: [...deepList(100), insert(place(1, "m", ...Array.from({ length: 100 }, () => 0)), int(1), 0)],
      refused: clear(place(1, "m", ...Array.from({ length: 100 }, () => 0)), "Dictionary"),
    },
    { why: "an endless path", refused: update(place(1, "e", ...Array.from({ length: 500 }, () => "e")), int(1)) },
  ],
  NullNotAllowed: [
    { why: "a required property", refused: update(place(1, "n"), nothing) },
    { why: "a list", refused: insert(place(1, "l", 0), nothing, 2) },
    { why: "a list element", refused: update(place(1, "l", 0), nothing) },
    { why: "a set", refused: setInsert(place(1, "s"), nothing) },
    { why: "removal from a set", refused: setErase(place(1, "s"), nothing) },
    { why: "a list of links", refused: insert(place(1, "ll", 0), nothing, 0) },
  ],
  TypeMismatch: [
    { why: "no numeric conversion", refused: update(place(1, "i"), { type: "Double", bits: 0n }) },
    { why: "a list element", refused: update(place(1, "l", 0), text("a")) },
    { why: "a set", refused: setInsert(place(1, "s"), text("a")) },
    { why: "removal from a set", refused: setErase(place(1, "s"), text("a")) },
    { why: "a link for a number", refused: update(place(1, "i"), link("B", 1)) },
  ],
  LinkTargetMismatch: [
    { why: "a property", refused: update(place(1, "lk"), link("A", 1)) },
    { why: "a list", refused: insert(place(1, "ll", 0), link("A", 1), 0) },
  ],
  LinkTargetEmbedded: [
    { why: "a mixed link to an embedded class", refused: update(place(1, "m"), link("E", 1)) },
    { why: "a link where an object is owned", refused: update(place(1, "e"), link("E", 1)) },
  ],
  ErasedOutsideDictionary: [
    { why: "a property", refused: update(place(1, "i"), erased) },
    { why: "a list element", refused: update(place(1, "lm", 0), erased) },
    { why: "an insertion", refused: insert(place(1, "lm", 0), erased, 1) },
    { why: "a set", refused: setInsert(place(1, "sm"), erased) },
  ],
  CollectionNotAllowed: [
    { why: "a list for a number", refused: update(place(1, "i"), list) },
    { why: "a dictionary in a list of numbers", refused: insert(place(1, "l", 0), dictionary, 2) },
    { why: "a set in a mixed property", refused: update(place(1, "m"), { type: "Set" }) },
    { why: "a list in a set", refused: setInsert(place(1, "sm"), list) },
  ],
  ObjectNotAllowed: [
    { why: "a number", refused: update(place(1, "i"), embedded) },
    { why: "a link property", refused: update(place(1, "lk"), embedded) },
    { why: "a mixed property", refused: update(place(1, "m"), embedded) },
    { why: "a list of numbers", refused: insert(place(1, "l", 0), embedded, 2) },
    { why: "a set", refused: setInsert(place(1, "sm"), embedded) },
  ],
  CollectionNotAssignable: [
    { why: "a list", refused: update(place(1, "l"), int(1)) },
    { why: "a set", refused: update(place(1, "s"), nothing) },
    { why: "a dictionary", refused: update(place(1, "d"), dictionary) },
  ],
  CollectionKindMismatch: [
    { why: "Clear of a list as a set", refused: clear(place(1, "l"), "Set") },
    { why: "Clear of a number", refused: clear(place(1, "i"), "List") },
    { why: "Clear of a mixed value without kind", refused: clear(place(1, "m"), "Single") },
    { why: "Clear of a mixed value as a set", refused: clear(place(1, "m"), "Set") },
    { why: "Clear of a number in a list", refused: clear(place(1, "l", 0), "List") },
    { why: "Clear of an embedded dictionary entry", refused: clear(place(1, "de", "k"), "Dictionary") },
    { why: "SetInsert in a list", refused: setInsert(place(1, "l"), int(1)) },
    { why: "SetErase in a mixed value", refused: setErase(place(1, "m"), int(1)) },
  ],
  NotAnInteger: [
    { why: "a string", refused: add(place(1, "t"), 1) },
    { why: "a mixed string", refused: add(place(1, "m"), 1) },
    { why: "a list", refused: add(place(1, "l"), 1) },
  ],
  NotIncrementable: [
    { why: "a list element", refused: add(place(1, "l", 0), 1) },
    { why: "a dictionary entry", refused: add(place(1, "d", "k"), 1) },
  ],
  PriorSizeMismatch: [
    { why: "ArrayInsert", refused: insert(place(1, "l", 0), int(1), 1) },
    { why: "ArrayMove", refused: move(place(1, "l", 0), 1, 3) },
    { why: "ArrayErase", refused: remove(place(1, "l", 0), 1) },
  ],
  IndexOutOfRange: [
    { why: "ArrayInsert behind the end", refused: insert(place(1, "l", 3), int(1), 2) },
    { why: "ArrayMove from the end", refused: move(place(1, "l", 2), 0, 2) },
    { why: "ArrayMove to the end", refused: move(place(1, "l", 0), 2, 2) },
    { why: "ArrayErase at the end", refused: remove(place(1, "l", 2), 2) },
    { why: "Update at the end", refused: update(place(1, "l", 2), int(1)) },
    { why: "Clear at the end", refused: clear(place(1, "lm", 1), "List") },
  ],
  MoveToSamePlace: [{ why: "source and destination equal", refused: move(place(1, "l", 1), 1, 2) }],
  InvalidDictionaryKey: [
    { why: "a dollar in front", refused: update(place(1, "d", "$k"), int(1)) },
    { why: "a dot", refused: update(place(1, "d", "a.b"), int(1)) },
    { why: "a dot, by Clear", refused: clear(place(1, "d", "a.b"), "List") },
  ],
};

describe("bad changesets (merge-rules §7)", () => {
  const table = Object.entries(cases).flatMap(([code, list]) => list.map((one) => ({ code, ...one })));

  it("names every error of the catalogue", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(objectErrors).sort());
    expect(Object.values(cases).every((list) => list.length > 0)).toBe(true);
  });

  it.each(table)("$code: $refused.kind, $why", ({ code, refused, after = [] }) => {
    const state = new ObjectState(new MemoryObjectStorage(), { cacheBytes: 1_000_000 });
    state.apply([...schema, ...base, ...after]);
    const before = stateToJson(state, "brief");
    const count = state.count("A");
    const harmless = [create(77), update(place(77, "n"), int(1))];
    let error: unknown;
    try {
      state.apply([...harmless, refused]);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(BadChangesetError);
    if (!(error instanceof BadChangesetError)) return;
    expect(error.message).toContain(refused.table.slice(0, 20));
    expect({ code: error.code, index: error.instructionIndex, kind: error.instruction, table: error.table }).toEqual({
      code,
      index: harmless.length,
      kind: refused.kind,
      table: refused.table,
    });
    expect(error.field).toBe("field" in refused ? refused.field : undefined);
    expect(error.key).toBe("key" in refused ? refused.key.text : undefined);
    expect(error.status).toBe(212);
    expect(error.explanation.length).toBeGreaterThan(20);
    expect(stateToJson(state, "brief")).toEqual(before);
    expect(state.count("A")).toBe(count);
  });
});
