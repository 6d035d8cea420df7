import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ChangeError,
  ChangesetBuilder,
  decimal,
  double,
  embedded,
  float,
  link,
  objectId,
  type Value,
} from "../../../src/changeset/builder/changes.ts";
import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { uuidKey } from "../../../src/changeset/key.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import { readableInstruction } from "../../../src/changeset/readable/write.ts";
import { MemoryObjectStorage, ObjectState, stateToJson } from "../../../src/store/objects/index.ts";

const newState = (): ObjectState => new ObjectState(new MemoryObjectStorage(), { cacheBytes: 1_000_000 });

/** `Update any[0]["x"] = Int 3`, the short form in which these tests compare. */
function brief(instruction: Instruction): string {
  const readable = readableInstruction(instruction);
  const steps = "path" in readable ? readable.path.map((element) => `[${JSON.stringify(element)}]`).join("") : "";
  const field = "field" in readable ? ` ${readable.field}${steps}` : "";
  const value = "value" in readable ? readable.value : undefined;
  const shown =
    value === undefined
      ? ""
      : typeof value === "string"
        ? ` = ${value}`
        : ` = ${value.type}${"value" in value ? ` ${String(value.value)}` : ""}`;
  const size = "prior_size" in readable ? ` of ${readable.prior_size}` : "";
  const to = "ndx_2" in readable ? ` to ${readable.ndx_2}` : "";
  const flag = "is_default" in readable && readable.is_default ? " default" : "";
  return `${readable.t}${field}${to}${shown}${size}${flag}`;
}

const schema = (): ChangesetBuilder =>
  new ChangesetBuilder()
    .addClass("City", { kind: "Embedded", fields: { name: "String?", bolts: { list: "Int" } } })
    .addClass("Person", {
      key: { type: "String" },
      fields: {
        age: "Int",
        nick: "String?",
        any: "Mixed",
        tags: { list: "String" },
        codes: { set: "Int" },
        attrs: { dictionary: "Mixed" },
        home: { embedded: "City" },
        cities: { list: { embedded: "City" } },
        places: { dictionary: { embedded: "City" } },
        price: "Decimal?",
        ratio: "Double?",
        weight: "Float?",
        born: "Timestamp?",
        data: "Binary?",
        ident: "Uuid?",
      },
    })
    .addField("Person", "friend", { link: "Person" })
    .addField("Person", "friends", { list: { link: "Person" } });

/** What `work` writes for the object Person["ann"], which was created and is empty. */
function written(work: (changes: ChangesetBuilder) => unknown): string[] {
  const changes = schema().create("Person", "ann");
  const before = changes.instructions.length;
  work(changes);
  const state = newState();
  state.apply(decodeChangeset(changes.encode()));
  return changes.instructions.slice(before).map(brief);
}

/** What `work` writes for an object of which nothing is known but its class. */
function writtenFor(work: (changes: ChangesetBuilder) => unknown): string[] {
  const known = newState();
  known.apply(schema().instructions);
  const changes = new ChangesetBuilder((table) => known.classNamed(table));
  work(changes);
  return changes.instructions.map(brief);
}

describe("columns as SDKs declare them (changeset-format §9.2)", () => {
  it.each([
    ["Int", { type: "Int", nullable: false, collection: "Single" }],
    ["Int?", { type: "Int", nullable: true, collection: "Single" }],
    ["Mixed", { type: "Mixed", nullable: true, collection: "Single" }],
    [{ link: "City" }, { type: "Link", nullable: true, collection: "Single", linkTarget: "City" }],
    [{ list: "String" }, { type: "String", nullable: false, collection: "List" }],
    [{ list: { embedded: "City" } }, { type: "Link", nullable: false, collection: "List", linkTarget: "City" }],
    [{ set: "Int?" }, { type: "Int", nullable: true, collection: "Set" }],
    [{ dictionary: "Mixed" }, { type: "Mixed", nullable: true, collection: "Dictionary", dictionaryKeyType: "String" }],
    [
      { dictionary: { link: "City" } },
      { type: "Link", nullable: true, collection: "Dictionary", linkTarget: "City", dictionaryKeyType: "String" },
    ],
  ] as const)("%o", (shape, column) => {
    const { instructions } = new ChangesetBuilder().addField("Person", "f", shape);
    expect(instructions).toEqual([{ kind: "AddColumn", table: "Person", field: "f", ...column }]);
  });
});

