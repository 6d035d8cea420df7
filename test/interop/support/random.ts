// Random edits of every kind that two SDKs merge reliably, drawn from a seed.
import { CommandError, type DeviceRealm } from "./client.ts";
import type { Dump, Operation, Path, Value, Values } from "./notation.ts";
import { addToSet, append, clear, create, increment, insert, link, remove, removeIndex, removeKey, removeValue, set } from "./notation.ts";
import type { ClassSchema } from "./notation.ts";

export const thingSchema: readonly ClassSchema[] = [
  {
    name: "Thing",
    primaryKey: "_id",
    properties: {
      _id: "int",
      counter: "int",
      text: "string?",
      anything: "mixed",
      list: "string[]",
      numbers: "int<>",
      dictionary: "mixed{}",
      part: "Part",
      parts: "Part[]",
      rooms: "Part{}",
      friend: "Thing",
      friends: "Thing[]",
    },
  },
  { name: "Part", embedded: true, properties: { name: "string?", amount: "int", marks: "int[]" } },
];

/** How often each kind is drawn, relative to the others. */
const WEIGHTS = {
  create: 6,
  deleteThing: 2,
  setText: 4,
  setAnything: 4,
  increment: 6,
  setCounter: 1,
  insert: 10,
  setElement: 4,
  removeElement: 5,
  clearList: 1,
  addNumber: 5,
  removeNumber: 3,
  clearNumbers: 1,
  setEntry: 5,
  removeEntry: 3,
  clearDictionary: 1,
  setPart: 5,
  removePart: 3,
  changePart: 5,
  insertPart: 5,
  changeListedPart: 5,
  removeListedPart: 3,
  addRoom: 5,
  changeRoom: 4,
  removeRoom: 4,
  setFriend: 3,
  addFriend: 4,
  removeFriend: 2,
} as const;

export type EditKind = keyof typeof WEIGHTS;

/** Keys are few, so that devices meet in the same objects. */
const KEYS = 6;

/** Random numbers from a seed (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
    for (let i = 0; i < 8; i += 1) this.below(2);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)];
  }
}

/** Draws edits that are possible in the state `dump` of one device. `author` is a name that no other device has. */
export class Edits {
  readonly #random: Random;
  readonly #author: string;
  /** How many edits of each kind were drawn. */
  readonly drawn: Record<EditKind, number>;
  #serial = 0;

  constructor(random: Random, author: string) {
    this.#random = random;
    this.#author = author;
    this.drawn = Object.fromEntries(Object.keys(WEIGHTS).map((kind) => [kind, 0])) as Record<EditKind, number>;
  }

  /** One possible edit. */
  draw(dump: Dump): Operation {
    for (;;) {
      const kind = this.#kind();
      const edit = this.#edit(kind, dump["Thing"] ?? []);
      if (edit === undefined) continue;
      this.drawn[kind] += 1;
      return edit;
    }
  }

