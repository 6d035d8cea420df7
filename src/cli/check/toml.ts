import { getStaticTOMLValue, parseTOML, ParseError, type AST } from "toml-eslint-parser";
import type { Findings, Position } from "../../rules/config/diagnostic.ts";
import { fileStart } from "./finding.ts";

/** A key of a TOML table with its value. */
export interface TomlEntry {
  readonly name: string;
  readonly at: Position;
  /** As JavaScript has it; tables inside it are tables of their own besides. */
  readonly value: unknown;
  readonly valueAt: Position;
}

/** A table, wherever and however it was written: `[a]`, `[[a]]`, inline, or by dotted keys. */
export interface TomlTable {
  /** Keys and indices from the root, joined by dots: `d1_databases.0`. */
  readonly path: string;
  readonly at: Position;
  readonly entries: ReadonlyMap<string, TomlEntry>;
}

type Path = readonly (string | number)[];

const start = (node: { readonly loc: { readonly start: { readonly line: number; readonly column: number } } }): Position => ({
  line: node.loc.start.line,
  column: node.loc.start.column + 1,
});

const keysOf = ({ keys }: AST.TOMLKey): readonly string[] => keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));

/** Collects tables while the tree is walked; the same table may be written in several places. */
class Tables {
  readonly #tables = new Map<string, { path: string; at: Position; entries: Map<string, TomlEntry> }>();

  at(path: Path, at: Position): Map<string, TomlEntry> {
    const name = path.join(".");
    const table = this.#tables.get(name) ?? { path: name, at, entries: new Map<string, TomlEntry>() };
    this.#tables.set(name, table);
    return table.entries;
  }

  addEntry({ key, value }: AST.TOMLKeyValue, under: Path): void {
    const names = keysOf(key);
    const name = names.at(-1) ?? "";
    const path = [...under, ...names.slice(0, -1)];
    this.at(path, start(key)).set(name, { name, at: start(key), value: getStaticTOMLValue(value), valueAt: start(value) });
    this.addInner(value, [...path, name]);
  }

  addInner(value: AST.TOMLContentNode, path: Path): void {
    if (value.type === "TOMLArray") for (const [index, element] of value.elements.entries()) this.addInner(element, [...path, index]);
    if (value.type !== "TOMLInlineTable") return;
    this.at(path, start(value));
    for (const entry of value.body) this.addEntry(entry, path);
  }

  get all(): readonly TomlTable[] {
    return [...this.#tables.values()];
  }
}

/** Reads TOML into its tables. What is no TOML is a finding, and then there is nothing. */
export const readToml = (text: string, findings: Findings): readonly TomlTable[] | undefined => {
  const tables = new Tables();
  try {
    const [top] = parseTOML(text).body;
    for (const node of top.body) {
      if (node.type === "TOMLKeyValue") {
        tables.addEntry(node, []);
        continue;
      }
      tables.at(node.resolvedKey, start(node));
      for (const entry of node.body) tables.addEntry(entry, node.resolvedKey);
    }
  } catch (error) {
    if (error instanceof RangeError) {
      // The parser recurses; nothing in such a file is nested so deeply.
      findings.add("NestedTooDeeply", fileStart, "The file is nested too deeply to be read.");
      return undefined;
    }
    if (!(error instanceof ParseError)) throw error;
    findings.add("TomlSyntax", { line: error.lineNumber, column: error.column + 1 }, `${error.message.replace(/\.?$/, ".")}`);
    return undefined;
  }
  return tables.all;
};
