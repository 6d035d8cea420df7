import { nearest } from "../../rules/nearest.ts";
import type { Findings, Position } from "../../rules/config/diagnostic.ts";
import { workerOptions } from "../../server/worker-options.ts";
import { fileStart } from "./finding.ts";
import { checkSetting, isSecret } from "./settings.ts";
import { readToml, type TomlEntry, type TomlTable } from "./toml.ts";

/** What the description of the Worker refers to. */
export interface WranglerSurroundings {
  /** Whether a path, relative to the file, exists. */
  exists(path: string): boolean;
}

const placeholderId = "00000000-0000-0000-0000-000000000000";

class Description {
  readonly #tables: readonly TomlTable[];

  constructor(tables: readonly TomlTable[]) {
    this.#tables = tables;
  }

  table(path: string): TomlTable | undefined {
    return this.#tables.find((table) => table.path === path);
  }

  matching(path: RegExp): readonly TomlTable[] {
    return this.#tables.filter((table) => path.test(table.path));
  }

  /** The tables of an array of tables. */
  list(path: string): readonly TomlTable[] {
    return this.#tables.filter((table) => table.path.startsWith(`${path}.`) && /^\d+$/.test(table.path.slice(path.length + 1)));
  }
}

const text = (table: TomlTable, name: string): (TomlEntry & { readonly value: string }) | undefined => {
  const entry = table.entries.get(name);
  return entry !== undefined && typeof entry.value === "string" ? { ...entry, value: entry.value } : undefined;
};

/** Checks `wrangler.toml` against what the Worker needs: `workerOptions`, which the tests hold together with this repository's file. */
export const checkWrangler = (source: string, surroundings: WranglerSurroundings, findings: Findings): void => {
  const tables = readToml(source, findings);
  if (tables === undefined) return;
  const description = new Description(tables);
  checkEntry(description, surroundings, findings);
  checkRuntime(description, findings);
  for (const kind of bindingKinds) checkBindings(description, kind, findings);
  checkDatabases(description, surroundings, findings);
  checkClasses(description, findings);
  checkVariables(description, findings);
  checkPort(description, findings);
};

const checkEntry = (description: Description, { exists }: WranglerSurroundings, findings: Findings): void => {
  const root = description.table("");
  const main = root === undefined ? undefined : text(root, "main");
  if (main === undefined)
    findings.add(
      "EntryMissing",
      root?.entries.get("main")?.valueAt ?? fileStart,
      "`main` does not name the Worker's entry.",
      'Write main = "src/worker/index.ts".',
    );
  else if (!exists(main.value)) findings.add("EntryMissing", main.valueAt, `There is no file ${main.value}.`);
};

const checkRuntime = (description: Description, findings: Findings): void => {
  const root = description.table("");
  const { compatibilityDate, compatibilityFlags } = workerOptions;
  const date = root?.entries.get("compatibility_date");
  const written = date === undefined ? undefined : date.value instanceof Date ? date.value.toISOString().slice(0, 10) : date.value;
  const remedy = `Write compatibility_date = "${compatibilityDate}".`;
  if (typeof written !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(written)) {
    findings.add("CompatibilityTooOld", date?.valueAt ?? fileStart, "`compatibility_date` is missing or is no date.", remedy);
  } else if (written < compatibilityDate) {
    findings.add(
      "CompatibilityTooOld",
      date?.valueAt ?? fileStart,
      `The Worker is written for ${compatibilityDate}; ${written} is older.`,
      remedy,
    );
  }
  const flags = root?.entries.get("compatibility_flags");
  const present: readonly unknown[] = Array.isArray(flags?.value) ? flags.value : [];
  for (const flag of compatibilityFlags.filter((each) => !present.includes(each))) {
    findings.add(
      "CompatibilityTooOld",
      flags?.valueAt ?? fileStart,
      `The compatibility flag ${flag} is missing.`,
      `Add "${flag}" to compatibility_flags.`,
    );
  }
};

type BindingKind = Exclude<keyof typeof workerOptions, "name" | "compatibilityDate" | "compatibilityFlags">;

/** Where each kind of binding stands in the file, and which key names it. A kind that the Worker begins to use has to be entered here. */
const bindings: Readonly<Record<BindingKind, { readonly path: string; readonly nameKey: string }>> = {
  d1Databases: { path: "d1_databases", nameKey: "binding" },
  r2Buckets: { path: "r2_buckets", nameKey: "binding" },
  durableObjects: { path: "durable_objects.bindings", nameKey: "name" },
};
const isBindingKind = (name: string): name is BindingKind => Object.hasOwn(bindings, name);
const bindingKinds = Object.keys(bindings).filter(isBindingKind);

