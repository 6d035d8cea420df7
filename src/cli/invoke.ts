import { stripVTControlCharacters } from "node:util";
import { runCommand, type ArgDef, type ArgsDef } from "citty";
import { nearest } from "../rules/nearest.ts";
import { asCitty, connectionArgs, isGroup, outputArgs, realmArgs, type Command, type CommandGroup } from "./command.ts";
import { CliError } from "./error.ts";
import { renderHelp } from "./help.ts";
import type { Terminal } from "./terminal.ts";

/** What a line asks for. */
type Request =
  | { readonly kind: "help"; readonly path: readonly string[]; readonly command: Command | CommandGroup }
  | { readonly kind: "version" }
  | { readonly kind: "run"; readonly path: readonly string[]; readonly command: Command; readonly rest: readonly string[] };

/** Options that may stand before the command as well. */
const early: ArgsDef = { ...connectionArgs, ...realmArgs, ...outputArgs };

const takesValue = (definition: ArgDef | undefined): boolean => definition?.type === "string" || definition?.type === "enum";

const flagName = (word: string): string => word.replace(/^--?/, "").replace(/=.*$/s, "");

const usage = (path: readonly string[], message: string, suggestion?: string): CliError =>
  new CliError("Usage", message, suggestion ?? `${path.join(" ")} --help tells what it takes.`);

/** Finds the command that a line names. Options in front of it go behind it. */
const resolve = (root: CommandGroup, words: readonly string[]): Request => {
  const path = [root.name];
  const before: string[] = [];
  let group: CommandGroup = root;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--help" || word === "-h") return { kind: "help", path, command: group };
    if (word === "--version" && group === root) return { kind: "version" };
    if (word.startsWith("-")) {
      before.push(word);
      const next = words[index + 1];
      if (!word.includes("=") && takesValue(early[flagName(word)]) && next !== undefined) {
        before.push(next);
        index += 1;
      }
      continue;
    }
    const found = group.commands.find(({ name }) => name === word);
    if (found === undefined) {
      const meant = nearest(
        word,
        group.commands.map(({ name }) => name),
      );
      throw usage(
        path,
        `There is no command "${[...path.slice(1), word].join(" ")}".`,
        meant === undefined ? undefined : `Did you mean ${path.join(" ")} ${meant}?`,
      );
    }
    path.push(found.name);
    if (!isGroup(found)) return leaf(path, found, [...words.slice(index + 1), ...before]);
    group = found;
  }
  const [stray] = before;
  if (stray !== undefined) throw usage(path, `${flagName(stray) in early ? "A command is missing" : `There is no option ${stray} here`}.`);
  return { kind: "help", path, command: group };
};

const leaf = (path: readonly string[], command: Command, rest: readonly string[]): Request => {
  const end = rest.indexOf("--");
  const options = end < 0 ? rest : rest.slice(0, end);
  return options.some((word) => word === "--help" || word === "-h")
    ? { kind: "help", path, command }
    : { kind: "run", path, command, rest };
};

/** Refuses what the command does not take: citty passes over it, and a misspelt option must not be lost silently. */
const assertKnown = (path: readonly string[], command: Command, words: readonly string[]): void => {
  const names = Object.keys(command.args);
  const positionals = names.filter((name) => command.args[name]?.type === "positional");
  const given: string[] = [];
  const options = new Set<string>();
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") {
      given.push(...words.slice(index + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      given.push(word);
      continue;
    }
    const name = flagName(word);
    const definition = word.startsWith("--") ? (command.args[name] ?? negated(command.args, name)) : undefined;
    if (definition === undefined || definition.type === "positional") {
      const meant = nearest(
        name,
        names.filter((each) => !positionals.includes(each)),
      );
      throw usage(
        path,
        `There is no option ${word.replace(/=.*$/s, "")} here.`,
        meant === undefined ? undefined : `Did you mean --${meant}?`,
      );
    }
    options.add(name);
    if (!takesValue(definition)) continue;
    const value = word.includes("=") ? word.slice(word.indexOf("=") + 1) : words[(index += 1)];
    if (value === undefined || (value.startsWith("--") && !word.includes("="))) throw usage(path, `--${name} needs a value.`);
  }
  const extra = given[positionals.length];
  if (extra !== undefined) throw usage(path, `"${extra}" is one argument too many.`);
  const missing = positionals.slice(given.length).find((name) => command.args[name]?.required !== false);
  if (missing !== undefined) throw usage(path, `${missing.toUpperCase()} is missing.`);
  const needed = names.find((name) => !positionals.includes(name) && command.args[name]?.required === true && !options.has(name));
  if (needed !== undefined) throw usage(path, `--${needed} is missing.`);
};

const negated = (args: ArgsDef, name: string): ArgDef | undefined => {
  const definition = name.startsWith("no-") ? args[name.slice(3)] : undefined;
  return definition?.type === "boolean" ? definition : undefined;
};

/** Finds and runs the command that the words of a line name. Fails with a CliError. */
export const invoke = async (root: CommandGroup, words: readonly string[], version: string, terminal: Terminal): Promise<void> => {
  const request = resolve(root, words);
  switch (request.kind) {
    case "help":
      terminal.write(renderHelp(request.path, request.command, terminal));
      return;
    case "version":
      terminal.write(`reeve ${version}\n`);
      return;
    case "run": {
      const { path, command, rest } = request;
      assertKnown(path, command, rest);
      try {
        await runCommand(asCitty(command), { rawArgs: [...rest] });
      } catch (error) {
        // citty's own errors are of a class that it does not export.
        if (error instanceof Error && error.name === "CLIError") throw usage(path, stripVTControlCharacters(error.message));
        throw error;
      }
    }
  }
};
