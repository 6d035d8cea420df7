import { parseExpression } from "../entities/expression.ts";
import { fieldTypeNames, parseFieldType, placedFields, isPlacedField } from "../entities/model.ts";
import { suggestion } from "../../rules/nearest.ts";
import type { Place } from "./diagnostic.ts";
import { checkName, NameRegister } from "./names.ts";
import { shown, type MapEntry, type Reader, type Value } from "./yaml-source.ts";

/** An entity as one file writes it, before inheritance. */
export interface WrittenEntity {
  readonly name: string;
  readonly at: Place;
  readonly inherits: { readonly name: string; readonly at: Place } | undefined;
  readonly fields: readonly WrittenField[];
}

/** Stands for a type that cannot be read. */
export const wrongType = Symbol("wrong type");

interface Rule {
  readonly message?: string;
}

/** A field as one entity writes it. Absent members are inherited. */
export interface WrittenField {
  readonly name: string;
  readonly at: Place;
  /** Undefined when it is not given; `wrongType` when it cannot be read, which was reported. */
  readonly type: string | undefined | typeof wrongType;
  readonly required?: Rule;
  readonly unique?: Rule;
  readonly final?: Rule;
  readonly length?: Rule & { readonly min?: number; readonly max?: number };
  readonly defaultValue?: WrittenExpression;
  readonly computed?: WrittenExpression;
  readonly useForAuth?: boolean;
  readonly useForIdentity?: boolean;
  readonly hash?: { readonly salt?: string };
  readonly nolog?: boolean;
}

export interface WrittenExpression {
  readonly source: string;
  readonly at: Place;
}

/** Settings of the product that these files come from; they are known and mean nothing here. */
const entityKeys = ["name", "description", "status", "default-order", "cdc", "inherits", "fields"] as const;
const fieldKeys = ["name", "description", "type", "validations", "attributes", "compliances", "defaultvalue", "computed"] as const;
const validationTypes = ["required", "unique", "length", "final"] as const;
const complianceTypes = ["hash", "nolog"] as const;

const entityName = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const fieldName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Names that LoopBack's model and tokens use for something else. */
const reservedFields: ReadonlySet<string> = new Set(["realm", "ttl", "include", "emailVerified"]);

/** Reads the list under `entities`. */
export const readEntities = (reader: Reader, value: Value, register: NameRegister): readonly WrittenEntity[] =>
  reader.list(value, "entities").flatMap((item): readonly WrittenEntity[] => {
    const entity = readEntity(reader, item, register);
    return entity === undefined ? [] : [entity];
  });

const readEntity = (reader: Reader, value: Value, register: NameRegister): WrittenEntity | undefined => {
  const entries = reader.map(value, "an entity", entityKeys);
  const name = demandName(reader, entries.get("name"), value.at, "an entity");
  if (name === undefined || !checkName(name.text, entityName, "an entity", name.at, reader.findings) || !register.take(name.text, name.at))
    return undefined;
  const inherits = entries.get("inherits");
  const parent = reader.text(inherits?.value, "inherits");
  const register_ = new NameRegister("field", reader.findings);
  const fields = entries.get("fields");
  return {
    name: name.text,
    at: name.at,
    inherits: inherits === undefined || parent === undefined ? undefined : { name: parent, at: inherits.value.at },
    fields: (fields === undefined ? [] : reader.list(fields.value, "fields")).flatMap((item): readonly WrittenField[] => {
      const field = readField(reader, item, register_);
      return field === undefined ? [] : [field];
    }),
  };
};

const demandName = (
  reader: Reader,
  entry: MapEntry | undefined,
  at: Place,
  what: string,
): { readonly text: string; readonly at: Place } | undefined => {
  if (entry === undefined) {
    reader.findings.add(at, "MISSING", `${what} needs a name`);
    return undefined;
  }
  const text = reader.text(entry.value, "name");
  return text === undefined ? undefined : { text, at: entry.value.at };
};

const readField = (reader: Reader, value: Value, register: NameRegister): WrittenField | undefined => {
  const { findings } = reader;
  const entries = reader.map(value, "a field", fieldKeys);
  const name = demandName(reader, entries.get("name"), value.at, "a field");
  if (name === undefined || !checkName(name.text, fieldName, "a field", name.at, findings)) return undefined;
  if (reservedFields.has(name.text)) {
    findings.add(name.at, "BAD_NAME", `${name.text} cannot be the name of a field: it has a meaning of its own in requests`);
    return undefined;
  }
  if (!register.take(name.text, name.at)) return undefined;
  const defaultValue = readExpression(reader, entries.get("defaultvalue"), "defaultvalue");
  const computed = readExpression(reader, entries.get("computed"), "computed");
  return {
    name: name.text,
    at: name.at,
    type: readType(reader, entries.get("type"), name.text),
    ...readValidations(reader, entries.get("validations")?.value),
    ...readAttributes(reader, entries.get("attributes")?.value),
    ...readCompliances(reader, entries.get("compliances")?.value),
    ...(defaultValue === undefined ? {} : { defaultValue }),
    ...(computed === undefined ? {} : { computed }),
  };
};

const readType = (reader: Reader, entry: MapEntry | undefined, field: string): WrittenField["type"] => {
  const text = reader.text(entry?.value, "type")?.replace(/\s/g, "");
  if (entry === undefined) return undefined;
  if (text === undefined) return wrongType;
  if (parseFieldType(text) === undefined) {
    reader.findings.add(entry.value.at, "UNKNOWN_TYPE", `there is no type ${shown(text)}${suggestion(text, fieldTypeNames)}`);
    return wrongType;
  }
  // Ids are Reeve's own in every realm; some files call them strings.
  if (isPlacedField(field) && field !== "id" && text !== placedFields[field]) {
    reader.findings.add(entry.value.at, "TYPE_CONFLICT", `the field ${field} is ${placedFields[field]} in every entity`);
    return wrongType;
  }
  return text;
};

