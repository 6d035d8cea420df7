import { nearest } from "../nearest.ts";
import type { Findings, Position } from "./diagnostic.ts";
import { placeNames, readExpansion, type Place } from "./expansions.ts";
import { always, comparisons, never, type Condition, type Expression, type Operand, type Subject } from "./expression.ts";
import { describeNode, type JsonMember, type JsonNode, type JsonObjectNode } from "./json-source.ts";
import { numberLiteral, readWrapper } from "./literals.ts";
import { checkSubjectLiterals } from "./subject-literals.ts";

/** What an expression is read against. */
export interface ExpressionContext {
  readonly place: Place;
  readonly findings: Findings;
  /** Names of the realm's functions; undefined when they are not known, so not checked. */
  readonly functions: ReadonlySet<string> | undefined;
  /** Whether rules may read this field (its first name); undefined when queryable fields are not declared. */
  readonly isQueryable: ((field: string) => boolean) | undefined;
}

const logic = { $and: "all", $or: "any", $nor: "none", $not: "not", "%and": "all", "%or": "any", "%nor": "none", "%not": "not" } as const;
const conditionNames = [...comparisons, "$in", "$nin", "$exists", "$not"] as const;
const computed = ["%function", "%stringToOid", "%oidToString"] as const;
const allOperators = [...Object.keys(logic), ...conditionNames, ...computed];

const isLogic = (name: string): name is keyof typeof logic => Object.hasOwn(logic, name);
const isComputed = (name: string): boolean => computed.some((each) => each === name);
const isOperator = (name: string): boolean => /^(\$|%(?!%))/.test(name);
const isExpansion = (text: string): boolean => text.startsWith("%%");

/**
 * Reads one expression, for the place where it stands (rules-and-config §3.4, §4.1). Whatever is wrong becomes a finding, and reading goes
 * on behind it; a part that is wrong reads as false.
 */
export const parseExpression = (node: JsonNode, context: ExpressionContext): Expression => {
  switch (node.kind) {
    case "boolean":
      return node.value ? always : never;
    case "object": {
      const of = node.members.map((member) => parseEntry(member, context));
      const [only] = of;
      if (only === undefined) return always;
      return of.length === 1 ? only : { kind: "all", of };
    }
    case "array":
    case "string":
    case "number":
    case "null":
      context.findings.add("WrongShape", node.at, `An expression is true, false or an object, not ${describeNode(node)}.`);
      return never;
  }
};

const parseEntry = ({ name, at, value }: JsonMember, context: ExpressionContext): Expression => {
  if (isLogic(name)) return parseLogic(name, value, context);
  if (isOperator(name)) {
    context.findings.add(
      conditionNames.some((each) => each === name) || isComputed(name) ? "OperandWrong" : "UnknownOperator",
      at,
      conditionNames.some((each) => each === name) || isComputed(name)
        ? `${name} stands behind a field or an expansion, not in place of one.`
        : `There is no operator ${name}.`,
      suggestOperator(name, Object.keys(logic)),
    );
    return never;
  }
  const subject = parseSubject(name, at, context);
  const conditions = parseConditions(value, context);
  if (subject === undefined) return never;
  if (subject.kind === "expansion") checkSubjectLiterals(subject.expansion, conditions, value.at, context.findings);
  return { kind: "test", subject, conditions };
};

const suggestOperator = (name: string, operators: readonly string[]): string => {
  const meant = nearest(name, operators) ?? nearest(name, allOperators);
  return meant === undefined || meant === name ? `There are ${operators.join(", ")}.` : `Did you mean ${meant}?`;
};

const parseLogic = (name: keyof typeof logic, value: JsonNode, context: ExpressionContext): Expression => {
  const kind = logic[name];
  if (kind === "not") return { kind, of: parseExpression(value, context) };
  if (value.kind === "array") return { kind, of: value.items.map((item) => parseExpression(item, context)) };
  context.findings.add("OperandWrong", value.at, `${name} takes a list of expressions, not ${describeNode(value)}.`);
  return never;
};

const parseSubject = (name: string, at: Position, context: ExpressionContext): Subject | undefined => {
  if (isExpansion(name)) {
    const expansion = readExpansion(name, at, context.place, context.findings);
    return expansion === undefined ? undefined : { kind: "expansion", expansion };
  }
  const path = name.split(".");
  const [field = ""] = path;
  if (path.includes("")) {
    context.findings.add("WrongShape", at, `"${name}" is no field: a part of its path is empty.`);
    return undefined;
  }
  if (context.place !== "document") {
    context.findings.add(
      "DocumentFieldForbidden",
      at,
      `"${name}" is a document's field, which ${placeNames[context.place]} cannot read.`,
      `For a field of the user write %%user.custom_data.${name}.`,
    );
    return undefined;
  }
  if (context.isQueryable?.(field) === false) {
    context.findings.add("FieldNotQueryable", at, `"${field}" is not a queryable field.`, `Add "${field}" to queryable_fields_names.`);
  }
  return { kind: "field", path };
};

const parseConditions = (value: JsonNode, context: ExpressionContext): readonly Condition[] => {
  const named = value.kind === "object" ? value.members.filter(({ name }) => isOperator(name) && !isComputed(name)) : [];
  if (value.kind !== "object" || named.length === 0 || readWrapper(value) !== undefined) {
    return [{ kind: "compare", operator: "$eq", right: parseOperand(value, context) }];
  }
  const stranger = value.members.find((member) => !named.includes(member));
  if (stranger !== undefined) {
    context.findings.add(
      "WrongShape",
      stranger.at,
      `"${stranger.name}" stands among operators; an object holds either operators or values.`,
    );
  }
  return named.flatMap((member) => parseCondition(member, context) ?? []);
};

