import type { Payload } from "../../changeset/model.ts";

/** A scalar that a rule compares with: the values of EJSON that a property of a synchronised object can have. */
export type Literal = Extract<
  Payload,
  { type: "Null" | "Int" | "Bool" | "String" | "Binary" | "Timestamp" | "Double" | "Decimal" | "ObjectId" | "Uuid" }
>;

/** What a `%%…` stands for. `path`: the way into it, empty for the whole. */
export type Expansion =
  | { readonly name: "true" | "false" | "partition" }
  | { readonly name: "user.id" | "user.type" }
  | { readonly name: "user.data" | "user.custom_data" | "user.identities"; readonly path: readonly string[] }
  | { readonly name: "values"; readonly path: readonly string[] }
  | { readonly name: "environment"; readonly path: readonly string[] };

/** A right side. */
export type Operand =
  | { readonly kind: "literal"; readonly literal: Literal }
  | { readonly kind: "expansion"; readonly expansion: Expansion }
  | { readonly kind: "list"; readonly items: readonly Operand[] }
  | { readonly kind: "document"; readonly members: ReadonlyMap<string, Operand> }
  | { readonly kind: "function"; readonly name: string; readonly parameters: readonly Operand[] }
  /** Between an ObjectId and its 24 hex digits. */
  | { readonly kind: "convert"; readonly to: "ObjectId" | "String"; readonly operand: Operand };

export const comparisons = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"] as const;
export type Comparison = (typeof comparisons)[number];

/** One thing asked of a left side. */
export type Condition =
  | { readonly kind: "compare"; readonly operator: Comparison; readonly right: Operand }
  | { readonly kind: "in"; readonly negated: boolean; readonly list: Operand }
  | { readonly kind: "exists"; readonly expected: boolean }
  | { readonly kind: "not"; readonly conditions: readonly Condition[] };

/** A left side: an expansion, or a field of the document (dots lead into embedded objects). */
export type Subject =
  | { readonly kind: "expansion"; readonly expansion: Expansion }
  | { readonly kind: "field"; readonly path: readonly string[] };

/** A rule's expression (rules-and-config §4.1), checked for the place where it stands. */
export type Expression =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "all" | "any" | "none"; readonly of: readonly Expression[] }
  | { readonly kind: "not"; readonly of: Expression }
  | { readonly kind: "test"; readonly subject: Subject; readonly conditions: readonly Condition[] };

export const always: Expression = { kind: "constant", value: true };
export const never: Expression = { kind: "constant", value: false };

/** Whether the expression is true for everybody and everything without being evaluated. */
export const isAlways = (expression: Expression): boolean =>
  (expression.kind === "constant" && expression.value) || (expression.kind === "all" && expression.of.every(isAlways));

/** Whether it is plainly false. */
export const isNever = (expression: Expression): boolean => expression.kind === "constant" && !expression.value;
