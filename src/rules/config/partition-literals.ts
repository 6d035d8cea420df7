import type { Findings } from "./diagnostic.ts";
import type { Literal } from "./expression.ts";
import { describeNode, type JsonNode } from "./json-source.ts";
import { numberLiteral, readWrapper } from "./literals.ts";
import type { PartitionType } from "./model.ts";

/** What the values of each partition type are compared with (rules-and-config §2.2). */
const literalTypes: Readonly<Record<PartitionType, { readonly types: readonly Literal["type"][]; readonly example: string }>> = {
  string: { types: ["String"], example: '"text"' },
  long: { types: ["Int", "Double", "Decimal"], example: '42 or {"$numberLong": "42"}' },
  objectId: { types: ["ObjectId"], example: '{"$oid": "…"}' },
  uuid: { types: ["Uuid"], example: '{"$uuid": "…"}' },
};

/** Finds literals compared with `%%partition` that no value of this type can equal. Null is the value of objects without one. */
export const checkPartitionLiterals = (node: JsonNode, type: PartitionType, findings: Findings): void => {
  if (node.kind === "array") for (const item of node.items) checkPartitionLiterals(item, type, findings);
  if (node.kind !== "object") return;
  for (const { name, value } of node.members) {
    if (name === "%%partition") checkOperand(value, type, findings);
    else checkPartitionLiterals(value, type, findings);
  }
};

const checkOperand = (node: JsonNode, type: PartitionType, findings: Findings): void => {
  if (node.kind === "array") {
    for (const item of node.items) checkOperand(item, type, findings);
    return;
  }
  const literal = literalType(node);
  if (literal === undefined) {
    if (node.kind === "object")
      for (const { name, value } of node.members) if (name.startsWith("$") && name !== "$exists") checkOperand(value, type, findings);
    return;
  }
  const { types, example } = literalTypes[type];
  if (literal === "Null" || types.includes(literal)) return;
  findings.add(
    "LiteralTypeMismatch",
    node.at,
    `The partition key is of type ${type}, which ${describeNode(node)} can never equal.`,
    `Write ${example}.`,
  );
};

const literalType = (node: JsonNode): Literal["type"] | undefined => {
  switch (node.kind) {
    case "null":
      return "Null";
    case "boolean":
      return "Bool";
    case "number":
      return numberLiteral(node.value).type;
    case "string":
      return node.value.startsWith("%%") ? undefined : "String";
    case "object": {
      const wrapper = readWrapper(node);
      return wrapper?.kind === "literal" ? wrapper.literal.type : undefined;
    }
    case "array":
      return undefined;
  }
};
