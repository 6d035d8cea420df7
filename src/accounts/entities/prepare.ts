import { looksLikeEmail, normaliseLoginName } from "../names.ts";
import type { UserKey } from "../repositories/users.ts";
import type { JsonObject, UserState } from "../schema.ts";
import { defaultEntityName } from "./default-entity.ts";
import { evaluate, type ExpressionScope, type ExpressionValue } from "./expression.ts";
import { isPlacedField, type Entity, type Field } from "./model.ts";
import { suggestion } from "../../rules/nearest.ts";
import { normaliseValue, readDefault } from "./values.ts";

/** What is wrong with one field. Names are those of LoopBack's validations where it has the like. */
export type FieldIssueCode =
  | "presence"
  | "uniqueness"
  | "length.min"
  | "length.max"
  | "custom.email"
  | "type"
  | "name"
  | "final"
  | "computed"
  | "protected"
  | "unknown";

export interface FieldIssue {
  readonly field: string;
  readonly code: FieldIssueCode;
  readonly message: string;
  /** What was given; undefined when nothing was, or when it must not be repeated. */
  readonly value: unknown;
}

/**
 * Who writes. `administrator`: may set everything, and must give all that the entity requires. `self`: somebody who signs up or changes
 * their own data; may not set what decides over them (state, tags, meta), and need not give what only the default entity requires besides
 * the names for signing in, since sign-up interfaces know no such fields.
 */
export type Author = "administrator" | "self";

const protectedFromSelf: ReadonlySet<string> = new Set(["active", "locked", "tags", "meta"]);

/** Values of all fields by name, as the entity sees a user. Hashed fields are absent. */
export type UserValues = JsonObject;

export interface HashRequest {
  readonly field: string;
  readonly text: string;
  readonly salt: string | undefined;
}

/** A user that conforms to the entity, in the store's terms. */
export interface PreparedUser {
  readonly fields: JsonObject;
  readonly tags: readonly string[];
  readonly meta: JsonObject;
  readonly properties: JsonObject;
  readonly state: Extract<UserState, "normal" | "locked" | "disabled">;
  readonly keys: readonly UserKey[];
  /** Texts that are to be hashed before anything is stored; the password among them under the name `password`. */
  readonly toHash: readonly HashRequest[];
  readonly values: UserValues;
}

export type Prepared =
  | { readonly ok: true; readonly user: PreparedUser }
  /** Ordered as the entity's fields; never empty. */
  | { readonly ok: false; readonly issues: readonly FieldIssue[] };

/** What preparing needs from its surroundings. */
export interface PrepareScope {
  /** Milliseconds since 1970. */
  readonly now: number;
  ulid(): string;
}

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

const isRequired = ({ required, useForAuth, useForIdentity }: Field, author: Author): boolean =>
  required !== undefined && (author === "administrator" || required.by !== defaultEntityName || useForAuth || useForIdentity);

/** A hashed value never leaves this function's caller, not even to whoever sent it. */
const issue = (field: Field, code: FieldIssueCode, message: string, value: unknown): FieldIssue => ({
  field: field.name,
  code,
  message,
  value: field.hash === undefined ? value : undefined,
});

const checkLength = (field: Field, value: unknown): FieldIssue | undefined => {
  const { length } = field;
  if (length === undefined || (typeof value !== "string" && !Array.isArray(value))) return undefined;
  const { min = 0, max = Number.POSITIVE_INFINITY } = length;
  if (value.length < min) return issue(field, "length.min", length.message ?? `too short (at least ${min})`, value);
  if (value.length > max) return issue(field, "length.max", length.message ?? `too long (at most ${max})`, value);
  return undefined;
};

/** The form in which a value is compared with those of other users. */
export const keyOf = (
  field: Field,
  value: unknown,
): { readonly ok: true; readonly key: string } | { readonly ok: false; readonly problem: string } => {
  if (typeof value !== "string") return { ok: true, key: JSON.stringify(value) };
  if (!field.useForAuth) return { ok: true, key: value };
  const name = normaliseLoginName(value);
  return name.ok ? { ok: true, key: name.name.key } : { ok: false, problem: name.problem };
};

const checkName = (field: Field, value: unknown): FieldIssue | undefined => {
  if (field.name === "email" && typeof value === "string" && !looksLikeEmail(value))
    return issue(field, "custom.email", "is invalid", value);
  if (!field.useForAuth) return undefined;
  const key = keyOf(field, value);
  return key.ok
    ? undefined
    : issue(field, "name", `is ${key.problem}`.replace("is contains", "contains").replace("is mixes", "mixes"), value);
};

/** Reads one field of the input; the value, or what is wrong with it. */
const readField = (field: Field, given: unknown): { readonly value: unknown } | FieldIssue => {
  const normal = normaliseValue(given, field.type);
  if (!normal.ok) return issue(field, "type", normal.problem, undefined);
  return checkLength(field, normal.value) ?? checkName(field, normal.value) ?? { value: normal.value };
};

/** Why this author may not give this field another value; undefined when they may. */
const mayNotSet = (field: Field, author: Author, current: UserValues | undefined, given: unknown): FieldIssue | undefined => {
  if (field.computed !== undefined) return issue(field, "computed", "is computed and cannot be set", given);
  if (field.name === "id" || (field.final !== undefined && !isAbsent(current?.[field.name]))) {
    return issue(field, "final", field.final?.message ?? "cannot be changed", given);
  }
  if (author === "self" && protectedFromSelf.has(field.name)) {
    return issue(field, "protected", "may be set by an administrator only", given);
  }
  return undefined;
};

