import { intKey, stringKey } from "../../../../src/changeset/key.ts";
import type { AddColumn, Instruction, ObjectKey, PathElement, Payload, Place } from "../../../../src/changeset/model.ts";
import type { ObjectState, ReadObject, ReadValue } from "../../../../src/store/objects/index.ts";
import type { Random } from "../../../support/simulation/random.ts";

// What an app could write on the state it sees, as an SDK would record it (changeset-format §9.4). Left out are the patterns on which the
// rules themselves do not converge (merge-rules §10 and the end of §12): embedded objects in dictionaries; a Mixed that changes between
// kinds of collections within one offline period, or is assigned the kind it has; collections under dictionary keys; columns erased while
// anything but assignments happens to them; numbers of several types in one set. And one that they do not mention: emptying a collection
// that is itself an element of a list, since no rule lets a Clear follow its element when the list around it is edited.

const column = (table: string, field: string, type: AddColumn["type"], more: Partial<AddColumn> = {}): AddColumn => ({
  kind: "AddColumn",
  table,
  field,
  type,
  nullable: false,
  collection: "Single",
  ...more,
});

const topLevel = (table: string, keyType: "Int" | "String"): Instruction => ({
  kind: "AddTable",
  table,
  tableType: "TopLevel",
  keyField: "_id",
  keyType,
  keyNullable: false,
});

/** What every client brings when it opens the file for the first time. */
export const schema: readonly Instruction[] = [
  { kind: "AddTable", table: "Part", tableType: "Embedded" },
  column("Part", "x", "Int", { nullable: true }),
  column("Part", "list", "Int", { collection: "List" }),
  topLevel("Other", "String"),
  column("Other", "x", "Int"),
  topLevel("Item", "Int"),
  column("Item", "value", "Int", { nullable: true }),
  column("Item", "counter", "Int"),
  column("Item", "mixed", "Mixed", { nullable: true }),
  column("Item", "list", "Int", { collection: "List" }),
  column("Item", "set", "Int", { collection: "Set" }),
  column("Item", "dictionary", "Mixed", { nullable: true, collection: "Dictionary", dictionaryKeyType: "String" }),
  column("Item", "part", "Link", { nullable: true, linkTarget: "Part" }),
  column("Item", "parts", "Link", { collection: "List", linkTarget: "Part" }),
  column("Item", "link", "Link", { nullable: true, linkTarget: "Other" }),
  column("Item", "links", "Link", { collection: "List", linkTarget: "Other" }),
];

/** What the apps do with Mixed properties until everybody has met again: one kind of collection at most. */
export type MixedPhase = "scalar" | "List" | "Dictionary";

const kinds = {
  create: 3,
  eraseObject: 1,
  eraseOther: 0.4,
  value: 3,
  counter: 4,
  list: 10,
  set: 4,
  dictionary: 3,
  part: 3,
  parts: 5,
  link: 1.5,
  links: 2,
  mixed: 6,
  schema: 3,
} as const;
export type EditKind = keyof typeof kinds;
export const editKinds = Object.keys(kinds) as readonly EditKind[];

/** Draws the instructions of one edit; none where the state offers nothing to do. */
export function drawEdit(random: Random, state: ObjectState, phase: MixedPhase, allowed: readonly EditKind[] = []): Instruction[] {
  const kind = allowed.length === 0 ? random.weighted(kinds) : random.pick(allowed);
  if (kind === "schema") return drawSchemaEdit(random, state);
  const key = intKey(BigInt(random.below(2)));
  if (kind === "eraseOther") return eraseOther(random, state);
  const object = state.read("Item", key, "raw");
  if (object === undefined) return createObject(random, key);
  const draw = new ItemEdit(random, object, phase);
  switch (kind) {
    case "create":
      return [{ kind: "CreateObject", table: "Other", key: otherKey(random) }];
    case "eraseObject":
      return [{ kind: "EraseObject", table: "Item", key }];
    case "value":
      return [draw.assign(["value"], random.chance(0.2) ? nothing : draw.int()), ...(random.chance(0.2) ? [draw.increment("value")] : [])];
    case "counter":
      return [random.chance(0.15) ? draw.assign(["counter"], draw.int()) : draw.increment("counter")];
    case "list":
      return draw.editList(["list"], () => draw.int());
    case "set":
      return draw.editSet();
    case "dictionary":
      return draw.editDictionary("dictionary");
    case "part":
      return draw.editPart();
    case "parts":
      return draw.editParts();
    case "link":
      return [draw.assign(["link"], random.chance(0.3) ? nothing : draw.link())];
    case "links":
      return draw.editList(["links"], () => draw.link());
    case "mixed":
      return draw.editMixed();
  }
}

const nothing = { type: "Null" } as const satisfies Payload;
const objectValue: Payload = { type: "ObjectValue" };
const otherKeys = ["a", "b", "c"];
const otherKey = (random: Random): ObjectKey => stringKey(random.pick(otherKeys));

