import type { Findings } from "./diagnostic.ts";
import { always, isAlways, isNever, never, type Expression } from "./expression.ts";
import { describeNode, type JsonNode, type JsonObjectNode } from "./json-source.ts";
import { Members } from "./members.ts";
import type { QueryableFields, Role, Roles, RolesRefresh } from "./model.ts";
import { parseExpression } from "./parse-expression.ts";

type JsonArrayNode = Extract<JsonNode, { kind: "array" }>;

export interface RolesContext {
  readonly findings: Findings;
  readonly functions: ReadonlySet<string> | undefined;
  readonly queryableFields: QueryableFields;
}

interface RolesSource {
  readonly rules: JsonObjectNode | undefined;
  readonly defaultRoles: JsonArrayNode | undefined;
  readonly fallThroughToDefault: boolean;
  readonly refresh: RolesRefresh;
}

/** Reads the roles of all classes and the default ones. */
export const parseRoles = ({ rules, defaultRoles, fallThroughToDefault, refresh }: RolesSource, context: RolesContext): Roles => ({
  collections: new Map(
    (rules?.members ?? []).map(({ name, value }) => {
      if (value.kind === "array") return [name, parseList(value, name, context)] as const;
      context.findings.add(
        "WrongShape",
        value.at,
        `The roles of "${name}" are a list, not ${describeNode(value)}.`,
        "Put the role into [ ].",
      );
      return [name, []] as const;
    }),
  ),
  defaults: defaultRoles === undefined ? [] : parseList(defaultRoles, undefined, context),
  fallThroughToDefault,
  refresh,
});

/** `_id` is always queryable. Default roles may read what is queryable in any class: they are compiled for each of them. */
const queryableIn = (fields: QueryableFields, collection: string | undefined): ((field: string) => boolean) | undefined => {
  if (fields === undefined) return undefined;
  if (fields.kind === "everywhere") return (field) => field === "_id" || fields.names.has(field);
  if (collection === undefined) return (field) => field === "_id" || [...fields.names.values()].some((names) => names.has(field));
  return (field) => field === "_id" || fields.names.get(collection)?.has(field) === true;
};

const parseList = (list: JsonArrayNode, collection: string | undefined, context: RolesContext): readonly Role[] => {
  const { findings } = context;
  const names = new Set<string>();
  let always: string | undefined;
  return list.items.flatMap((item) => {
    if (item.kind !== "object") {
      findings.add("WrongShape", item.at, `A role is an object, not ${describeNode(item)}.`);
      return [];
    }
    const role = parseRole(item, collection, context);
    if (role === undefined) return [];
    if (names.has(role.name)) {
      const at = item.members.find(({ name }) => name === "name")?.value.at ?? item.at;
      findings.add("RoleNameTaken", at, `Another role of this list is called "${role.name}", too.`);
    }
    names.add(role.name);
    if (always !== undefined) {
      findings.add(
        "RoleUnreachable",
        item.at,
        `The role "${role.name}" is never reached: "${always}" before it applies always.`,
        `Move "${always}" behind it.`,
      );
    } else if (isAlways(role.applyWhen)) always = role.name;
    return [role];
  });
};

const parseRole = (node: JsonObjectNode, collection: string | undefined, context: RolesContext): Role | undefined => {
  const { findings, functions, queryableFields } = context;
  const members = new Members(node, ["name", "applyWhen", "read", "write"], findings);
  const isQueryable = queryableIn(queryableFields, collection);
  const expression = (name: "read" | "write"): Expression => {
    const member = members.get(name);
    return member === undefined ? never : parseExpression(member.value, { place: "document", findings, functions, isQueryable });
  };
  const condition = members.get("applyWhen");
  const applyWhen =
    condition === undefined
      ? always
      : parseExpression(condition.value, { place: "applyWhen", findings, functions, isQueryable: undefined });
  const name = members.text("name");
  const read = expression("read");
  const write = expression("write");
  if (members.get("name") === undefined) {
    findings.add("MissingKey", node.at, 'A role needs "name": logs, and the role that is stored with a device, name it.');
  }
  if (name === undefined) return undefined;
  const wrong = [members.get("read"), members.get("write")].some((member) => member !== undefined && !isPlain(member.value));
  if (isNever(read) && isNever(write) && !wrong) {
    findings.add("RoleWithoutAccess", node.at, `The role "${name}" gives no access: neither read nor write can be true.`);
  }
  return { name, applyWhen, read, write };
};

/** Whether the value says plainly what it is; other ones that read as false were wrong, which is said already. */
const isPlain = (node: JsonNode): boolean => node.kind === "boolean";