describe("what an SDK emits (changeset-format §9.4)", () => {
  it("values take the types of their fields", () => {
    const value: Record<string, Value> = {
      age: 5,
      price: "10.50",
      ratio: 1,
      weight: 1.5,
      born: new Date(1500),
      data: Uint8Array.of(1),
      nick: null,
    };
    expect(written((changes) => Object.entries(value).map(([field, content]) => changes.set("Person", "ann", field, content)))).toEqual([
      "Update age = Int 5",
      "Update price = Decimal 10.50",
      "Update ratio = Double 1",
      "Update weight = Float 1.5",
      "Update born = Timestamp",
      "Update data = Binary 01",
      "Update nick = Null",
    ]);
  });

  it("in a Mixed, whole numbers are Int and others Double, unless said otherwise", () => {
    const values = [5, 1.5, double(5), float(5), decimal("5"), 5n, "a", true];
    expect(written((changes) => values.map((value) => changes.set("Person", "ann", "any", value)))).toEqual([
      "Update any = Int 5",
      "Update any = Double 1.5",
      "Update any = Double 5",
      "Update any = Float 5",
      "Update any = Decimal 5",
      "Update any = Int 5",
      "Update any = String a",
      "Update any = Bool true",
    ]);
  });

  it("defaults carry the flag, except null links, which are not sent", () => {
    const changes = schema();
    const before = changes.instructions.length;
    changes.create("Person", "ann", { age: 3 }, { age: 1, nick: "x", friend: null });
    expect(changes.instructions.slice(before).map(brief)).toEqual(["CreateObject", "Update nick = String x default", "Update age = Int 3"]);
  });

  it("lists say their size before each change", () => {
    const work = (changes: ChangesetBuilder) =>
      changes
        .insert("Person", "ann", "tags", 0, "a")
        .insert("Person", "ann", "tags", "end", "b")
        .insert("Person", "ann", "tags", 0, "c")
        .set("Person", "ann", ["tags", 1], "d")
        .move("Person", "ann", "tags", 0, 2)
        .remove("Person", "ann", "tags", 1);
    expect(written(work)).toEqual([
      "ArrayInsert tags[0] = String a of 0",
      "ArrayInsert tags[1] = String b of 1",
      "ArrayInsert tags[0] = String c of 2",
      "Update tags[1] = String d of 3",
      "ArrayMove tags[0] to 2 of 3",
      "ArrayErase tags[1] of 3",
    ]);
  });

  it("the size of a list that was not made here is asked for once and then followed", () => {
    expect(
      writtenFor((changes) => changes.insert("Person", "ann", "tags", "end", "a", { priorSize: 7 }).remove("Person", "ann", "tags", 0)),
    ).toEqual(["ArrayInsert tags[7] = String a of 7", "ArrayErase tags[0] of 8"]);
    expect(() => writtenFor((changes) => changes.remove("Person", "ann", "tags", 0))).toThrow("give priorSize");
  });

  it("clearing what is known to be empty writes nothing", () => {
    expect(written((changes) => changes.clear("Person", "ann", "tags"))).toEqual([]);
    expect(writtenFor((changes) => changes.clear("Person", "ann", "tags"))).toEqual(["Clear tags"]);
  });

  it("a collection assigned to a Mixed is made, cleared if it may have content, and filled", () => {
    expect(written((changes) => changes.set("Person", "ann", "any", [1, new Map([["x", [2]]])]))).toEqual([
      "Update any = List",
      "ArrayInsert any[0] = Int 1 of 0",
      "ArrayInsert any[1] = Dictionary of 1",
      'Update any[1]["x"] = List',
      'ArrayInsert any[1]["x"][0] = Int 2 of 0',
    ]);
    expect(writtenFor((changes) => changes.set("Person", "ann", "any", [1]))).toEqual([
      "Update any = List",
      "Clear any",
      "ArrayInsert any[0] = Int 1 of 0",
    ]);
    expect(written((changes) => changes.set("Person", "ann", "any", [1]).set("Person", "ann", "any", [2]))).toEqual([
      "Update any = List",
      "ArrayInsert any[0] = Int 1 of 0",
      "Update any = List",
      "Clear any",
      "ArrayInsert any[0] = Int 2 of 0",
    ]);
  });

  it("a single embedded object is replaced by null and a new one", () => {
    expect(written((changes) => changes.set("Person", "ann", "home", embedded({ name: "Oslo", bolts: [1] })))).toEqual([
      "Update home = ObjectValue",
      'Update home["name"] = String Oslo',
      'ArrayInsert home["bolts"][0] = Int 1 of 0',
    ]);
    expect(writtenFor((changes) => changes.set("Person", "ann", "home", embedded()))).toEqual([
      "Update home = Null",
      "Update home = ObjectValue",
    ]);
  });

  it("an embedded object in a list is replaced by erasing and inserting", () => {
    const work = (changes: ChangesetBuilder) =>
      changes
        .insert("Person", "ann", "cities", 0, embedded({ bolts: [1, 2] }))
        .remove("Person", "ann", ["cities", 0, "bolts"], 1)
        .set("Person", "ann", ["cities", 0], embedded({ name: "Rome" }));
    expect(written(work)).toEqual([
      "ArrayInsert cities[0] = ObjectValue of 0",
      'ArrayInsert cities[0]["bolts"][0] = Int 1 of 0',
      'ArrayInsert cities[0]["bolts"][1] = Int 2 of 1',
      'ArrayErase cities[0]["bolts"][1] of 2',
      "ArrayErase cities[0] of 1",
      "ArrayInsert cities[0] = ObjectValue of 0",
      'Update cities[0]["name"] = String Rome',
    ]);
  });

  it("an embedded object in a dictionary is replaced by ObjectValue alone", () => {
    const work = (changes: ChangesetBuilder) =>
      changes.put("Person", "ann", "places", "k", embedded()).put("Person", "ann", "places", "k", embedded({ name: "x" }));
    expect(written(work)).toEqual([
      'Update places["k"] = ObjectValue',
      'Update places["k"] = ObjectValue',
      'Update places["k"]["name"] = String x',
    ]);
  });

  it("sets, dictionaries and counters", () => {
    const work = (changes: ChangesetBuilder) =>
      changes
        .add("Person", "ann", "codes", 5)
        .discard("Person", "ann", "codes", 5)
        .put("Person", "ann", "attrs", "k", "v")
        .erase("Person", "ann", "attrs", "k")
        .increment("Person", "ann", "age", -3)
        .clear("Person", "ann", "codes");
    expect(written(work)).toEqual([
      "SetInsert codes = Int 5",
      "SetErase codes = Int 5",
      'Update attrs["k"] = String v',
      'Update attrs["k"] = Erased',
      "AddInteger age = -3",
      "Clear codes",
    ]);
  });

  it("sizes inside list elements move with them", () => {
    const work = (changes: ChangesetBuilder) =>
      changes
        .set("Person", "ann", "any", [[1], [1, 2]])
        .insert("Person", "ann", "any", 0, 0)
        .move("Person", "ann", "any", 1, 2)
        .insert("Person", "ann", ["any", 1], "end", 3)
        .insert("Person", "ann", ["any", 2], "end", 3);
    expect(written(work).slice(-2)).toEqual(["ArrayInsert any[1][2] = Int 3 of 2", "ArrayInsert any[2][1] = Int 3 of 1"]);
  });
});

