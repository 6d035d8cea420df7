import { chmod } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { checkDeployment } from "../../../src/cli/check/deployment.ts";
import { secretNames, settings } from "../../../src/cli/check/settings.ts";
import { makeSigningKeys } from "../../../src/server/secrets.ts";
import { goodDeployment, withFiles, type Files } from "./support/deployment.ts";

/** A mistake: in `file`, the first `from` becomes `to`; found at `at` (line:column). */
interface Mistake {
  readonly title: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly at: string;
  readonly code: string;
  readonly suggestion?: string;
}

const toml = "wrangler.toml";
const vars = ".dev.vars";
const realms = "iam/realms.yaml";
const flexible = "rules/users.json";
const partition = "rules/shop.json";

const mistakes: readonly Mistake[] = [
  { title: "TOML that is none", file: toml, from: 'tag = "v1"', to: "tag = v1", at: "21:7", code: "TomlSyntax" },
  { title: "an entry that does not exist", file: toml, from: "worker/index.ts", to: "worker/main.ts", at: "2:8", code: "EntryMissing" },
  { title: "an old compatibility date", file: toml, from: "2026-07-30", to: "2025-01-01", at: "3:22", code: "CompatibilityTooOld" },
  { title: "a missing compatibility flag", file: toml, from: '["nodejs_compat"]', to: "[]", at: "4:23", code: "CompatibilityTooOld" },
  {
    title: "a misspelt binding",
    file: toml,
    from: '"BACKUPS"',
    to: '"BACKUP"',
    at: "13:11",
    code: "BindingMissing",
    suggestion: 'Write binding = "BACKUPS".',
  },
  { title: "a binding that is not there", file: toml, from: 'binding = "DB"', to: "", at: "1:1", code: "BindingMissing" },
  {
    title: "another class",
    file: toml,
    from: 'class_name = "Partition"',
    to: 'class_name = "Partitions"',
    at: "18:14",
    code: "BindingWrong",
  },
  { title: "a class without SQLite", file: toml, from: "new_sqlite_classes", to: "new_classes", at: "22:1", code: "BindingWrong" },
  {
    title: "a folder of migrations that is not there",
    file: toml,
    from: 'migrations_dir = "migrations"',
    to: 'migrations_dir = "sql"',
    at: "10:18",
    code: "BindingWrong",
  },
  {
    title: "the placeholder of the database",
    file: toml,
    from: "6a4bfb5c-2f0e-4d8e-9d3c-d1d1d1d1d1d1",
    to: "00000000-0000-0000-0000-000000000000",
    at: "9:15",
    code: "DatabaseNotCreated",
  },
  {
    title: "a level that does not exist",
    file: toml,
    from: 'LOG_LEVEL = "info"',
    to: 'LOG_LEVEL = "inf"',
    at: "25:13",
    code: "SettingInvalid",
    suggestion: 'Did you mean "info"?',
  },
  {
    title: "an origin with a path",
    file: toml,
    from: "example.net",
    to: "example.net/app",
    at: "26:17",
    code: "SettingInvalid",
    suggestion: 'Did you mean "https://sync.example.net"?',
  },
  {
    title: "a setting that does not exist",
    file: toml,
    from: "PUBLIC_ORIGIN",
    to: "PUBLIC_ORGIN",
    at: "26:1",
    code: "SettingUnknown",
    suggestion: "Did you mean PUBLIC_ORIGIN?",
  },
  { title: "a secret among the settings", file: toml, from: "PUBLIC_ORIGIN", to: "ADMIN_TOKEN", at: "26:1", code: "SecretInSettings" },
  {
    title: "a secret among an environment's settings",
    file: toml,
    from: "[dev]",
    to: "[env.production.vars]\nADMIN_TOKEN = 'x'\n[dev]",
    at: "29:1",
    code: "SecretInSettings",
  },
  { title: "a port that does not exist", file: toml, from: "9080", to: "90800", at: "29:8", code: "SettingInvalid" },
  { title: "a line that sets nothing", file: vars, from: "LOG_LEVEL=debug", to: "LOG_LEVEL debug", at: "4:1", code: "EnvironmentSyntax" },
  {
    title: "a variable that is set twice",
    file: vars,
    from: "LOG_LEVEL=debug",
    to: "LOG_LEVEL=debug\nLOG_LEVEL=info",
    at: "5:1",
    code: "DuplicateVariable",
  },
  { title: "a level in .dev.vars", file: vars, from: "=debug", to: "=loud", at: "4:11", code: "SettingInvalid" },
  { title: "a secret that is missing", file: vars, from: "ADMIN_TOKEN=", to: "# ADMIN_TOKEN=", at: "1:1", code: "SecretMissing" },
  {
    title: "a secret of the outbox that is none",
    file: vars,
    from: "LOG_LEVEL=debug",
    to: "OUTBOX_SECRET=abc",
    at: "4:15",
    code: "SettingInvalid",
  },
  { title: "hosts that are none", file: vars, from: "LOG_LEVEL=debug", to: "OUTGOING_HOSTS=a/b", at: "4:16", code: "SettingInvalid" },
  { title: "a key for another curve", file: vars, from: '"crv":"P-256"', to: '"crv":"P-384"', at: "2:142", code: "SigningKeyAlgorithm" },
  { title: "a key without its private half", file: vars, from: '"d":', to: '"e":', at: "2:24", code: "SigningKeysMalformed" },
  { title: "keys that are no list", file: vars, from: '{"keys":[', to: '{"key":[', at: "2:15", code: "SigningKeysMalformed" },
  { title: "a realm file that is no YAML", file: realms, from: "users:", to: "users: [", at: "3:14", code: "YAML_SYNTAX" },
  { title: "a provider that does not exist", file: realms, from: "- password", to: "- pasword", at: "5:9", code: "UNKNOWN_PROVIDER" },
  { title: "a key that realms do not have", file: realms, from: "providers:", to: "provider:", at: "4:5", code: "UNKNOWN_KEY" },
  {
    title: "an entity that does not exist",
    file: realms,
    from: "default: true",
    to: "default: true\n    entity: clients",
    at: "4:13",
    code: "UNKNOWN_ENTITY",
  },
  {
    title: "JSON that is none",
    file: flexible,
    from: '"queryable_fields_names": [',
    to: '"queryable_fields_names": {',
    at: "3:79",
    code: "JsonSyntax",
  },
  { title: "a key that stands twice", file: flexible, from: '"defaultRoles": []', to: '"rules": {}', at: "15:3", code: "DuplicateKey" },
  {
    title: "a key that does not exist",
    file: flexible,
    from: '"applyWhen": {},',
    to: '"applyWhen": {}, "insert": true,',
    at: "12:44",
    code: "UnknownKey",
  },
  { title: "a role without a name", file: flexible, from: '"name": "reader", ', to: "", at: "12:7", code: "MissingKey" },
  { title: "two roles of one name", file: flexible, from: '"reader"', to: '"owner"', at: "12:17", code: "RoleNameTaken" },
  {
    title: "a role that is never reached",
    file: flexible,
    from: '{ "%%user.custom_data.plan": { "$in": ["pro", "team"] } }',
    to: "{}",
    at: "12:7",
    code: "RoleUnreachable",
  },
  {
    title: "a role that gives nothing",
    file: flexible,
    from: '"read": true, "write": false',
    to: '"write": false',
    at: "12:7",
    code: "RoleWithoutAccess",
  },
  {
    title: "an expansion that does not exist",
    file: flexible,
    from: '"owner_id": "%%user.id"',
    to: '"owner_id": "%%user.ID"',
    at: "9:31",
    code: "UnknownExpansion",
    suggestion: "Did you mean %%user.id?",
  },
  {
    title: "an operator that does not exist",
    file: flexible,
    from: '"$in"',
    to: '"$inn"',
    at: "8:53",
    code: "UnknownOperator",
    suggestion: "Did you mean $in?",
  },
  {
    title: "a field in applyWhen",
    file: flexible,
    from: '"applyWhen": {}',
    to: '"applyWhen": { "status": "open" }',
    at: "12:42",
    code: "DocumentFieldForbidden",
  },
  {
    title: "a function in read",
    file: flexible,
    from: '"owner_id": "%%user.id" },',
    to: '"owner_id": { "%function": { "name": "canRead" } } },',
    at: "9:33",
    code: "ForbiddenConstruct",
  },
  { title: "a field that is not queryable", file: flexible, from: '"status"]', to: '"state"]', at: "10:59", code: "FieldNotQueryable" },
  { title: "an operand that is no list", file: flexible, from: '["pro", "team"]', to: '"pro"', at: "8:60", code: "OperandWrong" },
  {
    title: "a document in a partition's permissions",
    file: partition,
    from: '"%%user.custom_data.writes"',
    to: '"%%root.writes"',
    at: "11:20",
    code: "ForbiddenConstruct",
  },
  {
    title: "a type that no partition has",
    file: partition,
    from: '"type": "string"',
    to: '"type": "objectID"',
    at: "7:15",
    code: "UnknownPartitionType",
    suggestion: 'Did you mean "objectId"?',
  },
  {
    title: "a literal of another type",
    file: partition,
    from: '{ "%%user.custom_data.writes": "%%partition" }',
    to: '{ "%%partition": 42 }',
    at: "11:35",
    code: "LiteralTypeMismatch",
  },
  {
    title: "a function that does not exist",
    file: partition,
    from: '"name": "canRead"',
    to: '"name": "canRaed"',
    at: "10:54",
    code: "UnknownFunction",
    suggestion: 'Did you mean "canRead"?',
  },
  {
    title: "both kinds of sync",
    file: partition,
    from: '{\n  "sync"',
    to: '{\n  "defaultRoles": [], "sync"',
    at: "2:3",
    code: "MixedSyncModes",
  },
];