const parseCondition = ({ name, at, value }: JsonMember, context: ExpressionContext): Condition | undefined => {
  const operator = comparisons.find((each) => each === name);
  if (operator !== undefined) return { kind: "compare", operator, right: parseOperand(value, context) };
  if (name === "$in" || name === "$nin") return { kind: "in", negated: name === "$nin", list: parseList(name, value, context) };
  if (name === "$exists") {
    if (value.kind === "boolean") return { kind: "exists", expected: value.value };
    context.findings.add("OperandWrong", value.at, `$exists takes true or false, not ${describeNode(value)}.`);
    return undefined;
  }
  if (name === "$not" || name === "%not") {
    if (value.kind === "object") return { kind: "not", conditions: parseConditions(value, context) };
    context.findings.add("OperandWrong", value.at, `${name} takes an object of operators, not ${describeNode(value)}.`);
    return undefined;
  }
  context.findings.add("UnknownOperator", at, `There is no operator ${name}.`, suggestOperator(name, conditionNames));
  return undefined;
};

const parseList = (operator: string, value: JsonNode, context: ExpressionContext): Operand => {
  const yieldsList = value.kind === "array" || (value.kind === "string" && isExpansion(value.value)) || isCall(value);
  if (!yieldsList) {
    context.findings.add(
      "OperandWrong",
      value.at,
      `${operator} takes a list, or an expansion that gives one, not ${describeNode(value)}.`,
      "Put the value into [ ].",
    );
  }
  return parseOperand(value, context);
};

const isCall = (node: JsonNode): boolean => node.kind === "object" && node.members.length === 1 && node.members[0]?.name === "%function";

const nothing: Operand = { kind: "literal", literal: { type: "Null" } };

const parseOperand = (node: JsonNode, context: ExpressionContext): Operand => {
  switch (node.kind) {
    case "null":
      return nothing;
    case "boolean":
      return { kind: "literal", literal: { type: "Bool", value: node.value } };
    case "number":
      return { kind: "literal", literal: numberLiteral(node.value) };
    case "array":
      return { kind: "list", items: node.items.map((item) => parseOperand(item, context)) };
    case "object":
      return parseObjectOperand(node, context);
    case "string": {
      if (!isExpansion(node.value)) return { kind: "literal", literal: { type: "String", value: node.value } };
      const expansion = readExpansion(node.value, node.at, context.place, context.findings);
      return expansion === undefined ? nothing : { kind: "expansion", expansion };
    }
  }
};

const parseObjectOperand = (node: JsonObjectNode, context: ExpressionContext): Operand => {
  const wrapper = readWrapper(node);
  if (wrapper?.kind === "literal") return wrapper;
  if (wrapper?.kind === "malformed") {
    context.findings.add("WrongShape", node.at, `${wrapper.key} takes ${wrapper.takes}.`);
    return nothing;
  }
  const operator = node.members.find(({ name }) => isOperator(name));
  if (operator !== undefined) return parseComputed(operator, node, context);
  return { kind: "document", members: new Map(node.members.map(({ name, value }) => [name, parseOperand(value, context)])) };
};

const parseComputed = ({ name, at, value }: JsonMember, node: JsonObjectNode, context: ExpressionContext): Operand => {
  if (!isComputed(name)) {
    const exists = allOperators.includes(name);
    context.findings.add(
      exists ? "OperandWrong" : "UnknownOperator",
      at,
      exists ? `${name} cannot stand here: a value is expected.` : `There is no operator ${name}.`,
      exists ? undefined : suggestOperator(name, computed),
    );
    return nothing;
  }
  if (node.members.length > 1) context.findings.add("WrongShape", at, `${name} must be the only key of its object.`);
  if (context.place === "document") {
    context.findings.add(
      "ForbiddenConstruct",
      at,
      `${name} cannot be used in ${placeNames.document}, which are decided document by document.`,
      "Use it in applyWhen, or keep its result in the user's custom data.",
    );
  }
  if (name === "%function") return parseCall(value, context);
  return { kind: "convert", to: name === "%stringToOid" ? "ObjectId" : "String", operand: parseOperand(value, context) };
};

const parseCall = (node: JsonNode, context: ExpressionContext): Operand => {
  const members = node.kind === "object" ? node.members : [];
  const name = members.find((member) => member.name === "name")?.value;
  const parameters = members.find((member) => member.name === "arguments")?.value;
  if (name?.kind !== "string" || (parameters !== undefined && parameters.kind !== "array")) {
    context.findings.add("OperandWrong", node.at, '%function takes {"name": "…", "arguments": […]}.');
    return nothing;
  }
  if (context.functions?.has(name.value) === false) {
    const meant = nearest(name.value, context.functions);
    context.findings.add(
      "UnknownFunction",
      name.at,
      `There is no function "${name.value}".`,
      meant === undefined ? "Add it to functions/." : `Did you mean "${meant}"?`,
    );
  }
  return { kind: "function", name: name.value, parameters: (parameters?.items ?? []).map((item) => parseOperand(item, context)) };
};
