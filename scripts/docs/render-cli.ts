import type { ArgsDef } from "citty";
import { format } from "oxfmt";
import { connectionArgs, isGroup, outputArgs, realmArgs, type Command, type CommandGroup } from "../../src/cli/command.ts";
import { argumentLines, optionLines, usageLine, type HelpLine } from "../../src/cli/help.ts";
import { cliErrors } from "../../src/errors/cli.ts";

/** Options that are explained once, at the top of the page. */
const common: ArgsDef = { ...realmArgs, ...connectionArgs, ...outputArgs };

const introduction = `# The command line

Generated from the command definitions in \`src/cli\` by \`node scripts/docs/cli.ts\`. Change those, not this page.

\`reeve\` checks a deployment before it goes out, runs a server on this machine, and manages any server through its management interface.
Run it as \`npx reeve\` in this repository, or as \`reeve\` after \`npm link\`. It needs Node 22.18 or newer; on an older one it uses the Node that
\`npm install\` brought. \`reeve completion bash\` (or zsh, fish) prints a script that completes commands and options.

## Naming a server

A command that speaks with a server takes its URL and an admin token from, in this order: the options \`--url\` and \`--token\`; the environment,
\`REEVE_URL\` and \`REEVE_TOKEN\`; what \`reeve login\` remembered. The remembered token is sent to the remembered server only. It stands in
\`~/.config/reeve/config.json\` (\`REEVE_CONFIG\` or \`XDG_CONFIG_HOME\` put it elsewhere), which only its owner can read. An admin token is the
server's own (\`npm start\` prints where it is) or an access token of a user who is an admin; the admin of one realm manages that realm only.

Passwords and values of secrets are never options, since other users of the machine see those: they are asked for, or read from standard
input.

## Output

Lists are tables, cut to the screen when people look and whole in a pipe; colours are left out in a pipe and when \`NO_COLOR\` is set. With
\`--json\` every command prints JSON: a list is \`{"items": […], "next": "cursor" or null}\`. Results go to standard output, everything else to
standard error. What cannot be undone is asked about, unless \`--yes\` is given; without a terminal, nobody can be asked and the command ends.`;

const checked = `## What reeve check reads

| File | What is checked |
| --- | --- |
| \`wrangler.toml\` | the entry, the compatibility date and flags, every binding that the Worker uses, the classes of its objects and their migrations, settings (those of named environments included), the port of \`wrangler dev\`; that no secret stands among the settings |
| \`.dev.vars\` | its lines, settings, that both secrets are there, the signing keys, the admin token, that others cannot read the file |
| \`.reeve/state/secrets/\` | the signing keys and the admin token of the server on this machine |
| \`iam/*.yaml\` | realms, sign-in providers and entities, as the server checks them before it applies them |
| \`rules/*.json\` | rules, one file a realm: the permissions of partitions, or the roles of flexible sync. Comments are permitted |
| \`functions/*.js\` | their names, which rules may call; without the folder, calls are not checked |

Signing keys are proved by signing and verifying once: the algorithm, a name for each key, and that its halves belong together. In rules every
expansion, operator and field is checked for the place where it stands: partition permissions and \`applyWhen\` know no document, and \`read\`
and \`write\` of a role cannot call functions, convert values, or read fields that are not queryable.

Every finding names its place as \`file:line:column\`, says in a sentence what is wrong, and has a code that [errors.md](errors.md#check-of-a-deployment)
explains. Errors end the check with status 1; warnings are shown only:

\`\`\`text
rules/shop.json:9:31: error: There is no expansion %%user.ID. [UnknownExpansion]
    Did you mean %%user.id?
1 file checked: 1 error, 0 warnings
\`\`\``;

const escape = (text: string): string => text.replace(/[|<>*_]/g, String.raw`\$&`);

const list = (lines: readonly HelpLine[]): string => lines.map(({ term, text }) => `- \`${term}\`: ${escape(text)}`).join("\n");

const fence = (text: string): string => `\`\`\`sh\n${text}\n\`\`\``;

const renderCommand = (command: Command, path: readonly string[], level: number): readonly string[] => {
  const own = Object.fromEntries(Object.entries(command.args).filter(([name, definition]) => common[name] !== definition));
  const shared = Object.keys(command.args).filter((name) => common[name] !== undefined && common[name] === command.args[name]);
  return [
    `${"#".repeat(level)} ${path.join(" ")}`,
    `${escape(command.description)}.`,
    fence(usageLine(path, command)),
    list([...argumentLines(own), ...optionLines(own)]),
    shared.length === 0 ? "" : `Also takes ${shared.map((name) => `\`--${name}\``).join(", ")}.`,
    command.examples.length === 0 ? "" : fence(command.examples.map(({ line, does }) => `# ${does}\n${line}`).join("\n")),
  ].filter((part) => part !== "");
};

const renderAny = (command: Command | CommandGroup, path: readonly string[], level: number): readonly string[] =>
  isGroup(command)
    ? [
        `${"#".repeat(level)} ${path.join(" ")}`,
        `${escape(command.description)}.`,
        ...command.commands.flatMap((child) => renderAny(child, [...path, child.name], level + 1)),
      ]
    : renderCommand(command, path, level);

const statuses = (): string => {
  const byStatus = new Map<number, string[]>([[0, ["done"]]]);
  for (const { status, message } of Object.values(cliErrors)) byStatus.set(status, [...(byStatus.get(status) ?? []), message]);
  const rows = [...byStatus].toSorted(([a], [b]) => a - b).map(([status, messages]) => `| ${status} | ${messages.join("; ")} |`);
  return ["| Exit status | Meaning |", "| --- | --- |", ...rows].join("\n");
};

/** The reference page `docs/cli.md` as Markdown, formatted like everything else in the repository. */
export const renderCli = async (root: CommandGroup): Promise<string> => {
  const page = [
    introduction,
    "## Options of many commands",
    list(optionLines(common)),
    "## Exit statuses",
    `Scripts may rely on them. [errors.md](errors.md#command-line) explains each.`,
    statuses(),
    checked,
    "## Commands",
    ...root.commands.flatMap((command) => renderAny(command, [root.name, command.name], 3)),
  ].join("\n\n");
  const { code, errors } = await format("cli.md", `${page}\n`, { printWidth: 140 });
  if (errors.length > 0) throw new Error("the page could not be formatted");
  return code;
};