/** Findings as `file:line:column code`. */
const check = async (files: Files): Promise<readonly string[]> => {
  let found: readonly string[] = [];
  await withFiles(files, async (folder) => {
    const { findings } = await checkDeployment(".", folder);
    found = findings.map(
      ({ file, at, code, suggestion }) => `${file}:${at.line}:${at.column} ${code}${suggestion === undefined ? "" : ` (${suggestion})`}`,
    );
  });
  return found;
};

describe("reeve check", () => {
  let good: Files = {};
  beforeAll(async () => {
    good = await goodDeployment();
  });

  it("finds nothing in a good deployment, and says what it read", async () => {
    await withFiles(good, async (folder) => {
      const result = await checkDeployment(".", folder);
      expect(result.findings).toEqual([]);
      expect(result.files).toEqual([toml, vars, "iam/realms.yaml", partition, flexible]);
    });
  });

  it.each(mistakes)("finds $title at $file:$at ($code)", async ({ file, from, to, at, code, suggestion }) => {
    const text = good[file] ?? "";
    expect(text).toContain(from);
    const found = await check({ ...good, [file]: text.replace(from, () => to) });
    expect(found.map((line) => line.replace(/ \(.*$/, ""))).toContain(`${file}:${at} ${code}`);
    if (suggestion !== undefined) expect(found).toContain(`${file}:${at} ${code} (${suggestion})`);
  });

  it("finds all mistakes of all files at once", async () => {
    const broken = { ...good };
    for (const { file, from, to } of mistakes.filter(({ code }) =>
      ["EntryMissing", "UnknownExpansion", "UnknownPartitionType"].includes(code),
    )) {
      broken[file] = (broken[file] ?? "").replace(from, () => to);
    }
    expect((await check(broken)).map((line) => line.split(" ")[0])).toEqual([`${toml}:2:8`, `${partition}:7:15`, `${flexible}:9:31`]);
  });

  it("finds a public half that belongs to another pair, and never shows a key", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const foreign = await exportJWK(privateKey);
    const keys = {
      keys: [
        { ...foreign, kid: "a" },
        { ...foreign, kid: "a" },
      ],
    };
    const [mine] = JSON.parse(await makeSigningKeys()).keys;
    const mixed = {
      keys: [
        { ...foreign, x: mine.x, y: mine.y, kid: "mixed" },
        { ...foreign, y: foreign.x, kid: "off" },
      ],
    };
    const found = async (secret: unknown): Promise<readonly string[]> =>
      check({ ...good, [vars]: (good[vars] ?? "").replace(/SIGNING_KEYS='.*'/, () => `SIGNING_KEYS='${JSON.stringify(secret)}'`) });
    expect((await found(keys)).map((line) => line.split(" ")[1])).toEqual(["SigningKeyNameTaken"]);
    const mismatches = await found(mixed);
    expect(mismatches.map((line) => line.split(" ")[1])).toEqual(["SigningKeyMismatch", "SigningKeyMismatch"]);
    expect(mismatches.join()).not.toContain(foreign.d);
  });

  it("finds guessable admin tokens and files that others may read", async () => {
    for (const token of ["secret", "a".repeat(40)]) {
      const found = await check({ ...good, [vars]: (good[vars] ?? "").replace(/ADMIN_TOKEN='.*'/, `ADMIN_TOKEN='${token}'`) });
      expect(found.map((line) => line.replace(/ \(.*/, ""))).toEqual([`${vars}:3:14 AdminTokenWeak`]);
    }
    await withFiles(good, async (folder) => {
      await chmod(join(folder, vars), 0o644);
      const { findings } = await checkDeployment(".", folder);
      expect(findings.map(({ file, code, severity }) => [file, code, severity])).toEqual([[vars, "FileTooOpen", "warning"]]);
    });
  });

  it("checks the secrets of the embedded server, too", async () => {
    const found = await check({
      ...good,
      ".reeve/state/secrets/signing-keys.json": '{"keys":\n[]}',
      ".reeve/state/secrets/admin-token": "short",
    });
    expect(found.map((line) => line.replace(/ \(.*/, ""))).toEqual([
      ".reeve/state/secrets/signing-keys.json:1:1 FileTooOpen",
      ".reeve/state/secrets/signing-keys.json:2:1 SigningKeysMalformed",
      ".reeve/state/secrets/admin-token:1:1 FileTooOpen",
      ".reeve/state/secrets/admin-token:1:1 AdminTokenWeak",
    ]);
  });

  it("misses wrangler.toml, and refuses what is no text", async () => {
    expect(await check({})).toEqual([
      "wrangler.toml:1:1 FileUnreadable (Run the check in the folder of the deployment, or name it: reeve check DIR)",
    ]);
    const found = await check({ ...good, [toml]: `${"#".repeat(1024 * 1024)}\n` });
    expect(found).toEqual([`${toml}:1:1 FileUnreadable`]);
  });

  it("knows every setting and secret of the Worker", () => {
    const environment = readFileSync(new URL("../../../src/worker/environment.ts", import.meta.url), "utf8");
    const names = [...environment.matchAll(/^ {2}readonly ([A-Z_]+)\??: string;$/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(3);
    expect([...Object.keys(settings), ...secretNames].toSorted()).toEqual(names.toSorted());
  });

  it("finds nothing wrong with this repository itself", async () => {
    const { findings } = await checkDeployment(".", new URL("../../..", import.meta.url).pathname);
    expect(findings.filter(({ severity, file }) => severity === "error" && !file.startsWith("."))).toEqual([]);
  });
});
