import { isGroup, type Command, type CommandGroup } from "../command.ts";
import { CliError } from "../error.ts";
import type { Terminal } from "../terminal.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** What may follow at one place: `reeve users` → its commands, `reeve users list` → its options. */
interface Place {
  /** The commands before it, without `reeve`, joined by spaces. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

const places = (command: Command | CommandGroup, path: readonly string[]): readonly Place[] => {
  const here = path.join(" ");
  if (isGroup(command)) {
    const words = command.commands.map(({ name, description }) => ({ word: name, description }));
    return [{ path: here, words }, ...command.commands.flatMap((child) => places(child, [...path, child.name]))];
  }
  const options = Object.entries(command.args)
    .filter(([, { type }]) => type !== "positional")
    .map(([name, { description = "" }]) => ({ word: `--${name}`, description }));
  return [{ path: here, words: [...options, { word: "--help", description: "Show what it takes" }] }];
};

/** The commands on the line so far, options left out: the longest path that is known decides what may follow. */
const bash = (all: readonly Place[]): string => `# bash: reeve completion bash > ~/.local/share/bash-completion/completions/reeve
_reeve() {
  local path="" word candidate
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && continue
    candidate="\${path:+$path }$word"
    [[ -n $(_reeve_words "$candidate") ]] && path=$candidate
  done
  COMPREPLY=($(compgen -W "$(_reeve_words "$path")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
_reeve_words() {
  case "$1" in
${all.map(({ path, words }) => `    "${path}") echo "${words.map(({ word }) => word).join(" ")}" ;;`).join("\n")}
  esac
}
complete -o default -F _reeve reeve
`;

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const zsh = (all: readonly Place[]): string => `#compdef reeve
# zsh: reeve completion zsh > "\${fpath[1]}/_reeve"
_reeve() {
  local at="" word candidate
  local -A known
  local -a follow
  known=(${all.map(({ path }) => `${quoted(path)} 1`).join(" ")})
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] && continue
    candidate="\${at:+$at }$word"
    (( \${+known[$candidate]} )) && at=$candidate
  done
  case "$at" in
${all.map(({ path, words }) => `    ${quoted(path)}) follow=(${words.map(({ word, description }) => quoted(`${word}:${description.replaceAll(":", String.raw`\:`)}`)).join(" ")}) ;;`).join("\n")}
  esac
  _describe 'reeve' follow
}
compdef _reeve reeve
`;

const fish = (all: readonly Place[]): string =>
  [
    "# fish: reeve completion fish > ~/.config/fish/completions/reeve.fish",
    "function __reeve_words",
    "  string join ' ' -- (string match -v -- '-*' (commandline -opc)[2..])",
    "end",
    "function __reeve_at",
    '  test "$(__reeve_words)" = "$argv[1]"',
    "end",
    "function __reeve_in",
    '  string match -q -- "$argv[1] *" "$(__reeve_words) "',
    "end",
    "complete -c reeve -f",
    ...all.flatMap(({ path, words }) =>
      words.map(({ word, description }) => {
        const [test, what] = word.startsWith("--") ? ["__reeve_in", `-l ${word.slice(2)}`] : ["__reeve_at", `-a ${word}`];
        return `complete -c reeve -n ${quoted(`${test} "${path}"`)} ${what} -d ${quoted(description)}`;
      }),
    ),
    "",
  ].join("\n");

const writers: Readonly<Record<Shell, (all: readonly Place[]) => string>> = { bash, zsh, fish };

/** `reeve completion`: a script of the shell that completes commands and options. */
export const completionCommand = (terminal: Terminal, root: () => CommandGroup): Command => ({
  name: "completion",
  description: "Print a script that completes commands and options in your shell",
  args: { shell: { type: "positional", description: shells.join(", ") } },
  examples: [
    { line: "reeve completion bash > ~/.local/share/bash-completion/completions/reeve", does: "for bash, from the next shell on" },
  ],
  run: async (args) => {
    const shell = shells.find((each) => each === args["shell"]);
    if (shell === undefined)
      throw new CliError("Usage", `There is no completion for "${String(args["shell"])}".`, `There is one for ${shells.join(", ")}.`);
    terminal.write(writers[shell](places(root(), [])));
  },
});
