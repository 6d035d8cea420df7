import type { Instruction, Path, PathElement, PathInstruction, SetErase, SetInsert } from "../../src/changeset/model.ts";
import { readableKey } from "../../src/changeset/readable/write.ts";
import { valueIdentity } from "../../src/merge/value-identity.ts";
import { memberIdentity } from "../../src/store/objects/set-identity.ts";
import { canonicalJson } from "./compare.ts";

/** A place where a quirk was at work, and the quirk. */
interface Cause {
  readonly quirk: "Q1" | "Q9";
  readonly path: Path;
}

/** A field of one object: class, key and field, as text. */
type FieldName = string;

const fieldName = (table: string, key: unknown, field: string): FieldName => JSON.stringify([table, canonicalJson(key), field]);

/**
 * Finds in what clients committed the two patterns that the rules are known to let apart (merge-rules §10): Q1, embedded objects made under
 * one dictionary key by several clients; Q9, members of one mixed set that are the same to the state and not to the merge.
 */
export class DivergenceFinder {
  /** Clients that made an embedded object, by its place. */
  readonly #makers = new Map<string, Set<number>>();
  /** Values that the merge tells apart, by set and by what the state tells apart. */
  readonly #members = new Map<string, Set<string | undefined>>();
  readonly #found = new Map<FieldName, Cause[]>();

  /** Takes note of one client's commit. */
  note(client: number, instructions: readonly Instruction[]): void {
    for (const instruction of instructions) {
      if (instruction.kind === "SetInsert" || instruction.kind === "SetErase") this.#noteMember(instruction);
      else if (instruction.kind === "Update" && instruction.value.type === "ObjectValue") this.#noteMaker(client, instruction);
    }
  }

  /**
   * Which quirks, and where, let two states (in the full notation) differ. Undefined when some difference is in another place, and so has
   * another cause.
   */
  explain(one: unknown, other: unknown): readonly string[] | undefined {
    const ours = fieldsOf(one);
    const theirs = fieldsOf(other);
    if (ours.size !== theirs.size) return undefined;
    const explained = new Set<string>();
    for (const [name, { place, value }] of ours) {
      for (const path of differences(value, theirs.get(name)?.value, [])) {
        const cause = this.#found.get(name)?.find((known) => known.path.every((step, index) => step === path[index]));
        if (cause === undefined) return undefined;
        explained.add(`${cause.quirk} at ${place}${cause.path.map((step) => `[${JSON.stringify(step)}]`).join("")}`);
      }
    }
    return [...explained];
  }

  #noteMaker(client: number, instruction: PathInstruction): void {
    // A path that ends in a name leads to a dictionary's entry, or to an embedded object's field, where making it twice does no harm.
    if (typeof instruction.path.at(-1) !== "string") return;
    const makers = entryOf(this.#makers, placeOf(instruction), () => new Set<number>());
    makers.add(client);
    if (makers.size > 1) this.#find("Q1", instruction);
  }

  #noteMember(instruction: SetInsert | SetErase): void {
    const { value } = instruction;
    if (
      value.type === "ObjectValue" ||
      value.type === "Erased" ||
      value.type === "List" ||
      value.type === "Dictionary" ||
      value.type === "Set"
    )
      return;
    const twins = entryOf(this.#members, `${placeOf(instruction)} ${memberIdentity(value)}`, () => new Set<string | undefined>());
    const identity = valueIdentity(value);
    twins.add(identity);
    if (twins.size > 1 || identity === undefined) this.#find("Q9", instruction);
  }

  #find(quirk: Cause["quirk"], { table, key, field, path }: PathInstruction): void {
    entryOf(this.#found, fieldName(table, readableKey(key), field), () => []).push({ quirk, path });
  }
}

const placeOf = ({ table, key, field, path }: PathInstruction): string => JSON.stringify([table, key.text, field, path]);

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

interface Field {
  /** Class and field, for people. */
  readonly place: string;
  readonly value: unknown;
}

/** Every field of every object of a state. */
function fieldsOf(state: unknown): Map<FieldName, Field> {
  const fields = new Map<FieldName, Field>();
  for (const [table, content] of Object.entries(isMembers(state) ? state : {})) {
    const objects = isMembers(content) && Array.isArray(content["objects"]) ? content["objects"] : [];
    for (const object of objects as readonly unknown[]) {
      if (!isMembers(object) || !isMembers(object["fields"])) continue;
      for (const [field, value] of Object.entries(object["fields"])) {
        fields.set(fieldName(table, object["pk"], field), { place: `${table}.${field}`, value });
      }
    }
  }
  return fields;
}

/** The deepest paths at which two values differ, in the steps of instructions: what the notation wraps values in is no step. */
function* differences(one: unknown, other: unknown, path: readonly PathElement[]): Generator<readonly PathElement[]> {
  if (canonicalJson(one) === canonicalJson(other)) return;
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
    for (const [index, item] of one.entries()) yield* differences(item, other[index], [...path, index]);
  } else if (isMembers(one) && isMembers(other) && Object.keys(one).length === Object.keys(other).length) {
    const isWrapper = "dictionary" in one || ("type" in one && one["type"] === other["type"]);
    for (const [name, member] of Object.entries(one)) yield* differences(member, other[name], isWrapper ? path : [...path, name]);
  } else yield path;
}
