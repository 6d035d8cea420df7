import { nearest } from "../nearest.ts";
import { Findings, type Diagnostic } from "./diagnostic.ts";
import { isNever } from "./expression.ts";
import { describeNode, readJsonSource, type JsonNode, type JsonObjectNode } from "./json-source.ts";
import { Members, textItems } from "./members.ts";
import { partitionTypes, rolesRefreshes, syncStates, type QueryableFields, type SyncConfiguration } from "./model.ts";
import { checkPartitionLiterals } from "./partition-literals.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseRoles, type RolesContext } from "./parse-roles.ts";

/** What is known besides the text. */
export interface RulesSurroundings {
  /** Names of the realm's functions; left out, calls are not checked. */
  readonly functions?: ReadonlySet<string>;
}

export interface RulesResult {
  /** Undefined when there are errors: rules that are partly wrong are never used. */
  readonly configuration: SyncConfiguration | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const topLevel = ["sync", "flexible_sync", "rules", "defaultRoles", "fallThroughToDefault", "rolesRefresh"] as const;

/**
 * Reads a realm's rules as an operator writes them: JSON with comments, in the shape of App Services (rules-and-config §2.1, §3.1, §8.3)
 * or as a bare object of classes and their roles.
 */
export const parseRules = (text: string, { functions }: RulesSurroundings = {}): RulesResult => {
  const findings = new Findings();
  const source = readJsonSource(text, findings);
  const configuration = source === undefined ? undefined : readDocument(source, { findings, functions });
  return { configuration: findings.hasErrors ? undefined : configuration, diagnostics: findings.all };
};

interface Reading {
  readonly findings: Findings;
  readonly functions: ReadonlySet<string> | undefined;
}

const readDocument = (node: JsonNode, reading: Reading): SyncConfiguration | undefined => {
  const { findings } = reading;
  if (node.kind !== "object") {
    findings.add("WrongShape", node.at, `Rules are an object, not ${describeNode(node)}.`);
    return undefined;
  }
  if (isBare(node)) return readBare(node, reading);
  const members = new Members(node, topLevel, findings);
  const partition = members.of("sync", "object");
  if (partition === undefined) return readFlexible(members, reading);
  const other = members.get("flexible_sync") ?? members.get("rules") ?? members.get("defaultRoles");
  if (other !== undefined) {
    findings.add(
      "MixedSyncModes",
      other.at,
      `"${other.name}" belongs to flexible sync, and "sync" configures partition-based sync.`,
      "Keep one of them.",
    );
  }
  return readPartition(partition, reading);
};

/** A class may be called `rules`, too: then its value is a list. */
const isBare = (node: JsonObjectNode): boolean =>
  node.members.length > 0 &&
  !node.members.some(({ name, value }) => topLevel.some((key) => key === name) && !(name === "rules" && value.kind === "array"));

const readBare = (node: JsonObjectNode, reading: Reading): SyncConfiguration => {
  for (const { name, at } of node.members) {
    const meant = nearest(name, topLevel);
    if (meant !== undefined && name !== "rules") {
      reading.findings.add("UnknownKey", at, `"${name}" is taken for the name of a class.`, `Did you mean "${meant}"?`);
    }
  }
  const context: RolesContext = { ...reading, queryableFields: undefined };
  const roles = parseRoles({ rules: node, defaultRoles: undefined, fallThroughToDefault: false, refresh: "immediate" }, context);
  return { mode: "flexible", state: "enabled", queryableFields: undefined, asymmetricClasses: [], roles, recoveryDisabled: false };
};

const readPartition = (node: JsonObjectNode, { findings, functions }: Reading): SyncConfiguration => {
  const members = new Members(node, ["state", "database_name", "partition", "is_recovery_mode_disabled", "last_disabled"], findings);
  members.text("database_name");
  const section = members.of("partition", "object");
  if (section === undefined && members.get("partition") === undefined) {
    findings.add("MissingKey", node.at, '"sync" needs "partition" with the partition key and its permissions.');
  }
  const partition = new Members(section ?? emptyObject(node), ["key", "type", "required", "permissions"], findings);
  const key = partition.text("key");
  if (section !== undefined && partition.get("key") === undefined) {
    findings.add("MissingKey", section.at, '"partition" needs "key", the field that holds the partition\'s value.');
  }
  const type = partition.choice("type", partitionTypes, "string", "UnknownPartitionType");
  const permissions = new Members(partition.of("permissions", "object") ?? emptyObject(node), ["read", "write"], findings);
  const context = { place: "partition", findings, functions, isQueryable: undefined } as const;
  const [read, write] = (["read", "write"] as const).map((name) => {
    const member = permissions.get(name);
    if (member === undefined) return { kind: "constant", value: false } as const;
    checkPartitionLiterals(member.value, type, findings);
    return parseExpression(member.value, context);
  });
  if (read === undefined || write === undefined) throw new Error("both were read");
  const asWritten = [permissions.get("read"), permissions.get("write")].every(
    (member) => member === undefined || member.value.kind === "boolean",
  );
  if (section !== undefined && asWritten && isNever(read) && isNever(write)) {
    const place = partition.get("permissions");
    findings.add(
      "RoleWithoutAccess",
      place?.at ?? section.at,
      "Neither read nor write can be true: nobody may open any partition by rule.",
    );
  }
  return {
    mode: "partition",
    state: members.choice("state", syncStates, "enabled", "WrongShape"),
    key: key ?? "",
    type,
    required: partition.flag("required", false),
    read,
    write,
    recoveryDisabled: members.flag("is_recovery_mode_disabled", false),
  };
};

const emptyObject = ({ at }: JsonObjectNode): JsonObjectNode => ({ kind: "object", at, members: [] });

const flexibleKeys = [
  "state",
  "database_name",
  "queryable_fields_names",
  "asymmetric_tables",
  "is_recovery_mode_disabled",
  "permissions",
  "last_disabled",
];

const readFlexible = (top: Members, reading: Reading): SyncConfiguration => {
  const { findings } = reading;
  const section = top.of("flexible_sync", "object");
  const members = section === undefined ? undefined : new Members(section, flexibleKeys, findings);
  members?.text("database_name");
  const queryableFields = members === undefined ? undefined : readQueryable(members, findings);
  const nested = members?.of("permissions", "object");
  const within =
    nested === undefined ? top : new Members(nested, ["rules", "defaultRoles", "fallThroughToDefault", "rolesRefresh"], findings);
  const roles = parseRoles(
    {
      rules: readRules(within, findings),
      defaultRoles: readDefaults(within, findings),
      fallThroughToDefault: within.flag("fallThroughToDefault", false),
      refresh: within.choice("rolesRefresh", rolesRefreshes, "immediate", "WrongShape"),
    },
    { ...reading, queryableFields },
  );
  return {
    mode: "flexible",
    state: members?.choice("state", syncStates, "enabled", "WrongShape") ?? "enabled",
    queryableFields,
    asymmetricClasses: members?.texts("asymmetric_tables") ?? [],
    roles,
    recoveryDisabled: members?.flag("is_recovery_mode_disabled", false) ?? false,
  };
};

/** Either may be written as an empty object or an empty list (rules-and-config §3.1). */
const isEmpty = (node: JsonNode): boolean =>
  (node.kind === "array" && node.items.length === 0) || (node.kind === "object" && node.members.length === 0);

const readRules = (members: Members, findings: Findings): JsonObjectNode | undefined => {
  const value = members.get("rules")?.value;
  if (value === undefined || isEmpty(value)) return undefined;
  if (value.kind === "object") return value;
  findings.add("WrongShape", value.at, `"rules" maps names of classes to lists of roles; it is not ${describeNode(value)}.`);
  return undefined;
};

const readDefaults = (members: Members, findings: Findings): Extract<JsonNode, { kind: "array" }> | undefined => {
  const value = members.get("defaultRoles")?.value;
  if (value === undefined || isEmpty(value)) return undefined;
  if (value.kind === "array") return value;
  findings.add("WrongShape", value.at, `"defaultRoles" is a list of roles, not ${describeNode(value)}.`, "Put the role into [ ].");
  return undefined;
};

const readQueryable = (members: Members, findings: Findings): QueryableFields => {
  const value = members.get("queryable_fields_names")?.value;
  if (value === undefined) return undefined;
  if (value.kind === "array") return { kind: "everywhere", names: new Set(textItems(value, findings)) };
  if (value.kind === "object") {
    const names = value.members.map((member) => {
      if (member.value.kind !== "array") findings.add("WrongShape", member.value.at, `Fields of "${member.name}" are a list of names.`);
      return [member.name, new Set(textItems(member.value.kind === "array" ? member.value : undefined, findings))] as const;
    });
    return { kind: "by class", names: new Map(names) };
  }
  findings.add("WrongShape", value.at, `"queryable_fields_names" is a list of names, or such lists by class, not ${describeNode(value)}.`);
  return undefined;
};
