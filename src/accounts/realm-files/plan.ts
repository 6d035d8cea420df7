import type { EntityDefinition, FieldDefinition } from "../entities/model.ts";
import type { RealmName } from "../ids.ts";
import type { JsonObject } from "../schema.ts";
import type { RealmSettings, RealmSettingsInput } from "../settings.ts";
import type { WantedRealm } from "./check.ts";

/** A realm as the store has it. */
export interface CurrentRealm {
  readonly name: RealmName;
  readonly isDefault: boolean;
  readonly active: boolean;
  readonly entity: EntityDefinition;
  /** The providers that are on, by type. */
  readonly providers: ReadonlyMap<string, JsonObject>;
  /** Complete, with defaults. */
  readonly settings: RealmSettings;
}

/** One change. Together and in this order they lead from the current realms to the wanted ones. */
export type Step =
  /** The realm is made inactive, and opened by a step of its own when all else is done. */
  | { readonly kind: "create realm"; readonly realm: RealmName }
  | { readonly kind: "set entity"; readonly realm: RealmName; readonly entity: EntityDefinition; readonly changes: readonly string[] }
  | {
      readonly kind: "set provider";
      readonly realm: RealmName;
      readonly type: string;
      readonly name: string;
      readonly config: JsonObject | undefined;
      readonly isNew: boolean;
    }
  | { readonly kind: "disable provider"; readonly realm: RealmName; readonly type: string }
  | { readonly kind: "change settings"; readonly realm: RealmName; readonly settings: RealmSettingsInput }
  | { readonly kind: "activate"; readonly realm: RealmName }
  | { readonly kind: "deactivate"; readonly realm: RealmName }
  | { readonly kind: "make default"; readonly realm: RealmName };

/** JSON with the members of objects in one order, so that equal values are equal texts. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  ) ?? "";

const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

const describeField = ({
  name,
  type,
  required,
  unique,
  final,
  length,
  useForAuth,
  useForIdentity,
  hash,
  nolog,
  computed,
}: FieldDefinition): string => {
  const traits = [
    type,
    ...(required === undefined ? [] : ["required"]),
    ...(unique === undefined ? [] : ["unique"]),
    ...(final === undefined ? [] : ["final"]),
    ...(length === undefined ? [] : [`length ${length.min ?? 0}–${length.max ?? "any"}`]),
    ...(useForAuth ? ["for signing in"] : []),
    ...(useForIdentity ? ["names the user"] : []),
    ...(hash === undefined ? [] : ["hashed"]),
    ...(nolog ? ["not logged"] : []),
    ...(computed === undefined ? [] : ["computed"]),
  ];
  return `${name} (${traits.join(", ")})`;
};

const compareFields = (current: EntityDefinition, wanted: EntityDefinition): readonly string[] => {
  const before = new Map(current.fields.map((field) => [field.name, field]));
  const after = new Map(wanted.fields.map((field) => [field.name, field]));
  return [
    ...(current.name === wanted.name ? [] : [`entity ${current.name} becomes ${wanted.name}`]),
    ...wanted.fields.filter(({ name }) => !before.has(name)).map((field) => `add ${describeField(field)}`),
    ...wanted.fields.flatMap((field) => {
      const known = before.get(field.name);
      return known === undefined || isSame(known, field) ? [] : [`change ${describeField(field)}`];
    }),
    ...current.fields.filter(({ name }) => !after.has(name)).map(({ name }) => `no longer has ${name}; stored values stay`),
  ];
};

const planProviders = ({ name: realm, providers }: WantedRealm, current: ReadonlyMap<string, JsonObject>): readonly Step[] => {
  if (providers === undefined) return [];
  const set = [...providers].flatMap(([type, { name, config }]): readonly Step[] => {
    const stored = current.get(type);
    if (stored !== undefined && (config === undefined || isSame(stored, config))) return [];
    return [{ kind: "set provider", realm, type, name, config, isNew: stored === undefined }];
  });
  const gone = [...current.keys()].filter((type) => !providers.has(type));
  return [...set, ...gone.map((type): Step => ({ kind: "disable provider", realm, type }))];
};

const planSettings = ({ name: realm, settings }: WantedRealm, current: RealmSettings): readonly Step[] => {
  const stored: ReadonlyMap<string, unknown> = new Map(Object.entries(current));
  const changed = Object.fromEntries(Object.entries(settings).filter(([name, value]) => !isSame(value, stored.get(name))));
  return Object.keys(changed).length === 0 ? [] : [{ kind: "change settings", realm, settings: changed }];
};

const planRealm = (wanted: WantedRealm, current: CurrentRealm, isNew: boolean): readonly Step[] => {
  const { name: realm } = wanted;
  const changes = compareFields(current.entity, wanted.entity);
  const steps: Step[] = [];
  if (isNew) steps.push({ kind: "create realm", realm });
  if (changes.length > 0) steps.push({ kind: "set entity", realm, entity: wanted.entity, changes });
  steps.push(...planProviders(wanted, current.providers), ...planSettings(wanted, current.settings));
  if (wanted.active && (isNew || !current.active)) steps.push({ kind: "activate", realm });
  if (!wanted.active && current.active) steps.push({ kind: "deactivate", realm });
  if (wanted.isDefault && !current.isDefault) steps.push({ kind: "make default", realm });
  return steps;
};

/**
 * What has to be done so that the store has what the files want; nothing when it has it already. Pure. Realms that no file names are left
 * alone: they may have been made by other means, and users live in them.
 * @param fresh a realm as it is when it has just been made
 */
export const planRealmFiles = (
  current: readonly CurrentRealm[],
  wanted: readonly WantedRealm[],
  fresh: Omit<CurrentRealm, "name">,
): readonly Step[] => {
  const stored = new Map(current.map((realm) => [realm.name, realm]));
  return wanted
    .flatMap((realm) => {
      const known = stored.get(realm.name);
      return planRealm(realm, known ?? { ...fresh, name: realm.name }, known === undefined);
    })
    .toSorted((a, b) => Number(a.kind === "make default") - Number(b.kind === "make default"));
};

/** A step in one line, for people. Shows no settings of providers, which may hold keys. */
export const describeStep = (step: Step): string => {
  switch (step.kind) {
    case "create realm":
      return `create the realm ${step.realm}`;
    case "set entity":
      return `${step.realm}: entity ${step.entity.name}: ${step.changes.join("; ")}`;
    case "set provider":
      return `${step.realm}: ${step.isNew ? "enable" : "change the settings of"} the provider ${step.name}`;
    case "disable provider":
      return `${step.realm}: disable the provider ${step.type}`;
    case "change settings":
      return `${step.realm}: set ${Object.entries(step.settings)
        .map(([name, value]) => `${name} to ${JSON.stringify(value)}`)
        .join(", ")}`;
    case "activate":
      return `${step.realm}: let users in`;
    case "deactivate":
      return `${step.realm}: admit nobody; all connections end, data stays`;
    case "make default":
      return `make ${step.realm} the default realm`;
  }
};
