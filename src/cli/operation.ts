import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ArgDef, ArgsDef } from "citty";
import { z } from "zod";
import type { Api, ApiRequest, Method } from "./api.ts";
import { connectionArgs, isGiven, outputArgs, realmArgs, textOf, type Arguments, type Command, type Example } from "./command.ts";
import { connect } from "./connection.ts";
import { CliError } from "./error.ts";
import { renderRecord, renderTable, type Column } from "./output/table.ts";
import type { Terminal } from "./terminal.ts";

/** How the text of an option becomes a member of the request. */
type Reading =
  | { readonly as: "text" }
  /** `--name` is true and `--no-name` false. */
  | { readonly as: "switch" }
  | { readonly as: "choice"; readonly of: readonly string[] }
  /** Words that stand for values: `unset` for null. */
  | { readonly as: "value"; readonly of: Readonly<Record<string, boolean | null>> }
  /** Texts separated by commas. */
  | { readonly as: "list" }
  /** JSON, or `@file` with it. */
  | { readonly as: "json" }
  /** Never on the line, where other users see it: asked for, or read from standard input. An optional one only with the switch of its name. */
  | { readonly as: "secret"; readonly question: string };

/** A member of the request that a user may give. */
export interface Member {
  /** In the body or the query. */
  readonly in: "body" | "query";
  /** The member's name there; the whole body when it is empty. */
  readonly member: string;
  readonly reading: Reading;
  readonly description: string;
  readonly valueHint?: string;
  readonly required?: boolean;
  /** It is an argument and no option; behind those of the path. */
  readonly positional?: true;
}

/** What is shown of the answer. */
type Output =
  /** A list; `paged`: the interface gives it in pages. */
  | { readonly kind: "table"; readonly columns: readonly Column[]; readonly paged: boolean }
  | { readonly kind: "record" }
  | { readonly kind: "done"; readonly message: string };

/** One operation of the management interface as a command. */
export interface Operation {
  readonly name: string;
  readonly description: string;
  readonly method: Method;
  /** As the OpenAPI document writes it. `{realm}` comes from `--realm` unless it is an argument. */
  readonly path: string;
  /** Arguments in order: parameters of the path with their descriptions. */
  readonly positionals?: Readonly<Record<string, string>>;
  readonly members?: Readonly<Record<string, Member>>;
  /** Members of the body that are always the same. */
  readonly constant?: Readonly<Record<string, unknown>>;
  readonly output: Output;
  /** Asked before it is done, unless `--yes`; `{user}` stands for an argument. */
  readonly confirm?: string;
  readonly examples?: readonly Example[];
}

const defaultLimit = 50;
const largestPage = 200;

const pageSchema = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });

const parametersOf = (path: string): readonly string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");

const usesRealm = ({ path, positionals = {} }: Operation): boolean => parametersOf(path).includes("realm") && !("realm" in positionals);

const memberArg = ({ reading, description, valueHint, required, positional }: Member): ArgDef | undefined => {
  if (positional === true) return { type: "positional", description };
  const common = { description, ...(required === true ? { required } : {}) };
  switch (reading.as) {
    case "switch":
      return { ...common, type: "boolean" };
    case "choice":
      return { ...common, type: "enum", options: [...reading.of] };
    case "value":
      return { ...common, type: "enum", options: Object.keys(reading.of) };
    case "text":
      return { ...common, type: "string", valueHint: valueHint ?? "TEXT" };
    case "list":
      return { ...common, type: "string", valueHint: valueHint ?? "A,B" };
    case "json":
      return { ...common, type: "string", valueHint: "JSON|@FILE" };
    case "secret":
      return required === true ? undefined : { ...common, type: "boolean" };
  }
};

const pagingArgs = {
  limit: { type: "string", valueHint: "N", description: "The most to list", default: String(defaultLimit) },
  all: { type: "boolean", description: "List everything" },
  cursor: { type: "string", valueHint: "CURSOR", description: "Go on where an earlier list ended" },
} as const satisfies ArgsDef;

