import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type YAMLMap } from "yaml";
import { suggestion } from "../../rules/nearest.ts";
import type { Findings, Place, RealmFile } from "./diagnostic.ts";

/** Bounds against bombs: text lengths in UTF-16 units, nodes with aliases written out, and levels. */
export const yamlLimits = { file: 256 * 1024, together: 1024 * 1024, nodes: 20_000, aliases: 100, depth: 32 } as const;

/** A YAML value with the places of its parts. Aliases are resolved. */
export type Value =
  | { readonly kind: "scalar"; readonly at: Place; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly at: Place; readonly items: readonly Value[] }
  | { readonly kind: "map"; readonly at: Place; readonly entries: readonly MapEntry[] };

export interface MapEntry {
  readonly key: string;
  /** Where the key stands. */
  readonly at: Place;
  readonly value: Value;
}

class TooMuch extends Error {}

class Converter {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #file: string;
  readonly #findings: Findings;
  #nodes = 0;
  #aliases = 0;

  constructor(document: Document, lines: LineCounter, file: string, findings: Findings) {
    this.#document = document;
    this.#lines = lines;
    this.#file = file;
    this.#findings = findings;
  }

  place(offset: number | undefined): Place {
    const { line, col } = this.#lines.linePos(offset ?? 0);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  convert(node: unknown, at: Place, depth: number): Value {
    this.#nodes += 1;
    if (this.#nodes > yamlLimits.nodes) throw new TooMuch(`more than ${yamlLimits.nodes} nodes, with aliases written out`);
    if (depth > yamlLimits.depth) throw new TooMuch(`nested more than ${yamlLimits.depth} levels deep`);
    if (isAlias(node)) {
      this.#aliases += 1;
      if (this.#aliases > yamlLimits.aliases) throw new TooMuch(`more than ${yamlLimits.aliases} aliases, with aliases written out`);
      return this.convert(node.resolve(this.#document), this.place(node.range?.[0]), depth + 1);
    }
    if (isMap(node)) return { kind: "map", at: this.#at(node, at), entries: this.#entries(node, depth) };
    if (isSeq(node)) {
      const items = node.items.map((item) => this.convert(item, this.#at(item, at), depth + 1));
      return { kind: "list", at: this.#at(node, at), items };
    }
    return { kind: "scalar", at: this.#at(node, at), value: isScalar(node) ? plain(node.value) : null };
  }

  #entries(map: YAMLMap, depth: number): readonly MapEntry[] {
    const entries: MapEntry[] = [];
    const seen = new Set<string>();
    for (const { key, value } of map.items) {
      const at = this.#at(key, this.#at(map, { file: this.#file, line: 1, column: 1 }));
      const text = isScalar(key) ? String(plain(key.value)) : undefined;
      if (text === undefined) {
        this.#findings.add(at, "WRONG_TYPE", "a key must be plain text");
        continue;
      }
      if (seen.has(text)) this.#findings.add(at, "DUPLICATE_KEY", `the key ${text} stands twice in this mapping`);
      else entries.push({ key: text, at, value: this.convert(value, at, depth + 1) });
      seen.add(text);
    }
    return entries;
  }

  #at(node: unknown, otherwise: Place): Place {
    const range = isNode(node) ? node.range : undefined;
    return range === undefined || range === null ? otherwise : this.place(range[0]);
  }
}

const isNode = (value: unknown): value is Node => isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);

/** Numbers too large for exact arithmetic, binary data and the like become text: no realm file has a use for them. */
const plain = (value: unknown): string | number | boolean | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null ? value : String(value);

/** Reads one file; undefined when nothing further can be said of it. */
export const readYaml = ({ path, text }: RealmFile, findings: Findings): Value | undefined => {
  const start: Place = { file: path, line: 1, column: 1 };
  if (text.length > yamlLimits.file) {
    findings.add(start, "YAML_LIMIT", `the file has more than ${yamlLimits.file / 1024} KiB`);
    return undefined;
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, schema: "core", merge: false });
    const converter = new Converter(document, lines, path, findings);
    for (const error of document.errors) findings.add(converter.place(error.pos[0]), "YAML_SYNTAX", error.message);
    if (document.errors.length > 0) return undefined;
    return document.contents === null ? { kind: "map", at: start, entries: [] } : converter.convert(document.contents, start, 0);
  } catch (error) {
    // The parser itself overflows the stack on texts of ten thousands of brackets.
    if (!(error instanceof TooMuch || error instanceof RangeError)) throw error;
    findings.add(start, "YAML_LIMIT", error instanceof TooMuch ? error.message : "nested too deeply");
    return undefined;
  }
};

/** Reads values and reports what is wrong with them at their places. A reader that returns undefined has reported why. */
export class Reader {
  readonly findings: Findings;

  constructor(findings: Findings) {
    this.findings = findings;
  }

  /** The entries of a mapping, of which all keys are known. `what` names the mapping in messages. */
  map<Key extends string>(value: Value, what: string, known: readonly Key[]): ReadonlyMap<Key, MapEntry> {
    const read = new Map<Key, MapEntry>();
    for (const entry of this.entries(value, what)) {
      const key = known.find((name) => name === entry.key);
      if (key !== undefined) read.set(key, entry);
      else this.findings.add(entry.at, "UNKNOWN_KEY", `${what} has no key ${shown(entry.key)}${suggestion(entry.key, known)}`);
    }
    return read;
  }

  /** The entries of a mapping with any keys. Nothing at all counts as an empty one. */
  entries(value: Value, what: string): readonly MapEntry[] {
    if (value.kind === "map") return value.entries;
    if (value.kind === "scalar" && value.value === null) return [];
    this.findings.add(value.at, "WRONG_TYPE", `${what} must be a mapping`);
    return [];
  }

  list(value: Value, what: string): readonly Value[] {
    if (value.kind === "list") return value.items;
    if (value.kind === "scalar" && value.value === null) return [];
    this.findings.add(value.at, "WRONG_TYPE", `${what} must be a list`);
    return [];
  }

  text(value: Value | undefined, what: string): string | undefined {
    if (value === undefined) return undefined;
    if (value.kind === "scalar" && typeof value.value === "string") return value.value;
    this.findings.add(value.at, "WRONG_TYPE", `${what} must be text`);
    return undefined;
  }

  flag(value: Value | undefined, what: string): boolean | undefined {
    if (value === undefined) return undefined;
    if (value.kind === "scalar" && typeof value.value === "boolean") return value.value;
    this.findings.add(value.at, "WRONG_TYPE", `${what} must be true or false`);
    return undefined;
  }
}

/** A text from a file as messages show it: short, and with nothing that cannot be seen. */
export const shown = (text: string): string =>
  JSON.stringify(text.slice(0, 64)).replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** A YAML value as plain data. */
export const toData = (value: Value): unknown => {
  switch (value.kind) {
    case "scalar":
      return value.value;
    case "list":
      return value.items.map(toData);
    case "map":
      return Object.fromEntries(value.entries.map((entry) => [entry.key, toData(entry.value)]));
  }
};
