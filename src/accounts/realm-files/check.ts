import { compileEntity, type EntityDefinition } from "../entities/model.ts";
import { defaultEntityName } from "../entities/default-entity.ts";
import type { RealmName } from "../ids.ts";
import { checkProviderConfig, providerTypeOf } from "../providers/registry.ts";
import type { JsonObject } from "../schema.ts";
import type { RealmSettingsInput } from "../settings.ts";
import { Findings, type Diagnostic, type Place, type RealmFile } from "./diagnostic.ts";
import { NameRegister } from "./names.ts";
import { readEntities, type WrittenEntity } from "./read-entities.ts";
import { readProviders, readRealms, type Reference, type WrittenProvider, type WrittenRealm } from "./read-realms.ts";
import { Entities } from "./resolve-entities.ts";
import { readYaml, Reader, shown, yamlLimits, type MapEntry } from "./yaml-source.ts";

/** A realm as the files want it. */
export interface WantedRealm {
  readonly name: RealmName;
  /** Where the file names it. */
  readonly at: Place;
  readonly isDefault: boolean;
  readonly active: boolean;
  readonly entity: EntityDefinition;
  /** By type. Undefined: what the realm has stays. */
  readonly providers: ReadonlyMap<string, { readonly name: string; readonly config: JsonObject | undefined }> | undefined;
  /** Only what the files say; `signInFields` follows from the entity. */
  readonly settings: RealmSettingsInput;
}

export type RealmFilesResult =
  | { readonly ok: true; readonly realms: readonly WantedRealm[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const topLevel = ["realms", "providers", "entities"] as const;
type Section = { readonly [Key in (typeof topLevel)[number]]: MapEntry[] };

/** Reads every file and sorts its parts; a file may hold any of the three. */
const collect = (files: readonly RealmFile[], reader: Reader): Section => {
  const sections: Section = { realms: [], providers: [], entities: [] };
  let total = 0;
  for (const file of files) {
    total += file.text.length;
    if (total > yamlLimits.together) {
      reader.findings.add({ file: file.path, line: 1, column: 1 }, "YAML_LIMIT", "the files have more than 1 MiB together");
      return sections;
    }
    const value = readYaml(file, reader.findings);
    if (value === undefined) continue;
    for (const [key, entry] of reader.map(value, "a realm file", topLevel)) sections[key].push(entry);
  }
  return sections;
};

const resolveProviders = (
  { name, providers }: WrittenRealm,
  defined: ReadonlyMap<string, WrittenProvider>,
  findings: Findings,
): WantedRealm["providers"] => {
  if (providers === undefined) return undefined;
  const byType = new Map<string, { readonly name: string; readonly config: JsonObject | undefined }>();
  for (const reference of providers) {
    const provider = defined.get(reference.name);
    const type = demandType(provider?.type ?? reference, findings, provider === undefined ? reference : undefined);
    if (type === undefined) continue;
    const other = byType.get(type);
    if (other === undefined) byType.set(type, { name: reference.name, config: provider?.config });
    else
      findings.add(
        reference.at,
        "DUPLICATE_NAME",
        `${other.name} and ${reference.name} are both ${type}, of which the realm ${name} can have one`,
      );
  }
  return byType;
};

/** The stored type that a provider's name stands for. The type of a defined provider was judged where it is defined. */
const demandType = (type: Reference, findings: Findings, report: Reference | undefined): string | undefined => {
  const found = providerTypeOf(type.name);
  if (found === undefined && report !== undefined) {
    findings.add(
      report.at,
      "UNKNOWN_PROVIDER",
      `there is no provider ${shown(report.name)}; define it under providers with the type that it has`,
    );
  }
  return found;
};

/** A provider must be one of Reeve's, and its settings, where it has any, those that it takes. */
const checkProvider = ({ name, at, type: reference, config }: WrittenProvider, findings: Findings): void => {
  const type = demandType(reference, findings, reference);
  if (type === undefined || Object.keys(config).length === 0) return;
  const wrong = checkProviderConfig(type, config);
  if (wrong !== undefined) findings.add(at, "BAD_SETTING", `the provider ${name}: ${[...wrong.path, wrong.problem].join(": ")}`);
};

const resolveRealm = (
  realm: WrittenRealm,
  entities: Entities,
  providers: ReadonlyMap<string, WrittenProvider>,
  findings: Findings,
): WantedRealm | undefined => {
  const { name, at, isDefault, active } = realm;
  const definition = entities.find(realm.entity?.name ?? defaultEntityName, realm.entity?.at ?? at);
  const resolved = resolveProviders(realm, providers, findings);
  // Where anything is wrong, nobody looks at the realms.
  if (definition === undefined || findings.count > 0) return undefined;
  const settings = { ...realm.settings, signInFields: [...compileEntity(definition).signInFields] };
  return { name, at, isDefault, active, entity: definition, providers: resolved, settings };
};

/** Reads and checks realm files. Pure. All findings are told at once, or else what the files want. */
export const readRealmFiles = (files: readonly RealmFile[]): RealmFilesResult => {
  const findings = new Findings();
  const reader = new Reader(findings);
  const sections = collect(files, reader);
  const registers = {
    entities: new NameRegister("entity", findings),
    realms: new NameRegister("realm", findings),
    providers: new NameRegister("provider", findings),
  };
  const writtenEntities: WrittenEntity[] = sections.entities.flatMap(({ value }) => [...readEntities(reader, value, registers.entities)]);
  const writtenProviders = sections.providers.flatMap(({ value }) => [...readProviders(reader, value, registers.providers)]);
  const writtenRealms = sections.realms.flatMap(({ value }) => [...readRealms(reader, value, registers.realms)]);
  for (const provider of writtenProviders) checkProvider(provider, findings);
  const [, second] = writtenRealms.filter((realm) => realm.isDefault);
  if (second !== undefined) findings.add(second.at, "TWO_DEFAULTS", `the realm ${second.name} is not the only default`);
  const entities = new Entities(writtenEntities, findings);
  const providers = new Map(writtenProviders.map((provider) => [provider.name, provider]));
  const realms = writtenRealms.map((realm) => resolveRealm(realm, entities, providers, findings));
  if (findings.count > 0) return { ok: false, diagnostics: findings.sorted(files) };
  return { ok: true, realms: realms.filter((realm) => realm !== undefined) };
};

/** What is wrong with realm files; empty when they can be applied. */
export const checkRealmFiles = (files: readonly RealmFile[]): readonly Diagnostic[] => {
  const result = readRealmFiles(files);
  return result.ok ? [] : result.diagnostics;
};
