import type { Findings, Position } from "../../rules/config/diagnostic.ts";
import { positionAt } from "./finding.ts";

/** A variable of a `.dev.vars` file. */
export interface Variable {
  readonly name: string;
  readonly at: Position;
  readonly value: string;
  /** Where the value itself begins, behind its quote. */
  readonly valueAt: Position;
}

// NAME = 'value' # comment; quoted values may run over several lines.
const pattern =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(?:(['"`])([\s\S]*?)\2|([^\n#'"`][^\n#]*|))[ \t]*(?:#[^\n]*)?$/my;

/** Reads a file of variables as `wrangler dev` does. Lines that are none, and names that stand twice, are findings. */
export const readVariables = (source: string, findings: Findings): ReadonlyMap<string, Variable> => {
  const text = source.replaceAll("\r\n", "\n");
  const variables = new Map<string, Variable>();
  for (let offset = 0; offset < text.length;) {
    const end = text.indexOf("\n", offset);
    const line = text.slice(offset, end < 0 ? undefined : end);
    pattern.lastIndex = offset;
    const match = /^\s*(#.*)?$/.test(line) ? undefined : pattern.exec(text);
    if (match === null) {
      const at = positionAt(text, offset + line.length - line.trimStart().length);
      findings.add(
        "EnvironmentSyntax",
        at,
        "This line is not NAME=value.",
        "Begin comments with #, and put values with spaces into quotes.",
      );
    }
    if (match === null || match === undefined) {
      offset = end < 0 ? text.length : end + 1;
      continue;
    }
    const [whole, name = "", quote, quoted, plain = ""] = match;
    const at = positionAt(text, offset + whole.indexOf(name));
    const valueOffset = offset + whole.indexOf("=") + 1;
    const blank = /^[ \t]*/.exec(text.slice(valueOffset))?.[0].length ?? 0;
    const valueAt = positionAt(text, valueOffset + blank + (quote === undefined ? 0 : 1));
    if (variables.has(name)) findings.add("DuplicateVariable", at, `${name} is set twice; the last one counts.`, "Delete one of the two.");
    variables.set(name, { name, at, value: quoted ?? plain.trim(), valueAt });
    offset += whole.length + 1;
  }
  return variables;
};
