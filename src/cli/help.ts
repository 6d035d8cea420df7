import type { ArgDef, ArgsDef } from "citty";
import { isGroup, type Command, type CommandGroup } from "./command.ts";
import { stylesOf } from "./output/style.ts";
import type { Terminal } from "./terminal.ts";

/** A line of help: what to type, and what it is for. */
export interface HelpLine {
  readonly term: string;
  readonly text: string;
}

const optionTerm = (name: string, definition: ArgDef): string => {
  if (definition.type === "boolean") return `--${name}`;
  if (definition.type === "enum") return `--${name} ${definition.options?.join("|") ?? "VALUE"}`;
  return `--${name} ${definition.valueHint ?? "VALUE"}`;
};

const withDefault = ({ description = "", default: value, required }: ArgDef): string =>
  `${description}${value === undefined ? "" : ` (default ${String(value)})`}${required === true ? " (required)" : ""}`;

const isPositional = (definition: ArgDef): boolean => definition.type === "positional";

/** The arguments of a command in order. */
export const argumentLines = (args: ArgsDef): readonly HelpLine[] =>
  Object.entries(args)
    .filter(([, definition]) => isPositional(definition))
    .map(([name, definition]) => ({ term: name.toUpperCase(), text: definition.description ?? "" }));

export const optionLines = (args: ArgsDef): readonly HelpLine[] =>
  Object.entries(args)
    .filter(([, definition]) => !isPositional(definition))
    .map(([name, definition]) => ({ term: optionTerm(name, definition), text: withDefault(definition) }));

/** `reeve users get USER [OPTIONS]` */
export const usageLine = (path: readonly string[], command: Command): string =>
  [
    ...path,
    ...Object.entries(command.args)
      .filter(([, definition]) => isPositional(definition))
      .map(([name, { required }]) => (required === false ? `[${name.toUpperCase()}]` : name.toUpperCase())),
    ...(optionLines(command.args).length > 0 ? ["[OPTIONS]"] : []),
  ].join(" ");

const block = (lines: readonly HelpLine[], heading: string, terminal: Terminal): string => {
  if (lines.length === 0) return "";
  const styles = stylesOf(terminal);
  const width = Math.min(30, Math.max(...lines.map(({ term }) => term.length)));
  const rendered = lines.map(({ term, text }) => `  ${styles.name(term)}${" ".repeat(Math.max(1, width - term.length + 2))}${text}\n`);
  return `\n${styles.heading(heading)}\n${rendered.join("")}`;
};

/** The help of one command. */
export const renderCommandHelp = (path: readonly string[], command: Command, terminal: Terminal): string =>
  [
    `${command.description}.\n`,
    `\n${stylesOf(terminal).heading("Usage")}\n  ${usageLine(path, command)}\n`,
    block(argumentLines(command.args), "Arguments", terminal),
    block(optionLines(command.args), "Options", terminal),
    block(
      command.examples.map(({ line, does }) => ({ term: line, text: does })),
      "Examples",
      terminal,
    ),
  ].join("");

/** The help of a group of commands, or of all. */
export const renderGroupHelp = (path: readonly string[], group: CommandGroup, terminal: Terminal): string =>
  [
    `${group.description}.\n`,
    `\n${stylesOf(terminal).heading("Usage")}\n  ${path.join(" ")} COMMAND\n`,
    block(
      group.commands.map(({ name, description }) => ({ term: name, text: description })),
      "Commands",
      terminal,
    ),
    `\n${path.join(" ")} COMMAND --help tells more about each.\n`,
  ].join("");

export const renderHelp = (path: readonly string[], command: Command | CommandGroup, terminal: Terminal): string =>
  isGroup(command) ? renderGroupHelp(path, command, terminal) : renderCommandHelp(path, command, terminal);
