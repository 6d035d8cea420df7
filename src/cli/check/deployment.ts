import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { Findings, severityOf, type Diagnostic } from "../../rules/config/diagnostic.ts";
import { maxSourceLength } from "../../rules/config/json-source.ts";
import { parseRules, type RulesSurroundings } from "../../rules/config/parse-rules.ts";
import { fileStart, type Finding } from "./finding.ts";
import { checkRealms } from "./realms.ts";
import { checkAdminToken, checkOutboxSecret, checkSetting, isSecret, requiredSecrets } from "./settings.ts";
import { checkSigningKeys } from "./signing-keys.ts";
import { readVariables } from "./variables.ts";
import { checkWrangler } from "./wrangler.ts";

/** A file of variables holds a few keys; more than this (in bytes) is none. */
const maxVariablesLength = 64 * 1024;

/** What a check looked at and found. */
export interface CheckResult {
  /** Files that were read, as people would type them. */
  readonly files: readonly string[];
  /** By file, in the order of each. */
  readonly findings: readonly Finding[];
}

interface ReadFile {
  /** As people would type it. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** One run over a folder. */
class Check {
  readonly #folder: string;
  readonly #from: string;
  readonly #files: string[] = [];
  readonly #findings: Finding[] = [];

  constructor(folder: string, from: string) {
    this.#folder = folder;
    this.#from = from;
  }

  get result(): CheckResult {
    const order = new Map(this.#files.map((file, index) => [file, index]));
    const findings = this.#findings.toSorted((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0));
    return { files: this.#files, findings };
  }

  add(file: string, diagnostics: readonly Diagnostic[]): void {
    this.#findings.push(...diagnostics.map((diagnostic) => ({ ...diagnostic, file, severity: severityOf(diagnostic.code) })));
  }

  addForeign(findings: readonly Finding[]): void {
    this.#findings.push(...findings);
  }

  /** A file's name as people would type it: from where they are, or whole when it lies elsewhere. */
  shown(name: string): string {
    const path = join(this.#folder, name);
    const fromHere = relative(this.#from, path);
    return fromHere.startsWith("..") ? path : fromHere;
  }

  /** Reads a file of the folder; undefined when there is none. What cannot be read is a finding. */
  async read(name: string, limit = maxSourceLength): Promise<ReadFile | undefined> {
    const path = join(this.#folder, name);
    const shown = this.shown(name);
    if (!existsSync(path)) return undefined;
    this.#files.push(shown);
    try {
      const { size } = await stat(path);
      if (size > limit) throw new Error(`it is larger than ${limit / 1024} KiB`);
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
      return { name: shown, path, text };
    } catch (error) {
      const reason = error instanceof TypeError ? "it is not UTF-8" : error instanceof Error ? error.message : String(error);
      this.add(shown, [{ code: "FileUnreadable", at: fileStart, message: `The file cannot be read: ${reason}.` }]);
      return undefined;
    }
  }

  /** Names of the folder's files with this ending, sorted. */
  async list(folder: string, ending: RegExp): Promise<readonly string[]> {
    if (!existsSync(join(this.#folder, folder))) return [];
    const names = await readdir(join(this.#folder, folder));
    return names
      .filter((name) => ending.test(name))
      .toSorted()
      .map((name) => join(folder, name));
  }

  exists(path: string): boolean {
    return existsSync(join(this.#folder, path));
  }
}

/**
 * Checks everything of a deployment that stands in files: `wrangler.toml`, `.dev.vars`, the signing keys of the embedded server,
 * `iam/*.yaml` and `rules/*.json`. Files that are absent are not missed, except `wrangler.toml`.
 * @param from the folder relative to which files are named
 */
export const checkDeployment = async (folder: string, from: string): Promise<CheckResult> => {
  const check = new Check(resolve(from, folder), from);
  await checkWranglerFile(check);
  await checkSecrets(check);
  await checkState(check);
  await checkRealms(check);
  await checkRules(check);
  return check.result;
};

export type CheckRun = Pick<Check, "read" | "list" | "addForeign">;

const checkWranglerFile = async (check: Check): Promise<void> => {
  const file = await check.read("wrangler.toml");
  if (file === undefined) {
    if (!check.exists("wrangler.toml")) {
      check.add(check.shown("wrangler.toml"), [
        {
          code: "FileUnreadable",
          at: fileStart,
          message: "There is no wrangler.toml here.",
          suggestion: "Run the check in the folder of the deployment, or name it: reeve check DIR",
        },
      ]);
    }
    return;
  }
  const findings = new Findings();
  checkWrangler(file.text, { exists: (path) => check.exists(path) }, findings);
  check.add(file.name, findings.all);
};

const isOpenToOthers = async (path: string): Promise<boolean> => process.platform !== "win32" && ((await stat(path)).mode & 0o077) !== 0;

const tooOpen = (name: string): Diagnostic => ({
  code: "FileTooOpen",
  at: fileStart,
  message: "Other users of this machine can read the secrets in this file.",
  suggestion: `Run: chmod 600 ${name}`,
});

const checkSecrets = async (check: Check): Promise<void> => {
  const file = await check.read(".dev.vars", maxVariablesLength);
  if (file === undefined) return;
  const findings = new Findings();
  const variables = readVariables(file.text, findings);
  for (const variable of variables.values()) if (!isSecret(variable.name)) checkSetting(variable, findings);
  for (const name of requiredSecrets) {
    if (!variables.has(name))
      findings.add("SecretMissing", fileStart, `${name} is not set here.`, "npm run dev makes both secrets when the file is absent.");
  }
  const [keys, token, outbox] = [variables.get("SIGNING_KEYS"), variables.get("ADMIN_TOKEN"), variables.get("OUTBOX_SECRET")];
  if (keys !== undefined) await checkSigningKeys(keys.value, keys.valueAt, findings);
  if (token !== undefined) checkAdminToken(token, findings);
  if (outbox !== undefined) checkOutboxSecret(outbox, findings);
  check.add(file.name, [...((await isOpenToOthers(file.path)) ? [tooOpen(file.name)] : []), ...findings.all]);
};

/** The embedded server keeps its secrets in its state folder. */
const checkState = async (check: Check): Promise<void> => {
  const [keys, token] = [await check.read(".reeve/state/secrets/signing-keys.json"), await check.read(".reeve/state/secrets/admin-token")];
  for (const file of [keys, token]) {
    if (file === undefined) continue;
    const findings = new Findings();
    if (file === keys) await checkSigningKeys(file.text, fileStart, findings);
    else checkAdminToken({ value: file.text.trim(), valueAt: fileStart }, findings);
    check.add(file.name, [...((await isOpenToOthers(file.path)) ? [tooOpen(file.name)] : []), ...findings.all]);
  }
};

const checkRules = async (check: Check): Promise<void> => {
  const functions = await check.list("functions", /\.[jt]s$/);
  const surroundings: RulesSurroundings =
    functions.length === 0 ? {} : { functions: new Set(functions.map((path) => path.replace(/^.*[/\\]/, "").replace(/\.[jt]s$/, ""))) };
  for (const path of await check.list("rules", /\.jsonc?$/)) {
    const file = await check.read(path);
    if (file !== undefined) check.add(file.name, parseRules(file.text, surroundings).diagnostics);
  }
};
