import { defaultEntity, defaultEntityName } from "../entities/default-entity.ts";
import { evaluate, fieldsOf, parseExpression, type Expression } from "../entities/expression.ts";
import { compileEntity, parseFieldType, type EntityDefinition, type FieldDefinition } from "../entities/model.ts";
import { suggestion } from "../../rules/nearest.ts";
import { readDefault } from "../entities/values.ts";
import type { Findings, Place } from "./diagnostic.ts";
import { wrongType, type WrittenEntity, type WrittenExpression, type WrittenField } from "./read-entities.ts";
import { shown } from "./yaml-source.ts";

/** The base that the default entity names in files of the product that they come from; it has no fields of its own here. */
const emptyBase = "kisai.common";

/** Adds what an entity says of an inherited field, or of a new one, to what is known. Rules of one kind replace each other. */
const extendField = (inherited: FieldDefinition | undefined, written: WrittenField, entity: string): FieldDefinition => {
  const { required, unique, final, length, hash, defaultValue, computed } = written;
  return {
    ...inherited,
    name: written.name,
    type: inherited?.type ?? (typeof written.type === "string" ? written.type : "string"),
    useForAuth: written.useForAuth ?? inherited?.useForAuth ?? false,
    useForIdentity: written.useForIdentity ?? inherited?.useForIdentity ?? false,
    nolog: written.nolog ?? inherited?.nolog ?? false,
    ...(required === undefined ? {} : { required: { ...required, by: entity } }),
    ...(unique === undefined ? {} : { unique }),
    ...(final === undefined ? {} : { final }),
    ...(length === undefined ? {} : { length }),
    ...(hash === undefined ? {} : { hash }),
    ...(defaultValue === undefined ? {} : { defaultValue: defaultValue.source }),
    ...(computed === undefined ? {} : { computed: computed.source }),
  };
};

const extend = (base: EntityDefinition, written: WrittenEntity): EntityDefinition => {
  const declaresIdentity = written.fields.some((field) => field.useForIdentity === true);
  const fields = new Map(base.fields.map((field) => [field.name, declaresIdentity ? { ...field, useForIdentity: false } : field]));
  for (const field of written.fields) fields.set(field.name, extendField(fields.get(field.name), field, written.name));
  return { name: written.name, fields: [...fields.values()] };
};

/** The type of a new field is required; that of an inherited one may be repeated, and not changed. */
const checkTypes = (base: EntityDefinition, written: WrittenEntity, findings: Findings): void => {
  for (const field of written.fields) {
    if (field.type === wrongType) continue;
    const inherited = base.fields.find(({ name }) => name === field.name);
    if (inherited === undefined) {
      if (field.type === undefined) findings.add(field.at, "MISSING", `the field ${field.name} needs a type`);
    } else if (field.type !== undefined && field.type !== inherited.type) {
      // Ids are Reeve's own, whatever an entity calls them.
      if (field.name === "id" && field.type === "string") continue;
      findings.add(field.at, "TYPE_CONFLICT", `the field ${field.name} is inherited as ${inherited.type} and cannot become ${field.type}`);
    }
  }
};

const parse = (source: string | undefined): Expression | undefined => {
  const parsed = source === undefined ? undefined : parseExpression(source);
  return parsed?.ok === true ? parsed.expression : undefined;
};

/** Names in an expression must be fields whose values may be read: not hashed ones. */
const checkReads = (entity: EntityDefinition, expression: WrittenExpression | undefined, findings: Findings): void => {
  const parsed = parse(expression?.source);
  if (expression === undefined || parsed === undefined) return;
  const names = entity.fields.map(({ name }) => name);
  for (const name of fieldsOf(parsed)) {
    const field = entity.fields.find((candidate) => candidate.name === name);
    if (field === undefined) {
      findings.add(expression.at, "BAD_EXPRESSION", `${entity.name} has no field ${shown(name)}${suggestion(name, names)}`);
    } else if (field.hash !== undefined) {
      findings.add(expression.at, "BAD_EXPRESSION", `${name} is hashed and cannot be read`);
    }
  }
};

const constantScope = { field: () => "", now: 0, ulid: () => "01ARZ3NDEKTSV4RRFFQ69G5FAV" };

/** A default that reads no fields can be tried at once. */
const checkDefault = (field: FieldDefinition, written: WrittenField, findings: Findings): void => {
  const expression = parse(written.defaultValue?.source);
  const type = parseFieldType(field.type);
  if (written.defaultValue === undefined || expression === undefined || type === undefined || field.name === "id") return;
  if (fieldsOf(expression).size > 0) return;
  const result = readDefault(evaluate(expression, constantScope), type);
  if (!result.ok) findings.add(written.defaultValue.at, "BAD_DEFAULT", `the default of ${field.name} ${result.problem}`);
};