const argsOf = (operation: Operation): ArgsDef => {
  const positionals = Object.entries(operation.positionals ?? {}).map(
    ([name, description]) => [name, { type: "positional", description }] as const,
  );
  const members = Object.entries(operation.members ?? {}).flatMap(([name, member]) => {
    const arg = memberArg(member);
    return arg === undefined ? [] : [[name, arg] as const];
  });
  return {
    ...Object.fromEntries<ArgDef>(positionals),
    ...Object.fromEntries<ArgDef>(members),
    ...(operation.output.kind === "table" && operation.output.paged ? pagingArgs : {}),
    ...(operation.confirm === undefined ? {} : { yes: { type: "boolean", description: "Do not ask" } }),
    ...(usesRealm(operation) ? realmArgs : {}),
    ...connectionArgs,
    ...outputArgs,
  };
};

/** The realm that a command works in. */
export const realmOf = (args: Arguments, terminal: Terminal): string =>
  textOf(args, "realm") ?? (terminal.environment["REEVE_REALM"] || "users");

const readJson = async (option: string, text: string, terminal: Terminal): Promise<unknown> => {
  let source = text;
  if (text.startsWith("@")) {
    const path = resolve(terminal.directory, text.slice(1));
    source = await readFile(path, "utf8").catch((error: unknown) => {
      throw new CliError("Usage", `--${option}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  try {
    return JSON.parse(source);
  } catch {
    throw new CliError(
      "Usage",
      `--${option} is not JSON.`,
      `Write it in single quotes: --${option} '{"a": 1}', or name a file: --${option} @file.json`,
    );
  }
};

const readSecret = async (question: string, terminal: Terminal): Promise<string> => {
  const typed = await terminal.ask(`${question}: `, { hidden: true });
  const value = typed ?? (await terminal.readInput())?.replace(/\r?\n$/, "");
  if (value === undefined || value === "")
    throw new CliError("Usage", `${question} is missing.`, "Type it when asked, or send it on standard input.");
  return value;
};

const readMember = async (name: string, { reading, required }: Member, args: Arguments, terminal: Terminal): Promise<unknown> => {
  const given = args[name];
  if (reading.as === "secret") return required === true || given === true ? readSecret(reading.question, terminal) : undefined;
  if (reading.as === "switch") return typeof given === "boolean" ? given : undefined;
  if (typeof given !== "string") return undefined;
  switch (reading.as) {
    case "text":
    case "choice":
      return given;
    case "value":
      return reading.of[given];
    case "list":
      return given === "" ? [] : given.split(",").map((part) => part.trim());
    case "json":
      return readJson(name, given, terminal);
  }
};

/** A value as a part of a path. Dots alone would lead elsewhere, however they are encoded. */
export const pathPart = (name: string, value: string): string => {
  if (value === "" || value === "." || value === "..") throw new CliError("Usage", `${name.toUpperCase()} may not be "${value}".`);
  return encodeURIComponent(value);
};

const pathOf = ({ path }: Operation, args: Arguments, terminal: Terminal): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) =>
    pathPart(kebab(name), name === "realm" ? realmOf(args, terminal) : (textOf(args, kebab(name)) ?? "")),
  );

/** Arguments are written as people write options: `className` is `class-name`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const requestOf = async (operation: Operation, args: Arguments, terminal: Terminal): Promise<ApiRequest> => {
  const body: Record<string, unknown> = { ...operation.constant };
  const query: Record<string, string> = {};
  let whole: unknown;
  for (const [name, member] of Object.entries(operation.members ?? {})) {
    const value = await readMember(name, member, args, terminal);
    if (value === undefined) continue;
    if (member.in === "query") query[member.member] = String(value);
    else if (member.member === "") whole = value;
    else body[member.member] = value;
  }
  const hasBody = operation.constant !== undefined || Object.values(operation.members ?? {}).some((member) => member.in === "body");
  return {
    method: operation.method,
    path: pathOf(operation, args, terminal),
    query,
    ...(hasBody ? { body: whole ?? body } : {}),
  };
};

/** Asks before something is done that cannot be undone. */
export const confirm = async (question: string, args: Arguments, terminal: Terminal): Promise<void> => {
  if (isGiven(args, "yes")) return;
  const answer = await terminal.ask(`${question} [y/N] `);
  if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return;
  throw new CliError(
    "Cancelled",
    "Cancelled; nothing was changed.",
    answer === undefined ? "Without a terminal, --yes is needed." : undefined,
  );
};

const limitOf = (args: Arguments): number => {
  if (isGiven(args, "all")) return Number.POSITIVE_INFINITY;
  const text = textOf(args, "limit") ?? String(defaultLimit);
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new CliError("Usage", `--limit takes a number from 1, not "${text}".`);
  return Number(text);
};

interface Listed {
  readonly items: readonly unknown[];
  /** Where the list goes on; null at its end. */
  readonly next: string | null;
}

const readPage = async (api: Api, request: ApiRequest): Promise<Listed> => {
  const page = pageSchema.safeParse(await api.request(request));
  if (!page.success) throw new CliError("Unexpected", `${api.origin} answered with something that is no list.`);
  return page.data;
};

const listPages = async (api: Api, request: ApiRequest, args: Arguments, terminal: Terminal): Promise<Listed> => {
  const limit = limitOf(args);
  const items: unknown[] = [];
  let cursor = textOf(args, "cursor");
  for (;;) {
    const query = {
      ...request.query,
      limit: String(Math.min(largestPage, limit - items.length)),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const page = await readPage(api, { ...request, query });
    items.push(...page.items);
    if (page.next === null || items.length >= limit) return { items, next: page.next };
    if (terminal.isInteractive) terminal.note(`\r${items.length} read …`);
    cursor = page.next;
  }
};

const show = async (operation: Operation, api: Api, request: ApiRequest, args: Arguments, terminal: Terminal): Promise<void> => {
  const { output } = operation;
  const json = isGiven(args, "json");
  if (output.kind === "table") {
    const list = output.paged ? await listPages(api, request, args, terminal) : await readPage(api, request);
    if (json) terminal.write(`${JSON.stringify(list, undefined, 2)}\n`);
    else if (list.items.length === 0) terminal.note("Nothing to list.\n");
    else {
      terminal.write(renderTable(output.columns, list.items, terminal));
      if (list.next !== null) terminal.note(`There is more: --all lists everything, --cursor ${list.next} goes on here.\n`);
    }
    return;
  }
  const answer = await api.request(request);
  if (json) terminal.write(`${JSON.stringify(answer ?? { ok: true }, undefined, 2)}\n`);
  else if (output.kind === "record") terminal.write(renderRecord(answer, terminal));
  else terminal.write(`${fill(output.message, args, terminal)}\n`);
};

/** Puts arguments into a sentence: `{user-id}`. */
const fill = (sentence: string, args: Arguments, terminal: Terminal): string =>
  sentence.replace(/\{([\w-]+)\}/g, (_, name: string) => (name === "realm" ? realmOf(args, terminal) : String(args[name] ?? "")));

/** The command that performs an operation. */
export const operationCommand = (operation: Operation, terminal: Terminal): Command => ({
  name: operation.name,
  description: operation.description,
  args: argsOf(operation),
  examples: operation.examples ?? [],
  run: async (args) => {
    const api = await connect(args, terminal);
    if (operation.confirm !== undefined) await confirm(fill(operation.confirm, args, terminal), args, terminal);
    const request = await requestOf(operation, args, terminal);
    await show(operation, api, request, args, terminal);
  },
});