describe("keys", () => {
  it("take the type of the class's key, in links too", () => {
    const id = "01234567-89ab-cdef-0123-456789abcdef";
    const changes = new ChangesetBuilder().addClass("Node", { key: { type: "Uuid" }, fields: { next: { link: "Node" } } });
    changes.create("Node", id, { next: link("Node", id) });
    expect(changes.instructions.slice(2)).toEqual([
      { kind: "CreateObject", table: "Node", key: uuidKey(id) },
      {
        kind: "Update",
        table: "Node",
        key: uuidKey(id),
        field: "next",
        path: [],
        value: { type: "Link", table: "Node", key: uuidKey(id) },
        isDefault: false,
      },
    ]);
  });
});

describe("a change that cannot be is refused", () => {
  const table: readonly (readonly [string, (changes: ChangesetBuilder) => unknown, string])[] = [
    ["text in an Int", (changes) => changes.set("Person", "ann", "age", "5"), "no Int"],
    ["a fraction in an Int", (changes) => changes.set("Person", "ann", "age", 1.5), "no Int"],
    ["null in a field that is not nullable", (changes) => changes.set("Person", "ann", "age", null), "not nullable"],
    ["an unknown field", (changes) => changes.set("Person", "ann", "agee", 1), "has no field agee"],
    ["a list in a scalar field", (changes) => changes.set("Person", "ann", "age", [1]), "takes a Int"],
    ["a scalar in a list field", (changes) => changes.set("Person", "ann", "tags", "a"), "takes a List"],
    ["a set in a Mixed", (changes) => changes.set("Person", "ann", "any", new Set([1])), "sets cannot nest"],
    ["an embedded object in a Mixed", (changes) => changes.set("Person", "ann", "any", embedded()), "no embedded object"],
    ["a link to another class", (changes) => changes.set("Person", "ann", "friend", link("Dog", 1)), "links to Person"],
    ["a link to an embedded object", (changes) => changes.set("Person", "ann", "any", link("City", 1)), "embedded"],
    ["a key of another type", (changes) => changes.create("Person", 5), "not a key of type String"],
    ["a key for an embedded class", (changes) => changes.create("City", "x"), "embedded class"],
    ["an index beyond the list", (changes) => changes.insert("Person", "ann", "tags", 1, "a"), "no place 1"],
    ["removing from an empty list", (changes) => changes.remove("Person", "ann", "tags", 0), "no element 0"],
    ["a dictionary key with a dot", (changes) => changes.put("Person", "ann", "attrs", "a.b", 1), "dot"],
    ["adding to a list as to a set", (changes) => changes.add("Person", "ann", "tags", "a"), "is no Set"],
    ["incrementing text", (changes) => changes.increment("Person", "ann", "nick", 1), "cannot be incremented"],
    ["a step into a scalar", (changes) => changes.set("Person", "ann", ["age", 0], 1), "nothing can be at 0"],
    ["an integer beyond 64 bits", (changes) => changes.set("Person", "ann", "any", 2n ** 63n), "64 bits"],
    ["an ObjectId that is none", (changes) => changes.set("Person", "ann", "any", objectId("12")), "no single value"],
    ["a name beyond 63 bytes", (changes) => changes.addField("Person", "ä".repeat(32), "Int"), "1 to 63 bytes"],
    [
      "a list nested beyond 100 levels",
      (changes) =>
        changes.set(
          "Person",
          "ann",
          "any",
          Array.from({ length: 120 }).reduce<Value>((inner) => [inner], []),
        ),
      "deeper",
    ],
  ];
  it.each(table)("%s", (_, work, message) => {
    const changes = schema().create("Person", "ann");
    expect(() => work(changes)).toThrow(ChangeError);
    expect(() => work(schema().create("Person", "ann"))).toThrow(message);
  });
});

describe("what is built is what is read", () => {
  it("for Mixed values of any nesting", () => {
    const { value } = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.constantFrom(null, true, "text"),
        fc.array(tie("value"), { maxLength: 3 }),
        fc
          .uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 })
          .chain((names) =>
            fc.tuple(...names.map(() => tie("value"))).map((values) => new Map(names.map((name, index) => [name, values[index] ?? null]))),
          ),
      ),
    }));
    const json = (content: Value): unknown => {
      if (Array.isArray(content)) return content.map(json);
      if (content instanceof Map) return { dict: Object.fromEntries([...content].map(([name, item]) => [name, json(item)])) };
      return typeof content === "number" ? { int: String(content) } : content;
    };
    let nested = 0;
    fc.assert(
      fc.property(value, value, (first, second) => {
        const state = newState();
        state.apply(schema().create("Person", "ann", { any: first }).instructions);
        const changes = new ChangesetBuilder((table) => state.classNamed(table)).set("Person", "ann", "any", second);
        state.apply(decodeChangeset(changes.encode()));
        expect(stateToJson(state, "brief")).toMatchObject({ Person: [{ any: json(second) }] });
        if (typeof second === "object") nested++;
      }),
    );
    expect(nested).toBeGreaterThan(10);
  });
});