/** Creating an object sets defaults, as SDKs do. */
function createObject(random: Random, key: ObjectKey): Instruction[] {
  const value: Payload = { type: "Int", value: BigInt(random.below(100)) };
  return [
    { kind: "CreateObject", table: "Item", key },
    { kind: "Update", table: "Item", key, field: "value", path: [], value, isDefault: true },
  ];
}

/** An SDK removes the links it knows before it erases their target. */
function eraseOther(random: Random, state: ObjectState): Instruction[] {
  const key = otherKey(random);
  if (!state.has("Other", key)) return [];
  const pointsHere = (value: ReadValue | undefined): boolean => value?.type === "Link" && value.key.text === key.text;
  const removals: Instruction[] = [];
  for (const object of state.objects("Item", "raw")) {
    const at = { table: "Item", key: object.key };
    const single = object.fields.get("link");
    if (pointsHere(single)) {
      removals.push({ kind: "Update", ...at, field: "link", path: [], value: nothing, isDefault: false });
    }
    const links = itemsOf(object.fields.get("links"));
    let size = links.length;
    for (let index = links.length - 1; index >= 0; index--) {
      if (pointsHere(links[index])) removals.push({ kind: "ArrayErase", ...at, field: "links", path: [index], priorSize: size-- });
    }
  }
  return [...removals, { kind: "EraseObject", table: "Other", key }];
}

const itemsOf = (value: ReadValue | undefined): readonly ReadValue[] => (value?.type === "List" ? value.items : []);

/** Edits of one object. A place is its field and what follows. */
class ItemEdit {
  private readonly random: Random;
  private readonly object: ReadObject;
  private readonly phase: MixedPhase;

  constructor(random: Random, object: ReadObject, phase: MixedPhase) {
    this.random = random;
    this.object = object;
    this.phase = phase;
  }

  int(): Payload {
    return { type: "Int", value: BigInt(this.random.below(100)) };
  }

  link(): Payload {
    return { type: "Link", table: "Other", key: otherKey(this.random) };
  }

  assign(place: readonly [string, ...PathElement[]], value: Payload): Instruction {
    return { kind: "Update", ...this.at(place), value, isDefault: false };
  }

  increment(field: string): Instruction {
    return { kind: "AddInteger", ...this.at([field]), value: BigInt(this.random.below(9) - 4) };
  }

  editList(place: readonly [string, ...PathElement[]], element: () => Payload, list = this.read(place)): Instruction[] {
    const { random } = this;
    const priorSize = itemsOf(list).length;
    const choice = random.below(12);
    const index = random.below(priorSize + 1);
    if (choice < 5 || priorSize === 0) return [{ kind: "ArrayInsert", ...this.at([...place, index]), value: element(), priorSize }];
    if (choice === 11 && typeof place.at(-1) === "string") return [{ kind: "Clear", ...this.at(place), collection: "List" }];
    const existing = random.below(priorSize);
    if (choice < 6) return [{ kind: "ArrayErase", ...this.at([...place, existing]), priorSize }];
    if (choice < 9) return this.move(place, existing, priorSize);
    const replaced = element();
    // Embedded objects and collections are replaced by an erasure and an insertion.
    if (replaced.type !== "ObjectValue" && replaced.type !== "List")
      return [{ kind: "Update", ...this.at([...place, existing]), value: replaced, priorSize }];
    return [
      { kind: "ArrayErase", ...this.at([...place, existing]), priorSize },
      { kind: "ArrayInsert", ...this.at([...place, existing]), value: replaced, priorSize: priorSize - 1 },
    ];
  }

  editSet(): Instruction[] {
    const set = this.read(["set"]);
    const members = set?.type === "Set" ? set.members : [];
    const member = this.random.below(3);
    const value: Payload = { type: "Int", value: BigInt(member) };
    const present = members.some((other) => other.type === "Int" && other.value === value.value);
    if (members.length > 0 && this.random.chance(0.15)) return [{ kind: "Clear", ...this.at(["set"]), collection: "Set" }];
    return [{ kind: present ? "SetErase" : "SetInsert", ...this.at(["set"]), value }];
  }

  editDictionary(field: string): Instruction[] {
    const dictionary = this.read([field]);
    const entries = dictionary?.type === "Dictionary" ? dictionary.entries : new Map<string, ReadValue>();
    const name = this.random.pick(["k", "l"]);
    if (entries.size > 0 && this.random.chance(0.1)) return [{ kind: "Clear", ...this.at([field]), collection: "Dictionary" }];
    if (entries.has(name) && this.random.chance(0.3)) return [this.assign([field, name], { type: "Erased" })];
    return [this.assign([field, name], this.int())];
  }

  /** The single embedded object: made, replaced, removed, or edited inside. */
  editPart(): Instruction[] {
    const part = this.read(["part"]);
    if (part?.type !== "Embedded") return [this.assign(["part"], objectValue), this.assign(["part", "x"], this.int())];
    if (this.random.chance(0.2)) return [this.assign(["part"], nothing)];
    if (this.random.chance(0.2)) return [this.assign(["part"], nothing), this.assign(["part"], objectValue)];
    return this.editInside(["part"], part);
  }