/** Bare JSON, which people write for objects and lists, is taken as the text that it would be in quotes. */
const quoteJson = (source: string): string => (/^\s*[[{]/.test(source) ? `'${source.trim().replace(/['\\]/g, String.raw`\$&`)}'` : source);

const readExpression = (reader: Reader, entry: MapEntry | undefined, what: string): WrittenExpression | undefined => {
  if (entry === undefined) return undefined;
  const { value } = entry;
  if (value.kind !== "scalar" || value.value === null) {
    reader.findings.add(value.at, "WRONG_TYPE", `${what} must be an expression`);
    return undefined;
  }
  const source = quoteJson(String(value.value));
  const parsed = parseExpression(source);
  if (parsed.ok) return { source: source.trim(), at: value.at };
  reader.findings.add(value.at, "BAD_EXPRESSION", `${what} cannot be read at character ${parsed.offset + 1}: ${parsed.problem}`);
  return undefined;
};

const readWhole = (reader: Reader, entry: MapEntry | undefined, what: string): number | undefined => {
  if (entry === undefined) return undefined;
  const { value } = entry;
  if (value.kind === "scalar" && typeof value.value === "number" && Number.isSafeInteger(value.value) && value.value >= 0)
    return value.value;
  reader.findings.add(value.at, "BAD_LENGTH", `${what} must be a whole number from 0`);
  return undefined;
};

/** The `type` of an entry of a list of validations or compliances. */
const readKind = <Kind extends string>(
  reader: Reader,
  entry: MapEntry | undefined,
  at: Place,
  known: readonly Kind[],
  code: "UNKNOWN_VALIDATION" | "UNKNOWN_COMPLIANCE",
): Kind | undefined => {
  if (entry === undefined) {
    reader.findings.add(at, "MISSING", "a type is missing");
    return undefined;
  }
  const text = reader.text(entry.value, "type");
  const kind = known.find((name) => name === text);
  if (kind === undefined && text !== undefined) {
    reader.findings.add(entry.value.at, code, `there is no ${shown(text)}; there are ${known.join(", ")}${suggestion(text, known)}`);
  }
  return kind;
};

type Validations = Pick<WrittenField, "required" | "unique" | "final" | "length">;

const readValidations = (reader: Reader, value: Value | undefined): Validations => {
  let read: Validations = {};
  for (const item of value === undefined ? [] : reader.list(value, "validations")) {
    const entries = reader.map(item, "a validation", ["type", "message", "min", "max"] as const);
    const kind = readKind(reader, entries.get("type"), item.at, validationTypes, "UNKNOWN_VALIDATION");
    if (kind === undefined) continue;
    if (read[kind] !== undefined) reader.findings.add(item.at, "DUPLICATE_NAME", `the validation ${kind} is given twice`);
    const text = reader.text(entries.get("message")?.value, "message");
    const rule: Rule = text === undefined ? {} : { message: text };
    const min = readWhole(reader, entries.get("min"), "min");
    const max = readWhole(reader, entries.get("max"), "max");
    if (kind !== "length") {
      for (const key of ["min", "max"] as const) {
        const entry = entries.get(key);
        if (entry !== undefined) reader.findings.add(entry.at, "UNKNOWN_KEY", `the validation ${kind} has no ${key}; that is length's`);
      }
      read = { ...read, [kind]: rule };
      continue;
    }
    if (min === undefined && max === undefined) reader.findings.add(item.at, "MISSING", "length needs min or max");
    if (min !== undefined && max !== undefined && min > max) reader.findings.add(item.at, "BAD_LENGTH", `min ${min} is above max ${max}`);
    read = { ...read, length: { ...rule, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) } };
  }
  return read;
};

const readAttributes = (reader: Reader, value: Value | undefined): Pick<WrittenField, "useForAuth" | "useForIdentity"> => {
  if (value === undefined) return {};
  const entries = reader.map(value, "attributes", ["useforauth", "useforidentity"] as const);
  const useForAuth = reader.flag(entries.get("useforauth")?.value, "useforauth");
  const useForIdentity = reader.flag(entries.get("useforidentity")?.value, "useforidentity");
  return { ...(useForAuth === undefined ? {} : { useForAuth }), ...(useForIdentity === undefined ? {} : { useForIdentity }) };
};

const readCompliances = (reader: Reader, value: Value | undefined): Pick<WrittenField, "hash" | "nolog"> => {
  let read: Pick<WrittenField, "hash" | "nolog"> = {};
  for (const item of value === undefined ? [] : reader.list(value, "compliances")) {
    const entries = reader.map(item, "a compliance", ["type", "salt"] as const);
    const kind = readKind(reader, entries.get("type"), item.at, complianceTypes, "UNKNOWN_COMPLIANCE");
    const salt = entries.get("salt");
    if (kind === "hash") {
      const text = reader.text(salt?.value, "salt");
      read = { ...read, hash: text === undefined ? {} : { salt: text } };
    } else if (kind === "nolog") {
      if (salt !== undefined) reader.findings.add(salt.at, "UNKNOWN_KEY", "nolog has no salt; that is hash's");
      read = { ...read, nolog: true };
    }
  }
  return read;
};
