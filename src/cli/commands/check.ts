import { isGiven, outputArgs, textOf, type Command } from "../command.ts";
import { CliError } from "../error.ts";
import { renderFinding } from "../output/finding.ts";
import { stylesOf } from "../output/style.ts";
import type { Terminal } from "../terminal.ts";

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** `reeve check`: everything that can be wrong with a deployment's files, before it is deployed. */
export const checkCommand = (terminal: Terminal): Command => ({
  name: "check",
  description: "Check a deployment's files: wrangler.toml, .dev.vars, signing keys, iam/*.yaml, rules/*.json",
  args: {
    dir: { type: "positional", required: false, default: ".", description: "The folder of the deployment" },
    strict: { type: "boolean", description: "Fail on warnings, too" },
    ...outputArgs,
  },
  examples: [
    { line: "reeve check", does: "checks the folder you are in" },
    { line: "reeve check --strict", does: "what a pipeline runs before it deploys" },
    { line: "reeve check --json", does: "prints findings for programs" },
  ],
  run: async (args) => {
    // Parsers and cryptography are loaded for this command only, so that the others start at once.
    const { checkDeployment } = await import("../check/deployment.ts");
    const { files, findings } = await checkDeployment(textOf(args, "dir") ?? ".", terminal.directory);
    const errors = findings.filter(({ severity }) => severity === "error").length;
    const warnings = findings.length - errors;
    if (isGiven(args, "json")) {
      const shown = findings.map(({ at, ...finding }) => ({ ...finding, line: at.line, column: at.column }));
      terminal.write(`${JSON.stringify({ ok: errors === 0, errors, warnings, files, findings: shown }, undefined, 2)}\n`);
    } else {
      for (const finding of findings) terminal.write(renderFinding(finding, terminal));
      const styles = stylesOf(terminal);
      const summary = `${count(files.length, "file")} checked: ${count(errors, "error")}, ${count(warnings, "warning")}`;
      terminal.write(`${errors > 0 ? styles.bad(summary) : warnings > 0 ? styles.warning(summary) : styles.good(summary)}\n`);
    }
    if (errors > 0 || (isGiven(args, "strict") && warnings > 0)) throw new CliError("CheckFailed", "");
  },
});
