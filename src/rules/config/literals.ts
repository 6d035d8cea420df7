import { bitsOfDouble } from "../../changeset/floating.ts";
import { parseDecimal } from "../../changeset/decimal.ts";
import { isObjectIdText, isUuidText } from "../../changeset/hex.ts";
import { timestampOfMilliseconds } from "../../changeset/timestamp.ts";
import type { Literal } from "./expression.ts";
import type { JsonNode, JsonObjectNode } from "./json-source.ts";

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

const integer = (text: string): Literal | undefined => {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= int64.min && value <= int64.max ? { type: "Int", value } : undefined;
};

const double = (text: string): Literal | undefined => {
  const special: Readonly<Record<string, number>> = { Infinity, "-Infinity": -Infinity, NaN };
  const value = Object.hasOwn(special, text) ? special[text] : /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
  return value === undefined ? undefined : { type: "Double", bits: bitsOfDouble(value) };
};

const timestamp = (milliseconds: number): Literal | undefined =>
  Number.isSafeInteger(milliseconds) ? timestampOfMilliseconds(milliseconds) : undefined;

const binary = (base64: string): Literal | undefined => {
  try {
    return { type: "Binary", value: Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)) };
  } catch {
    return undefined;
  }
};

const textOf = (node: JsonNode): string | undefined => (node.kind === "string" ? node.value : undefined);

const withText =
  (read: (text: string) => Literal | undefined) =>
  (node: JsonNode): Literal | undefined => {
    const text = textOf(node);
    return text === undefined ? undefined : read(text);
  };

/** Readers of the wrappers of EJSON, by their key, with what each takes. */
const wrappers: Readonly<Record<string, { readonly takes: string; readonly read: (node: JsonNode) => Literal | undefined }>> = {
  $oid: {
    takes: "24 hex digits",
    read: withText((text) => (isObjectIdText(text.toLowerCase()) ? { type: "ObjectId", value: text.toLowerCase() } : undefined)),
  },
  $uuid: {
    takes: "a UUID",
    read: withText((text) => (isUuidText(text.toLowerCase()) ? { type: "Uuid", value: text.toLowerCase() } : undefined)),
  },
  $numberInt: { takes: "a whole number as text", read: withText(integer) },
  $numberLong: { takes: "a whole number of 64 bits as text", read: withText(integer) },
  $numberDouble: { takes: "a number as text", read: withText(double) },
  $numberDecimal: { takes: "a decimal number as text", read: withText(parseDecimal) },
  $date: {
    takes: "a date in ISO 8601, or milliseconds since 1970",
    read: (node) => {
      if (node.kind === "number") return timestamp(node.value);
      if (node.kind === "string") return /^\d{4}-\d{2}-\d{2}/.test(node.value) ? timestamp(Date.parse(node.value)) : undefined;
      const long = node.kind === "object" && node.members.length === 1 ? readWrapper(node) : undefined;
      return long?.kind === "literal" && long.literal.type === "Int" ? timestamp(Number(long.literal.value)) : undefined;
    },
  },
  $binary: {
    takes: '{"base64": "…", "subType": "00"}',
    read: (node) => {
      const base64 = node.kind === "object" ? node.members.find(({ name }) => name === "base64")?.value : undefined;
      return base64?.kind === "string" ? binary(base64.value) : undefined;
    },
  },
};

export type WrapperResult =
  | { readonly kind: "literal"; readonly literal: Literal }
  | { readonly kind: "malformed"; readonly key: string; readonly takes: string };

/** The value that an object of EJSON stands for; undefined when the object is no such wrapper. */
export const readWrapper = (node: JsonObjectNode): WrapperResult | undefined => {
  const [member] = node.members;
  if (member === undefined || !Object.hasOwn(wrappers, member.name)) return undefined;
  const wrapper = wrappers[member.name];
  if (wrapper === undefined) return undefined;
  const literal = node.members.length === 1 ? wrapper.read(member.value) : undefined;
  return literal === undefined ? { kind: "malformed", key: member.name, takes: wrapper.takes } : { kind: "literal", literal };
};

/** A number of JSON: whole ones are integers as far as they are exact. */
export const numberLiteral = (value: number): Literal =>
  Number.isSafeInteger(value) ? { type: "Int", value: BigInt(value) } : { type: "Double", bits: bitsOfDouble(value) };
