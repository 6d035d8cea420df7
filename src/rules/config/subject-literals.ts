import type { Findings, Position } from "./diagnostic.ts";
import type { Condition, Expansion, Literal, Operand } from "./expression.ts";

/** What an expansion can be, where that is known beforehand. */
interface KnownValue {
  readonly type: Literal["type"];
  readonly inWords: string;
  readonly values?: readonly string[];
}

const knownValue = ({ name }: Expansion): KnownValue | undefined => {
  switch (name) {
    case "true":
    case "false":
      return { type: "Bool", inWords: "true or false" };
    case "user.id":
      return { type: "String", inWords: "text" };
    case "user.type":
      return { type: "String", inWords: '"normal" or "server"', values: ["normal", "server"] };
    case "partition":
    case "user.data":
    case "user.custom_data":
    case "user.identities":
    case "values":
    case "environment":
      return undefined;
  }
};

const literalsOf = (operand: Operand): readonly Literal[] => {
  if (operand.kind === "literal") return [operand.literal];
  return operand.kind === "list" ? operand.items.flatMap(literalsOf) : [];
};

const operandsOf = (condition: Condition): readonly Operand[] => {
  switch (condition.kind) {
    case "compare":
      return [condition.right];
    case "in":
      return [condition.list];
    case "exists":
      return [];
    case "not":
      return condition.conditions.flatMap(operandsOf);
  }
};

const shown = (literal: Literal): string => {
  switch (literal.type) {
    case "Null":
      return "null";
    case "Int":
    case "Bool":
      return String(literal.value);
    case "String":
      return `"${literal.value.slice(0, 40)}"`;
    case "ObjectId":
    case "Uuid":
      return `the ${literal.type} ${literal.value}`;
    case "Double":
    case "Decimal":
      return "a number";
    case "Binary":
      return "bytes";
    case "Timestamp":
      return "a date";
  }
};

/** Finds literals that the expansion before them can never equal (rules-and-config §4.3: values of different types are unequal). */
export const checkSubjectLiterals = (expansion: Expansion, conditions: readonly Condition[], at: Position, findings: Findings): void => {
  const known = knownValue(expansion);
  if (known === undefined) return;
  for (const literal of conditions.flatMap(operandsOf).flatMap(literalsOf)) {
    const possible =
      literal.type === known.type && (known.values === undefined || (literal.type === "String" && known.values.includes(literal.value)));
    if (!possible) findings.add("LiteralTypeMismatch", at, `%%${expansion.name} is ${known.inWords}, and never ${shown(literal)}.`);
  }
};
