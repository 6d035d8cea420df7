import { z } from "zod";
import { parseExpression, fieldsOf, type Expression } from "./expression.ts";

const scalarTypes = ["ulid", "string", "boolean", "object", "number", "date"] as const;
export type ScalarType = (typeof scalarTypes)[number];

/** What a field holds. Written `string`, `array(string)`, `array(array(number))`. Dates are ISO 8601 text in UTC. */
export type FieldType = { readonly kind: ScalarType } | { readonly kind: "array"; readonly of: FieldType };

const maxNesting = 4;

/** Reads a type as it is written; undefined when there is none of this name. */
export const parseFieldType = (text: string, depth = 0): FieldType | undefined => {
  const scalar = scalarTypes.find((type) => type === text);
  if (scalar !== undefined) return { kind: scalar };
  const inner = /^array\((.*)\)$/.exec(text)?.[1];
  const of = inner === undefined || depth >= maxNesting ? undefined : parseFieldType(inner.trim(), depth + 1);
  return of === undefined ? undefined : { kind: "array", of };
};

/** The names of types that people may write, for suggestions. */
export const fieldTypeNames: readonly string[] = [...scalarTypes, ...scalarTypes.map((type) => `array(${type})`)];

const message = z.string().max(500).optional();

/**
 * One field as it is written and stored: types and expressions as text. `required.by` is the entity that demands it, since what only the
 * default entity demands is not demanded of people who sign up through interfaces that know no such field.
 */
const fieldDefinition = z.object({
  name: z.string(),
  type: z.string(),
  required: z.object({ message, by: z.string() }).optional(),
  unique: z.object({ message }).optional(),
  final: z.object({ message }).optional(),
  length: z.object({ min: z.int().optional(), max: z.int().optional(), message }).optional(),
  defaultValue: z.string().optional(),
  computed: z.string().optional(),
  useForAuth: z.boolean(),
  useForIdentity: z.boolean(),
  hash: z.object({ salt: z.string().optional() }).optional(),
  nolog: z.boolean(),
});

/** An entity with everything it inherits, ready to be stored. */
export const entityDefinition = z.object({ name: z.string(), fields: z.array(fieldDefinition).max(200) });

export type FieldDefinition = z.output<typeof fieldDefinition>;
export type EntityDefinition = z.output<typeof entityDefinition>;

/** A field that is ready for use. */
export interface Field extends Omit<FieldDefinition, "type" | "defaultValue" | "computed"> {
  readonly type: FieldType;
  readonly defaultValue: Expression | undefined;
  readonly computed: Expression | undefined;
  /** The value must not be logged: by `nolog`, because it is hashed, or because it is computed from one that must not. */
  readonly sensitive: boolean;
}

/** A user entity that is ready for use. */
export interface Entity {
  readonly name: string;
  /** In the order of the definition; computed fields behind those that they are computed from. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** Names of the fields by whose values a user may sign in with a password. */
  readonly signInFields: readonly string[];
  /** The one field that names the user. */
  readonly identity: Field;
}

/**
 * The name under which accounts of LoopBack's model sign in. Every entity has it: where a definition does not declare it, it is added, and
 * it is always unique and good for signing in.
 */
const username: FieldDefinition = {
  name: "username",
  type: "string",
  unique: { message: "User already exists" },
  length: { max: 255 },
  useForAuth: true,
  useForIdentity: false,
  nolog: true,
};

const withUsername = (fields: readonly FieldDefinition[]): readonly FieldDefinition[] =>
  fields.some(({ name }) => name === username.name)
    ? fields.map((field) =>
        field.name === username.name ? { ...field, unique: field.unique ?? username.unique, useForAuth: true } : field,
      )
    : [...fields, username];

const demandExpression = (source: string | undefined): Expression | undefined => {
  if (source === undefined) return undefined;
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`a stored expression cannot be read: ${parsed.problem}`);
  return parsed.expression;
};

const compileField = (definition: FieldDefinition): Field => {
  const { type: typeText, defaultValue, computed, ...rest } = definition;
  const type = parseFieldType(typeText);
  if (type === undefined) throw new Error(`a stored field has the unknown type ${typeText}`);
  return {
    ...rest,
    type,
    defaultValue: demandExpression(defaultValue),
    computed: demandExpression(computed),
    sensitive: rest.nolog || rest.hash !== undefined,
  };
};

/** Fields in an order in which each computed one comes behind those it reads; the definition's order otherwise. Cycles were refused before. */
const inOrderOfComputation = (fields: readonly Field[]): readonly Field[] => {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const ordered = new Set<Field>();
  const visit = (field: Field, under: ReadonlySet<Field>): void => {
    if (ordered.has(field) || under.has(field)) return;
    for (const name of field.computed === undefined ? [] : fieldsOf(field.computed)) {
      const read = byName.get(name);
      if (read !== undefined) visit(read, new Set([...under, field]));
    }
    ordered.add(field);
  };
  for (const field of fields) visit(field, new Set());
  return [...ordered];
};

const spreadSensitivity = (fields: readonly Field[]): readonly Field[] => {
  const sensitive = new Set<string>();
  return fields.map((field) => {
    const isSensitive =
      field.sensitive || (field.computed !== undefined && [...fieldsOf(field.computed)].some((name) => sensitive.has(name)));
    if (isSensitive) sensitive.add(field.name);
    return { ...field, sensitive: isSensitive };
  });
};

/** Makes a checked definition ready for use. Fails on a definition that no checked file can have. */
export const compileEntity = ({ name, fields: definitions }: EntityDefinition): Entity => {
  const fields = spreadSensitivity(inOrderOfComputation(withUsername(definitions).map(compileField)));
  const identity = fields.find((field) => field.useForIdentity);
  if (identity === undefined) throw new Error(`entity ${name} has no field that names the user`);
  return {
    name,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
    signInFields: fields.filter((field) => field.useForAuth).map((field) => field.name),
    identity,
  };
};

/** Reads a definition from the store. */
export const readStoredEntity = (definition: unknown): Entity => compileEntity(entityDefinition.parse(definition));

/** Fields that have a place of their own in the store besides `fields`: they exist in every entity with these types. */
export const placedFields = {
  id: "ulid",
  tags: "array(string)",
  meta: "object",
  properties: "object",
  active: "boolean",
  locked: "boolean",
  password: "string",
} as const satisfies Readonly<Record<string, string>>;

export const isPlacedField = (name: string): name is keyof typeof placedFields => Object.hasOwn(placedFields, name);
