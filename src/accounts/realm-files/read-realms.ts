import { isRealmName, type RealmName } from "../ids.ts";
import { realmSettings, type RealmSettingsInput } from "../settings.ts";
import { suggestion } from "../../rules/nearest.ts";
import type { JsonObject } from "../schema.ts";
import type { Place } from "./diagnostic.ts";
import { checkName, type NameRegister } from "./names.ts";
import { shown, toData, type MapEntry, type Reader, type Value } from "./yaml-source.ts";

/** A name that refers to something defined elsewhere, with its place. */
export interface Reference {
  readonly name: string;
  readonly at: Place;
}

/** A realm as a file writes it. */
export interface WrittenRealm {
  readonly name: RealmName;
  readonly at: Place;
  readonly isDefault: boolean;
  readonly active: boolean;
  readonly entity: Reference | undefined;
  /** Undefined: the file says nothing of providers, and what the realm has stays. */
  readonly providers: readonly Reference[] | undefined;
  readonly settings: RealmSettingsInput;
}

/** A sign-in provider with settings that realms may list by name. */
export interface WrittenProvider {
  readonly name: string;
  readonly at: Place;
  readonly type: Reference;
  readonly config: JsonObject;
}

const realmKeys = ["description", "default", "active", "entity", "providers", "remote", "settings"] as const;

/** Settings that stand elsewhere in the file, or follow from the entity. */
const derivedSettings: ReadonlySet<string> = new Set(["remote", "signInFields"]);
const settingNames = Object.keys(realmSettings.shape).filter((name) => !derivedSettings.has(name));

/** Reads the mapping under `realms`. */
export const readRealms = (reader: Reader, value: Value, register: NameRegister): readonly WrittenRealm[] =>
  reader.entries(value, "realms").flatMap((entry): readonly WrittenRealm[] => {
    const { findings } = reader;
    const isNamed = checkName(entry.key, /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "a realm", entry.at, findings);
    if (!isNamed || !isRealmName(entry.key) || !register.take(entry.key, entry.at)) return [];
    return [readRealm(reader, entry.key, entry)];
  });

const readRealm = (reader: Reader, name: RealmName, { at, value }: MapEntry): WrittenRealm => {
  const entries = reader.map(value, `the realm ${name}`, realmKeys);
  const entity = entries.get("entity")?.value;
  const entityName = reader.text(entity, "entity");
  const providers = entries.get("providers")?.value;
  const isDefault = reader.flag(entries.get("default")?.value, "default") ?? false;
  const active = reader.flag(entries.get("active")?.value, "active") ?? true;
  if (isDefault && !active)
    reader.findings.add(entries.get("active")?.at ?? at, "DEFAULT_INACTIVE", `the default realm ${name} is not active`);
  return {
    name,
    at,
    isDefault,
    active,
    entity: entity === undefined || entityName === undefined ? undefined : { name: entityName, at: entity.at },
    providers: providers === undefined ? undefined : readReferences(reader, providers),
    settings: { ...readSettings(reader, entries.get("settings")?.value), remote: readRemote(reader, entries.get("remote")) },
  };
};

const readReferences = (reader: Reader, value: Value): readonly Reference[] => {
  const seen = new Set<string>();
  return reader.list(value, "providers").flatMap((item): readonly Reference[] => {
    const name = reader.text(item, "a provider");
    if (name === undefined) return [];
    if (seen.has(name)) {
      reader.findings.add(item.at, "DUPLICATE_NAME", `the provider ${shown(name)} is listed twice`);
      return [];
    }
    seen.add(name);
    return [{ name, at: item.at }];
  });
};

const readSettings = (reader: Reader, value: Value | undefined): RealmSettingsInput => {
  const known = new Map<string, MapEntry>();
  for (const entry of value === undefined ? [] : reader.entries(value, "settings")) {
    if (settingNames.includes(entry.key)) known.set(entry.key, entry);
    else reader.findings.add(entry.at, "UNKNOWN_KEY", `there is no setting ${shown(entry.key)}${suggestion(entry.key, settingNames)}`);
  }
  const given = Object.fromEntries([...known].map(([name, entry]) => [name, toData(entry.value)]));
  return demandSettings(reader, given, (name) => known.get(name)?.value.at);
};

/** Settings that the schema accepts, or none; each wrong one is reported at its place. */
const demandSettings = (reader: Reader, given: JsonObject, placeOf: (setting: string) => Place | undefined): RealmSettingsInput => {
  const parsed = realmSettings.safeParse(given);
  if (parsed.success) return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => Object.hasOwn(given, name)));
  for (const { path, message } of parsed.error.issues) {
    const at = placeOf(String(path[0]));
    if (at !== undefined) reader.findings.add(at, "BAD_SETTING", `${path.join(".")}: ${message}`);
  }
  return {};
};

const readRemote = (reader: Reader, entry: MapEntry | undefined): RealmSettingsInput["remote"] => {
  if (entry === undefined) return null;
  reader.map(entry.value, "remote", ["url", "secret"] as const);
  const { remote } = demandSettings(reader, { remote: toData(entry.value) }, () => entry.value.at);
  return remote ?? null;
};

/** Reads the mapping under `providers`. */
export const readProviders = (reader: Reader, value: Value, register: NameRegister): readonly WrittenProvider[] =>
  reader.entries(value, "providers").flatMap((entry): readonly WrittenProvider[] => {
    if (!checkName(entry.key, /^[A-Za-z0-9][A-Za-z0-9_./-]{0,63}$/, "a provider", entry.at, reader.findings)) return [];
    if (!register.take(entry.key, entry.at)) return [];
    const entries = reader.map(entry.value, `the provider ${entry.key}`, ["description", "type", "config"] as const);
    const type = entries.get("type")?.value;
    const typeName = reader.text(type, "type");
    const config = entries.get("config")?.value;
    const data: unknown =
      config === undefined ? {} : Object.fromEntries(reader.entries(config, "config").map((item) => [item.key, toData(item.value)]));
    return [
      {
        name: entry.key,
        at: entry.at,
        type: { name: typeName ?? entry.key, at: type?.at ?? entry.at },
        config: typeof data === "object" && data !== null ? { ...data } : {},
      },
    ];
  });
