import { nearest } from "../nearest.ts";
import type { Findings, Position } from "./diagnostic.ts";
import { describeNode, type JsonMember, type JsonNode, type JsonObjectNode } from "./json-source.ts";

/** What a key may hold, by the kind of JSON. */
type Kinds = "object" | "array" | "string" | "boolean";

const inWords: Readonly<Record<Kinds, string>> = { object: "an object", array: "a list", string: "text", boolean: "true or false" };

/** Reads the members of an object whose keys are known. Unknown ones are findings, as are those of the wrong type. */
export class Members {
  readonly at: Position;
  readonly #members: ReadonlyMap<string, JsonMember>;
  readonly #findings: Findings;

  /** @param known all keys that have a meaning here */
  constructor(node: JsonObjectNode, known: readonly string[], findings: Findings) {
    this.at = node.at;
    this.#findings = findings;
    this.#members = new Map(node.members.map((member) => [member.name, member]));
    for (const { name, at } of node.members) {
      if (known.includes(name)) continue;
      const meant = nearest(name, known);
      findings.add("UnknownKey", at, `The key "${name}" is not known here.`, meant === undefined ? undefined : `Did you mean "${meant}"?`);
    }
  }

  get(name: string): JsonMember | undefined {
    return this.#members.get(name);
  }

  /** The value when it is of this kind; undefined when it is absent or (a finding) of another. */
  of<Kind extends Kinds>(name: string, kind: Kind): Extract<JsonNode, { kind: Kind }> | undefined {
    const member = this.#members.get(name);
    if (member === undefined) return undefined;
    const isOfKind = (node: JsonNode): node is Extract<JsonNode, { kind: Kind }> => node.kind === kind;
    if (isOfKind(member.value)) return member.value;
    this.#findings.add("WrongShape", member.value.at, `"${name}" is ${inWords[kind]}, not ${describeNode(member.value)}.`);
    return undefined;
  }

  text(name: string): string | undefined {
    return this.of(name, "string")?.value;
  }

  flag(name: string, absent: boolean): boolean {
    return this.of(name, "boolean")?.value ?? absent;
  }

  /** A text out of a few; anything else is a finding with this code. */
  choice<Value extends string>(name: string, values: readonly Value[], absent: Value, code: "UnknownPartitionType" | "WrongShape"): Value {
    const node = this.of(name, "string");
    if (node === undefined) return absent;
    const value = values.find((each) => each === node.value);
    if (value !== undefined) return value;
    const meant = nearest(
      node.value,
      values.filter((each) => each !== ""),
    );
    this.#findings.add(
      code,
      node.at,
      `"${name}" is ${values.map((each) => `"${each}"`).join(", ")}, not "${node.value}".`,
      meant === undefined ? undefined : `Did you mean "${meant}"?`,
    );
    return absent;
  }

  /** A list of texts; items that are none are findings. */
  texts(name: string): readonly string[] {
    return textItems(this.of(name, "array"), this.#findings);
  }
}

/** The texts of a list; items that are none are findings. */
export const textItems = (list: Extract<JsonNode, { kind: "array" }> | undefined, findings: Findings): readonly string[] =>
  (list?.items ?? []).flatMap((item) => {
    if (item.kind === "string") return [item.value];
    findings.add("WrongShape", item.at, `A name belongs here, not ${describeNode(item)}.`);
    return [];
  });