  #kind(): EditKind {
    const entries = Object.entries(WEIGHTS) as [EditKind, number][];
    let left = this.#random.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [kind, weight] of entries) {
      left -= weight;
      if (left < 0) return kind;
    }
    return "create";
  }

  #edit(kind: EditKind, things: readonly Values[]): Operation | undefined {
    if (kind === "create") return this.#create(things);
    const thing = this.#random.pick(things);
    return thing === undefined ? undefined : this.#change[kind](thing, ["Thing", thing["_id"] ?? null], things);
  }

  #create(things: readonly Values[]): Operation | undefined {
    const key = this.#random.below(KEYS);
    return things.some((thing) => thing["_id"] === key)
      ? undefined
      : create("Thing", {
          _id: key,
          counter: this.#random.below(100),
          text: this.#text(),
          list: [this.#text(), this.#text()],
          parts: [{ amount: 1 }],
        });
  }

  /** For each kind an edit of a thing, or undefined when the thing does not allow it. */
  readonly #change: Record<Exclude<EditKind, "create">, (thing: Values, at: Path, things: readonly Values[]) => Operation | undefined> = {
    deleteThing: (_, at) => remove(...at),
    setText: (_, at) => set([...at, "text"], this.#random.below(5) === 0 ? null : this.#text()),
    setAnything: (_, at) => set([...at, "anything"], this.#scalar()),
    increment: (_, at) => increment([...at, "counter"], this.#random.below(19) - 9),
    setCounter: (_, at) => set([...at, "counter"], this.#random.below(1000)),
    insert: (thing, at) => insert([...at, "list"], this.#random.below(size(thing["list"]) + 1), this.#text()),
    setElement: (thing, at) => this.#indexed(thing["list"], (index) => set([...at, "list", index], this.#text())),
    removeElement: (thing, at) => this.#indexed(thing["list"], (index) => removeIndex([...at, "list"], index)),
    clearList: (thing, at) => (size(thing["list"]) === 0 ? undefined : clear(...at, "list")),
    addNumber: (_, at) => addToSet([...at, "numbers"], this.#random.below(8)),
    removeNumber: (thing, at) =>
      this.#indexed(thing["numbers"], (index) => removeValue([...at, "numbers"], elements(thing["numbers"])[index] ?? null)),
    clearNumbers: (thing, at) => (size(thing["numbers"]) === 0 ? undefined : clear(...at, "numbers")),
    setEntry: (_, at) => set([...at, "dictionary", `k${this.#random.below(4)}`], this.#scalar()),
    removeEntry: (thing, at) => this.#keyed(thing["dictionary"], (key) => removeKey([...at, "dictionary"], key)),
    clearDictionary: (thing, at) => (keys(thing["dictionary"]).length === 0 ? undefined : clear(...at, "dictionary")),
    setPart: (_, at) => set([...at, "part"], { name: this.#text(), amount: this.#random.below(10), marks: [1, 2] }),
    removePart: (thing, at) => (members(thing["part"]) === undefined ? undefined : set([...at, "part"], null)),
    changePart: (thing, at) => this.#changeOfPart(thing["part"], [...at, "part"]),
    insertPart: (thing, at) =>
      insert([...at, "parts"], this.#random.below(size(thing["parts"]) + 1), { name: this.#text(), amount: 0, marks: [] }),
    changeListedPart: (thing, at) =>
      this.#indexed(thing["parts"], (index) => this.#changeOfPart(elements(thing["parts"])[index], [...at, "parts", index])),
    removeListedPart: (thing, at) => this.#indexed(thing["parts"], (index) => removeIndex([...at, "parts"], index)),
    // Two SDKs that create the same key of a dictionary of embedded objects do not agree with each other: each device has keys of its own.
    addRoom: (_, at) => set([...at, "rooms", `${this.#author}${++this.#serial}`], { name: this.#text(), amount: 0 }),
    changeRoom: (thing, at) => this.#keyed(thing["rooms"], (key) => this.#changeOfPart(entry(thing["rooms"], key), [...at, "rooms", key])),
    removeRoom: (thing, at) => this.#keyed(thing["rooms"], (key) => removeKey([...at, "rooms"], key)),
    setFriend: (_, at, things) => set([...at, "friend"], this.#random.below(4) === 0 ? null : this.#thing(things)),
    addFriend: (thing, at, things) => (size(thing["friends"]) < 8 ? append([...at, "friends"], this.#thing(things)) : undefined),
    removeFriend: (thing, at) => this.#indexed(thing["friends"], (index) => removeIndex([...at, "friends"], index)),
  };

  #changeOfPart(value: Value | undefined, at: Path): Operation | undefined {
    const part = members(value);
    if (part === undefined) return undefined;
    switch (this.#random.below(4)) {
      case 0:
        return set([...at, "name"], this.#text());
      case 1:
        return increment([...at, "amount"], 1 + this.#random.below(5));
      case 2:
        return append([...at, "marks"], this.#random.below(100));
      default:
        return this.#indexed(part["marks"], (index) => removeIndex([...at, "marks"], index));
    }
  }

  #indexed(list: Value | undefined, edit: (index: number) => Operation | undefined): Operation | undefined {
    return size(list) === 0 ? undefined : edit(this.#random.below(size(list)));
  }

  #keyed(dictionary: Value | undefined, edit: (key: string) => Operation | undefined): Operation | undefined {
    const key = this.#random.pick(keys(dictionary));
    return key === undefined ? undefined : edit(key);
  }

  #thing(things: readonly Values[]): Value {
    return link("Thing", this.#random.pick(things)?.["_id"] ?? null);
  }

  #text(): string {
    return `${this.#author}${++this.#serial}`;
  }

  #scalar(): Value {
    return (
      this.#random.pick<Value>([
        null,
        true,
        this.#random.below(100),
        this.#text(),
        { $double: this.#random.below(10) / 4 },
        { $date: [this.#random.below(1000), 0] },
        { $uuid: "3b241101-e2bb-4255-8caf-4136c566a962" },
      ]) ?? null
    );
  }
}

/** One random edit, and whether it was written. A change of another device may arrive between the look at the state and the write, and make the edit impossible; then nothing is written. */
export async function writeIfPossible(realm: DeviceRealm, edits: Edits): Promise<boolean> {
  try {
    await realm.write(edits.draw(await realm.dump()));
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return false;
  }
}

/** An embedded object or a dictionary; these schemas hold no nested ones in mixed. */
const members = (value: Value | undefined): Values | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
const elements = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
const size = (value: Value | undefined): number => elements(value).length;
const keys = (value: Value | undefined): readonly string[] => Object.keys(members(value) ?? {});
const entry = (value: Value | undefined, key: string): Value | undefined => members(value)?.[key];
