import type { Instruction } from "../../src/changeset/model.ts";
import { BadChangesetError, MemoryObjectStorage, type Notation, ObjectState, stateToJson } from "../../src/store/objects/index.ts";
import { canonicalJson } from "./compare.ts";

const cacheBytes = 64 * 1024 * 1024;

export const newState = (): ObjectState => new ObjectState(new MemoryObjectStorage(), { cacheBytes });

/** Applies a changeset; what the state refuses comes back as a message, and the state is then as before. */
export function refusalOf(state: ObjectState, instructions: readonly Instruction[]): string | undefined {
  try {
    state.apply(instructions);
    return undefined;
  } catch (error) {
    if (error instanceof BadChangesetError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

/** One form for states that mean the same: objects and sets sorted, floats and decimals by their bits alone. */
function normal(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => normal(item));
    return name === "objects" || name === "set" ? sorted(items) : items;
  }
  if (!isMembers(value)) return value;
  const { type } = value;
  if (type === "Float" || type === "Double") return { type, bits: value["bits"] };
  if (type === "Decimal" && "coeff" in value) return { type, coeff: value["coeff"], exp: value["exp"], neg: value["neg"] };
  return Object.fromEntries(Object.entries(value).map(([member, content]) => [member, normal(content, member)]));
}

const sorted = (items: readonly unknown[]): unknown[] =>
  items
    .map((item) => ({ item, text: canonicalJson(item) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ item }) => item);

/** In the brief notation the objects of a class are the class's own array. */
const normalState = (state: unknown, notation: Notation): unknown =>
  notation === "brief" && isMembers(state)
    ? Object.fromEntries(Object.entries(state).map(([table, content]) => [table, normal(content, "objects")]))
    : normal(state);

/** Empty when the state is as expected, else the classes and objects that differ. */
export function stateDifferences(title: string, expected: unknown, state: ObjectState, notation: Notation): string[] {
  const wanted = normalState(expected, notation);
  const found = normalState(stateToJson(state, notation), notation);
  if (canonicalJson(wanted) === canonicalJson(found)) return [];
  if (!isMembers(wanted) || !isMembers(found)) return [`${title}: no state`];
  const tables = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...tables]
    .filter((table) => canonicalJson(wanted[table]) !== canonicalJson(found[table]))
    .flatMap((table) => [
      `${title}, class ${table}: expected ${canonicalJson(wanted[table])}`,
      `${title}, class ${table}: found    ${canonicalJson(found[table])}`,
    ]);
}