  /** A list of embedded objects: edited itself, or inside one of its elements. */
  editParts(): Instruction[] {
    const parts = itemsOf(this.read(["parts"]));
    const index = parts.length === 0 ? 0 : this.random.below(parts.length);
    const part = parts[index];
    if (part?.type === "Embedded" && this.random.chance(0.5)) return this.editInside(["parts", index], part);
    return this.editList(["parts"], () => objectValue);
  }

  editMixed(): Instruction[] {
    const { random, phase } = this;
    const mixed: ReadValue = this.read(["mixed"]) ?? nothing;
    if (phase === "scalar" && (random.chance(0.6) || (mixed.type !== "List" && mixed.type !== "Dictionary")))
      return this.mixedScalar(mixed);
    if (mixed.type === "List" && phase !== "Dictionary") return this.editMixedList(mixed);
    if (mixed.type === "Dictionary" && phase !== "List") return this.editDictionary("mixed");
    if (phase === "scalar" || phase === mixed.type) return [];
    if (mixed.type === "List" || mixed.type === "Dictionary") return [{ kind: "Clear", ...this.at(["mixed"]), collection: phase }];
    if (mixed.type === "Int" && random.chance(0.6)) return [this.increment("mixed")];
    const collection: Instruction = random.chance(0.3)
      ? { kind: "Clear", ...this.at(["mixed"]), collection: phase }
      : this.assign(["mixed"], { type: phase });
    return phase === "List"
      ? [collection, { kind: "ArrayInsert", ...this.at(["mixed", 0]), value: this.int(), priorSize: 0 }]
      : [collection, this.assign(["mixed", "k"], this.int())];
  }

  private mixedScalar(mixed: ReadValue): Instruction[] {
    if (mixed.type === "Int" && this.random.chance(0.4)) return [this.increment("mixed")];
    return [this.assign(["mixed"], this.random.pick<Payload>([this.int(), nothing, { type: "String", value: "text" }]))];
  }

  /** Elements are numbers and lists of numbers. */
  private editMixedList(mixed: ReadValue): Instruction[] {
    const items = itemsOf(mixed);
    const index = items.findIndex((item) => item.type === "List");
    if (index >= 0 && this.random.chance(0.4)) return this.editList(["mixed", index], () => this.int(), items[index]);
    return this.editList(["mixed"], () => (this.random.chance(0.3) ? { type: "List" } : this.int()), mixed);
  }

  private editInside(place: readonly [string, ...PathElement[]], part: ReadValue): Instruction[] {
    const fields = part.type === "Embedded" ? part.fields : new Map<string, ReadValue>();
    if (this.random.chance(0.4)) return [this.assign([...place, "x"], this.int())];
    return this.editList([...place, "list"], () => this.int(), fields.get("list"));
  }

  private move(place: readonly [string, ...PathElement[]], from: number, priorSize: number): Instruction[] {
    const destination = this.random.below(priorSize);
    return destination === from ? [] : [{ kind: "ArrayMove", ...this.at([...place, from]), destination, priorSize }];
  }

  private read([field]: readonly [string, ...PathElement[]]): ReadValue | undefined {
    return this.object.fields.get(field);
  }

  private at([field, ...path]: readonly [string, ...PathElement[]]): Place {
    return { table: "Item", key: this.object.key, field, path };
  }
}

/** A class that comes and goes, and columns in it and to it. */
function drawSchemaEdit(random: Random, state: ObjectState): Instruction[] {
  const passing = state.classNamed("Passing");
  // An app that starts anew may declare what is there already.
  if (passing === undefined || random.chance(0.1)) return [topLevel("Passing", "Int")];
  const toPassing = state.classNamed("Other")?.columns.some(({ field }) => field === "passing") ?? false;
  const hasColumn = passing.columns.some(({ field }) => field === "column");
  const key = intKey(BigInt(random.below(2)));
  const passingLink: Payload = { type: "Link", table: "Passing", key };
  switch (random.below(8)) {
    case 0:
      return [...(toPassing ? [eraseColumn("Other", "passing")] : []), { kind: "EraseTable", table: "Passing" }];
    case 1:
    case 2:
      return [hasColumn && random.chance(0.6) ? eraseColumn("Passing", "column") : column("Passing", "column", "Int")];
    case 3:
    case 4:
      if (!toPassing) return [column("Other", "passing", "Link", { nullable: true, linkTarget: "Passing" })];
      return random.chance(0.3)
        ? [eraseColumn("Other", "passing")]
        : [...state.objects("Other")].map(({ key }): Instruction => ({
            kind: "Update",
            table: "Other",
            key,
            field: "passing",
            path: [],
            value: passingLink,
            isDefault: false,
          }));
    default:
      if (!state.has("Passing", key)) return [{ kind: "CreateObject", table: "Passing", key }];
      if (random.chance(0.2)) return [{ kind: "EraseObject", table: "Passing", key }];
      if (!hasColumn) return [];
      return [
        {
          kind: "Update",
          table: "Passing",
          key,
          field: "column",
          path: [],
          value: { type: "Int", value: BigInt(random.below(9)) },
          isDefault: false,
        },
      ];
  }
}

const eraseColumn = (table: string, field: string): Instruction => ({ kind: "EraseColumn", table, field });
