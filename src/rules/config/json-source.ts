import { parse, type ValueNode } from "@humanwhocodes/momoa";
import type { Diagnostic, Findings, Position } from "./diagnostic.ts";

/** JSON with the place of every part. */
export type JsonNode =
  | { readonly kind: "object"; readonly at: Position; readonly members: readonly JsonMember[] }
  | { readonly kind: "array"; readonly at: Position; readonly items: readonly JsonNode[] }
  | { readonly kind: "string"; readonly at: Position; readonly value: string }
  | { readonly kind: "number"; readonly at: Position; readonly value: number }
  | { readonly kind: "boolean"; readonly at: Position; readonly value: boolean }
  | { readonly kind: "null"; readonly at: Position };

export interface JsonMember {
  readonly name: string;
  readonly at: Position;
  readonly value: JsonNode;
}

export type JsonObjectNode = Extract<JsonNode, { kind: "object" }>;

/** The longest text that is read, in UTF-16 units. */
export const maxSourceLength = 1024 * 1024;
const maxDepth = 64;

const start: Position = { line: 1, column: 1 };

class TooDeep extends Error {
  readonly at: Position;

  constructor(at: Position) {
    super("nested too deeply");
    this.at = at;
  }
}

const positionOf = ({ loc }: { readonly loc: { readonly start: Position } }): Position => ({
  line: loc.start.line,
  column: loc.start.column,
});

const convert = (node: ValueNode, findings: Findings, depth: number): JsonNode => {
  const at = positionOf(node);
  if (depth > maxDepth) throw new TooDeep(at);
  switch (node.type) {
    case "Object":
      return { kind: "object", at, members: convertMembers(node.members, findings, depth) };
    case "Array":
      return { kind: "array", at, items: node.elements.map((element) => convert(element.value, findings, depth + 1)) };
    case "String":
      return { kind: "string", at, value: node.value };
    case "Number":
      return { kind: "number", at, value: node.value };
    case "Boolean":
      return { kind: "boolean", at, value: node.value };
    case "Null":
      return { kind: "null", at };
    case "NaN":
    case "Infinity":
      throw new Error("plain JSON has no such numbers");
  }
};

const convertMembers = (
  members: Extract<ValueNode, { type: "Object" }>["members"],
  findings: Findings,
  depth: number,
): readonly JsonMember[] => {
  const seen = new Set<string>();
  return members.map((member) => {
    const name = member.name.type === "String" ? member.name.value : member.name.name;
    const at = positionOf(member.name);
    if (seen.has(name)) findings.add("DuplicateKey", at, `The key "${name}" stands twice in this object.`, "Delete one of the two.");
    seen.add(name);
    return { name, at, value: convert(member.value, findings, depth + 1) };
  });
};

const syntaxDiagnostic = (error: Error): Omit<Diagnostic, "code"> => {
  const { line, column } = { line: 1, column: 1, ...error };
  const message = error.message.replace(/ \(\d+:\d+\)$/, "").replace(/\.?$/, ".");
  const named = message.replace(
    /token (\w+) found/,
    (_, token: string) => `${{ LBrace: "{", RBrace: "}", LBracket: "[", RBracket: "]", Comma: ",", Colon: ":" }[token] ?? token} found`,
  );
  return { at: { line, column }, message: named };
};

/**
 * Reads JSON in which comments are permitted. Keys that stand twice are findings, and so is what is no JSON.
 * @returns undefined when nothing can be made of the text
 */
export const readJsonSource = (text: string, findings: Findings): JsonNode | undefined => {
  if (text.length > maxSourceLength) {
    findings.add("FileUnreadable", start, `The text is longer than ${maxSourceLength} characters.`);
    return undefined;
  }
  try {
    return convert(parse(text.replace(/^\uFEFF/, ""), { mode: "jsonc" }).body, findings, 0);
  } catch (error) {
    // The library's own parser recurses; what is too deep for it is far too deep for us.
    if (error instanceof TooDeep || error instanceof RangeError) {
      findings.add("NestedTooDeeply", error instanceof TooDeep ? error.at : start, `The JSON is nested more than ${maxDepth} levels deep.`);
      return undefined;
    }
    if (!(error instanceof Error)) throw error;
    const { at, message } = syntaxDiagnostic(error);
    findings.add("JsonSyntax", at, message);
    return undefined;
  }
};

/** What a node is, in words. */
export const describeNode = (node: JsonNode): string => {
  switch (node.kind) {
    case "object":
      return "an object";
    case "array":
      return "a list";
    case "string":
      return `the text "${node.value.slice(0, 40)}"`;
    case "number":
    case "boolean":
      return String(node.value);
    case "null":
      return "null";
  }
};