const checkField = (entity: EntityDefinition, field: FieldDefinition, written: WrittenField, findings: Findings): void => {
  checkReads(entity, written.defaultValue, findings);
  checkReads(entity, written.computed, findings);
  checkDefault(field, written, findings);
  const isName = field.useForAuth || (field.useForIdentity && field.name !== "id");
  const refuse = (reason: string): void => findings.add(written.at, "BAD_ATTRIBUTE", `the field ${field.name} ${reason}`);
  if (isName && field.type !== "string") refuse(`is ${field.type}, and only a string can name a user`);
  if (isName && field.hash !== undefined) refuse("is hashed and cannot name a user");
  if (field.hash !== undefined && field.type !== "string") refuse(`is ${field.type}, and only a string can be hashed`);
  if (field.hash !== undefined && field.unique !== undefined) refuse("is hashed and cannot be unique");
  if (field.computed !== undefined && field.defaultValue !== undefined) refuse("is computed and cannot have a default too");
  if (field.computed !== undefined && field.hash !== undefined) refuse("is computed and cannot be hashed");
  if (field.length !== undefined && field.type !== "string" && !field.type.startsWith("array("))
    refuse(`is ${field.type} and has no length`);
  if (field.name === "password" && field.hash === undefined) refuse("must be hashed");
};

/** Fields by which users are found: all of a user's are looked up and written in one statement. */
const maxKeyFields = 20;

const checkKeyFields = (entity: EntityDefinition, written: WrittenEntity, findings: Findings): void => {
  const fields = entity.fields.filter((field) => field.unique !== undefined || field.useForAuth || field.useForIdentity);
  if (fields.length <= maxKeyFields) return;
  findings.add(
    written.at,
    "BAD_ATTRIBUTE",
    `${entity.name} has ${fields.length} fields that are unique or name users; there may be ${maxKeyFields}`,
  );
};

const checkIdentity = (entity: EntityDefinition, written: WrittenEntity, findings: Findings): void => {
  const naming = entity.fields.filter((field) => field.useForIdentity);
  if (naming.length === 1) return;
  const second = written.fields.filter((field) => field.useForIdentity === true)[1];
  const names = naming.map(({ name }) => name).join(", ");
  const message =
    naming.length === 0 ? `no field of ${entity.name} names the user` : `several fields of ${entity.name} name the user: ${names}`;
  findings.add(second?.at ?? written.at, "IDENTITY_COUNT", message);
};

/** The computed fields that lead back to themselves, as `a → b → a`; undefined when there are none. */
const findComputationCycle = ({ fields }: EntityDefinition): readonly string[] | undefined => {
  const reads = new Map(fields.map(({ name, computed }) => [name, [...fieldsOf(parse(computed) ?? { kind: "literal", value: null })]]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of reads.get(name) ?? []) {
      const cycle = visit(next, [...path, name]);
      if (cycle !== undefined) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const { name } of fields) {
    const cycle = visit(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
};

/** All entities of the files with what they inherit; the default one is among them, whether a file writes it or not. */
export class Entities {
  readonly #written: ReadonlyMap<string, WrittenEntity>;
  readonly #findings: Findings;
  readonly #resolved = new Map<string, EntityDefinition>();

  constructor(written: readonly WrittenEntity[], findings: Findings) {
    this.#written = new Map(written.map((entity) => [entity.name, entity]));
    this.#findings = findings;
    for (const entity of written) this.#resolve(entity, []);
  }

  /** The entity of this name; reports when there is none. Undefined too for one whose own errors are reported. */
  find(name: string, at: Place): EntityDefinition | undefined {
    if (name === defaultEntityName && !this.#written.has(name)) return defaultEntity;
    if (this.#written.has(name)) return this.#resolved.get(name);
    const known = [defaultEntityName, ...this.#written.keys()];
    this.#findings.add(at, "UNKNOWN_ENTITY", `there is no entity ${shown(name)}${suggestion(name, known)}`);
    return undefined;
  }

  #resolve(entity: WrittenEntity, path: readonly string[]): EntityDefinition | undefined {
    const known = this.#resolved.get(entity.name);
    if (known !== undefined) return known;
    if (path.includes(entity.name)) {
      const circle = [...path.slice(path.indexOf(entity.name)), entity.name].join(" → ");
      // Told once, at the entity where the circle was entered.
      if (path[0] === entity.name)
        this.#findings.add(entity.inherits?.at ?? entity.at, "INHERITANCE_CYCLE", `entities inherit in a circle: ${circle}`);
      return undefined;
    }
    const before = this.#findings.count;
    const base = this.#base(entity, [...path, entity.name]);
    if (base === undefined) return undefined;
    checkTypes(base, entity, this.#findings);
    const definition = extend(base, entity);
    for (const written of entity.fields) {
      const field = definition.fields.find(({ name }) => name === written.name);
      if (field !== undefined) checkField(definition, field, written, this.#findings);
    }
    checkIdentity(definition, entity, this.#findings);
    checkKeyFields(definition, entity, this.#findings);
    const cycle = findComputationCycle(definition);
    if (cycle !== undefined)
      this.#findings.add(entity.at, "COMPUTATION_CYCLE", `computed fields depend on each other: ${cycle.join(" → ")}`);
    if (this.#findings.count === before) compileEntity(definition);
    this.#resolved.set(entity.name, definition);
    return definition;
  }

  #base(entity: WrittenEntity, path: readonly string[]): EntityDefinition | undefined {
    const { name, at } = entity.inherits ?? { name: emptyBase, at: entity.at };
    if (entity.name === defaultEntityName) {
      if (name === emptyBase) return defaultEntity;
      this.#findings.add(at, "UNKNOWN_ENTITY", `the default entity inherits from ${emptyBase} only`);
      return undefined;
    }
    // Every custom entity extends the default one, whatever else it names.
    const parent = name === emptyBase ? defaultEntityName : name;
    const written = this.#written.get(parent);
    return written === undefined ? this.find(parent, at) : this.#resolve(written, path);
  }
}
