import type { ArgsDef, CommandDef } from "citty";

/** A command: what citty parses, and what its help shows besides. */
export interface Command {
  readonly name: string;
  /** One sentence, without a full stop. */
  readonly description: string;
  /** Options and arguments of its own; those of the connection and of the output come besides where they apply. */
  readonly args: ArgsDef;
  /** Lines that people may type, with what each does. */
  readonly examples: readonly Example[];
  readonly run: (args: Arguments) => Promise<void>;
}

export interface Example {
  readonly line: string;
  readonly does: string;
}

/** Commands under one name. */
export interface CommandGroup {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly (Command | CommandGroup)[];
}

export const isGroup = (command: Command | CommandGroup): command is CommandGroup => "commands" in command;

/** What was given, by the names of options and arguments. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Options of every command that speaks with a server. */
export const connectionArgs = {
  url: {
    type: "string",
    valueHint: "URL",
    description: "The server, such as https://sync.example.net (else REEVE_URL, else `reeve login`)",
  },
  token: { type: "string", valueHint: "TOKEN", description: "An admin token (else REEVE_TOKEN, else `reeve login`)" },
} as const satisfies ArgsDef;

/** Options of every command that shows something. */
export const outputArgs = {
  json: { type: "boolean", description: "Print JSON for programs" },
} as const satisfies ArgsDef;

/** The realm that a command works in. */
export const realmArgs = {
  realm: { type: "string", valueHint: "NAME", description: "The realm (else REEVE_REALM, else users)" },
} as const satisfies ArgsDef;

/** The same command as citty runs it. */
export const asCitty = ({ name, description, args, run }: Command): CommandDef => ({
  meta: { name, description },
  args,
  run: (context) => run(context.args),
});

/** The value of an option that takes text. */
export const textOf = (args: Arguments, name: string): string | undefined => {
  const value = args[name];
  return typeof value === "string" ? value : undefined;
};

/** Whether a switch was given. */
export const isGiven = (args: Arguments, name: string): boolean => args[name] === true;