/** Every binding of a kind that the Worker uses; a misspelt one shows where it stands. */
const checkBindings = (description: Description, kind: BindingKind, findings: Findings): void => {
  const { path, nameKey } = bindings[kind];
  const wanted = Object.keys(workerOptions[kind]);
  const written = description.list(path).flatMap((table) => text(table, nameKey) ?? []);
  for (const name of wanted) {
    if (written.some(({ value }) => value === name)) continue;
    const misspelt = written.find(({ value }) => !wanted.includes(value) && nearest(value, wanted) === name);
    const place: Position = misspelt?.valueAt ?? written.at(-1)?.valueAt ?? fileStart;
    const found = misspelt === undefined ? "" : ` "${misspelt.value}" stands in its place.`;
    findings.add("BindingMissing", place, `[[${path}]] lacks the binding ${name}.${found}`, `Write ${nameKey} = "${name}".`);
  }
};

const checkDatabases = (description: Description, { exists }: WranglerSurroundings, findings: Findings): void => {
  for (const table of description.list("d1_databases")) {
    const id = text(table, "database_id");
    if (id?.value === placeholderId) {
      findings.add(
        "DatabaseNotCreated",
        id.valueAt,
        "The database's id is the placeholder; a deployment needs a real one.",
        "Run: npx wrangler d1 create reeve",
      );
    }
    const folder = text(table, "migrations_dir");
    if (folder !== undefined && !exists(folder.value))
      findings.add("BindingWrong", folder.valueAt, `There is no folder ${folder.value}.`, 'Write migrations_dir = "migrations".');
  }
};

const checkClasses = (description: Description, findings: Findings): void => {
  const objects: Readonly<Record<string, { readonly className: string }>> = workerOptions.durableObjects;
  const classes = Object.values(objects).map(({ className }) => className);
  const migrated = (key: string): readonly TomlEntry[] => description.list("migrations").flatMap((table) => table.entries.get(key) ?? []);
  const names = (entry: TomlEntry): readonly unknown[] => (Array.isArray(entry.value) ? entry.value : []);
  for (const table of description.list("durable_objects.bindings")) {
    const [name, className] = [text(table, "name"), text(table, "class_name")];
    if (name === undefined || !Object.hasOwn(objects, name.value)) continue;
    const wanted = objects[name.value]?.className ?? "";
    if (className?.value !== wanted) {
      const found = className === undefined ? "none" : `"${className.value}"`;
      findings.add(
        "BindingWrong",
        className?.valueAt ?? name.valueAt,
        `${name.value} is of the class ${wanted}, not ${found}.`,
        `Write class_name = "${wanted}".`,
      );
    }
  }
  for (const className of classes) {
    if (migrated("new_sqlite_classes").some((entry) => names(entry).includes(className))) continue;
    const wrong = migrated("new_classes").find((entry) => names(entry).includes(className));
    const place = wrong?.at ?? description.list("migrations").at(-1)?.at ?? fileStart;
    findings.add(
      "BindingWrong",
      place,
      `No migration makes ${className} with SQLite storage.`,
      `Write new_sqlite_classes = ["${className}"].`,
    );
  }
};

/** The settings, those of named environments (`[env.production.vars]`) included. */
const checkVariables = (description: Description, findings: Findings): void => {
  const entries = description.matching(/^(env\.[^.]+\.)?vars$/).flatMap((table) => [...table.entries.values()]);
  for (const entry of entries) {
    if (isSecret(entry.name)) {
      findings.add(
        "SecretInSettings",
        entry.at,
        `${entry.name} is a secret and stands among the settings.`,
        `Run: npx wrangler secret put ${entry.name}`,
      );
    } else checkSetting(entry, findings);
  }
};

const checkPort = (description: Description, findings: Findings): void => {
  const port = description.table("dev")?.entries.get("port");
  if (port === undefined) return;
  if (typeof port.value === "number" && Number.isInteger(port.value) && port.value >= 1 && port.value <= 65_535) return;
  findings.add("SettingInvalid", port.valueAt, `A port is a number from 1 to 65535, not ${JSON.stringify(port.value)}.`);
};
