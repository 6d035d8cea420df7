import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import type { RealmFile } from "../../accounts/realm-files/diagnostic.ts";
import type { Api } from "../api.ts";
import { connectionArgs, isGiven, outputArgs, textOf, type Command } from "../command.ts";
import { connect } from "../connection.ts";
import { CliError } from "../error.ts";
import { confirm } from "../operation.ts";
import { renderFinding } from "../output/finding.ts";
import { printable, stylesOf } from "../output/style.ts";
import type { Terminal } from "../terminal.ts";

const answerSchema = z.object({
  applied: z.boolean(),
  steps: z.array(z.object({ kind: z.string(), realm: z.string(), text: z.string() })),
});

const readRealmFiles = async (folder: string, terminal: Terminal): Promise<readonly RealmFile[]> => {
  const path = resolve(terminal.directory, folder);
  const names = await readdir(path).catch(() => undefined);
  const wanted = (names ?? []).filter((name) => /\.ya?ml$/.test(name)).toSorted();
  if (wanted.length === 0) {
    throw new CliError("Usage", `There are no realm files in ${folder}.`, "Name the folder that holds realms.yaml: reeve push DIR");
  }
  return Promise.all(
    wanted.map(async (name) => ({
      path: relative(terminal.directory, join(path, name)) || name,
      text: await readFile(join(path, name), "utf8"),
    })),
  );
};

const apply = async (api: Api, files: readonly RealmFile[], dryRun: boolean): Promise<z.infer<typeof answerSchema>> => {
  const answer = answerSchema.safeParse(
    await api.request({ method: "POST", path: "/realm-files", query: { dryRun: String(dryRun) }, body: { files } }),
  );
  if (!answer.success) throw new CliError("Unexpected", `${api.origin} did not say what it would change.`);
  return answer.data;
};

/** `reeve push`: makes a server's realms what the files say, after showing what would change. */
export const pushCommand = (terminal: Terminal): Command => ({
  name: "push",
  description: "Make a server's realms, providers and entities what iam/*.yaml says, after showing what changes",
  args: {
    dir: { type: "positional", required: false, default: "iam", description: "The folder of the realm files" },
    "dry-run": { type: "boolean", description: "Only show what would change" },
    yes: { type: "boolean", description: "Do not ask" },
    ...connectionArgs,
    ...outputArgs,
  },
  examples: [
    { line: "reeve push --dry-run", does: "shows the difference" },
    { line: "reeve push --yes", does: "applies it without asking, as scripts do" },
  ],
  run: async (args) => {
    const files = await readRealmFiles(textOf(args, "dir") ?? "iam", terminal);
    const { checkRealmFolder } = await import("../check/realms.ts");
    const findings = checkRealmFolder(files);
    for (const finding of findings) terminal.note(renderFinding(finding, terminal));
    if (findings.length > 0) throw new CliError("CheckFailed", "The realm files are wrong; nothing was sent.");
    const api = await connect(args, terminal);
    const styles = stylesOf(terminal);
    const json = isGiven(args, "json");
    const plan = await apply(api, files, true);
    if (!json) {
      for (const { text } of plan.steps) terminal.write(`  ${styles.name("•")} ${printable(text)}\n`);
      if (plan.steps.length === 0) terminal.write(`${styles.good("Nothing to change:")} ${api.origin} is what the files say.\n`);
    }
    const changes = plan.steps.length > 0 && !isGiven(args, "dry-run");
    if (changes)
      await confirm(
        `Apply ${plan.steps.length === 1 ? "this change" : `these ${plan.steps.length} changes`} to ${api.origin}?`,
        args,
        terminal,
      );
    const result = changes ? await apply(api, files, false) : plan;
    if (json) terminal.write(`${JSON.stringify({ ...result, applied: changes }, undefined, 2)}\n`);
    else if (changes) terminal.write(`${styles.good("Applied.")}\n`);
  },
});