const asExpressionValue = (value: unknown): ExpressionValue =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;

/** Computed text loses the blanks that absent parts leave. */
const tidy = (value: unknown): unknown => (typeof value === "string" ? value.replace(/ {2,}/g, " ").trim() : value);

const complete = (entity: Entity, values: Record<string, unknown>, scope: PrepareScope, isNew: boolean): readonly FieldIssue[] => {
  const surroundings: ExpressionScope = { ...scope, ulid: () => scope.ulid(), field: (name) => asExpressionValue(values[name]) };
  const issues: FieldIssue[] = [];
  for (const field of entity.fields) {
    const source = field.computed ?? (isNew && isAbsent(values[field.name]) && field.name !== "id" ? field.defaultValue : undefined);
    if (source === undefined) continue;
    const result = readDefault(tidy(evaluate(source, surroundings)), field.type);
    if (result.ok) values[field.name] = result.value;
    else issues.push(issue(field, "type", `${field.computed === undefined ? "default" : "computed value"} ${result.problem}`, undefined));
  }
  return issues;
};

/** The values by which a user with these values is unique or can be found. */
export const keysOf = (entity: Entity, values: UserValues): readonly UserKey[] =>
  entity.fields.flatMap((field) => {
    if (field.name === "id" || field.hash !== undefined) return [];
    if (field.unique === undefined && !field.useForAuth && !field.useForIdentity) return [];
    const value = values[field.name];
    if (isAbsent(value) || value === "") return [];
    const key = keyOf(field, value);
    return key.ok ? [{ field: field.name, value: key.key }] : [];
  });

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : []);
const objectOf = (value: unknown): JsonObject => (typeof value === "object" && value !== null ? { ...value } : {});

const stateOf = ({ active, locked }: UserValues): PreparedUser["state"] => {
  if (locked === true) return "locked";
  return active === false ? "disabled" : "normal";
};

/**
 * Checks, normalises and completes a user. `current`: the values of a user who exists already, whose other fields stay; undefined for a new
 * one. A field given as null is emptied. Nothing is stored here; uniqueness is the store's to say.
 */
export const prepareUser = (entity: Entity, input: JsonObject, author: Author, scope: PrepareScope, current?: UserValues): Prepared => {
  const issues: FieldIssue[] = [];
  const values: Record<string, unknown> = { ...current };
  const toHash: HashRequest[] = [];
  for (const name of Object.keys(input)) {
    if (entity.byName.has(name)) continue;
    const message = `is not a field of ${entity.name}${suggestion(name, entity.byName.keys())}`;
    issues.push({ field: name.slice(0, 64), code: "unknown", message, value: undefined });
  }
  for (const field of entity.fields) {
    const given = Object.hasOwn(input, field.name) ? input[field.name] : undefined;
    // Clients send back whole users: what they did not change is no change.
    if (given === undefined || (current !== undefined && JSON.stringify(given) === JSON.stringify(current[field.name]))) continue;
    const refusal = mayNotSet(field, author, current, given);
    if (refusal !== undefined) issues.push(refusal);
    else if (given === null) delete values[field.name];
    else {
      const read = readField(field, given);
      if ("code" in read) issues.push(read);
      else if (field.hash === undefined) values[field.name] = read.value;
      else toHash.push({ field: field.name, text: String(read.value), salt: field.hash.salt });
    }
  }
  issues.push(...complete(entity, values, scope, current === undefined));
  issues.push(...findMissing(entity, values, toHash, author, current !== undefined, new Set(issues.map(({ field }) => field))));
  const order = new Map(entity.fields.map((field, index) => [field.name, index]));
  if (issues.length > 0) return { ok: false, issues: issues.toSorted((a, b) => (order.get(a.field) ?? -1) - (order.get(b.field) ?? -1)) };
  const { tags, meta, properties } = values;
  const fields = Object.fromEntries(Object.entries(values).filter(([name]) => !isPlacedField(name)));
  return {
    ok: true,
    user: {
      fields,
      tags: textsOf(tags),
      meta: objectOf(meta),
      properties: objectOf(properties),
      state: stateOf(values),
      keys: keysOf(entity, values),
      toHash,
      values,
    },
  };
};

const findMissing = (
  entity: Entity,
  values: UserValues,
  toHash: readonly HashRequest[],
  author: Author,
  exists: boolean,
  judged: ReadonlySet<string>,
): readonly FieldIssue[] =>
  entity.fields.flatMap((field) => {
    if (field.name === "id" || judged.has(field.name) || !isRequired(field, author)) return [];
    // The hash of an existing user is kept where it is and not shown to us.
    if (field.hash !== undefined) {
      if (exists || toHash.some((request) => request.field === field.name)) return [];
    } else if (!isAbsent(values[field.name]) && values[field.name] !== "") return [];
    return [issue(field, "presence", field.required?.message ?? "can't be blank", values[field.name])];
  });

/** Removes from a user's values whatever must not be logged, for logs and the audit log alike; values of unknown fields too. */
export const redact = (entity: Entity, values: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const field = entity.byName.get(name);
      return [name, field === undefined || field.sensitive ? "[redacted]" : value];
    }),
  );
