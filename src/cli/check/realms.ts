import { checkRealmFiles } from "../../accounts/realm-files/check.ts";
import type { Diagnostic, RealmFile } from "../../accounts/realm-files/diagnostic.ts";
import type { CheckRun } from "./deployment.ts";
import type { Finding } from "./finding.ts";

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;

const realmFinding = ({ file, line, column, code, message }: Diagnostic): Finding => ({
  file,
  at: { line, column },
  code,
  severity: "error",
  message: sentence(message),
});

/** Whether a finding only follows from an earlier one: where a file stops being YAML, the rest of it cannot be judged. */
const isConsequence = ({ file, code }: Diagnostic, index: number, all: readonly Diagnostic[]): boolean =>
  code === "YAML_SYNTAX" && all.findIndex((other) => other.file === file && other.code === code) < index;

/** What is wrong with realm files, in the form of all findings. */
export const checkRealmFolder = (files: readonly RealmFile[]): readonly Finding[] =>
  checkRealmFiles(files)
    .filter((found, index, all) => !isConsequence(found, index, all))
    .map(realmFinding);

/** Checks `iam/*.yaml` as the server would before applying them. */
export const checkRealms = async (check: CheckRun): Promise<void> => {
  const files: RealmFile[] = [];
  for (const path of await check.list("iam", /\.ya?ml$/)) {
    const file = await check.read(path);
    if (file !== undefined) files.push({ path: file.name, text: file.text });
  }
  if (files.length > 0) check.addForeign(checkRealmFolder(files));
};
