import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { logSettings } from "../../platform/logging.ts";
import type { Api, ApiRequest } from "../api.ts";
import { connectionArgs, isGiven, outputArgs, textOf, type Arguments, type Command } from "../command.ts";
import { connect } from "../connection.ts";
import { CliError } from "../error.ts";
import { pathPart } from "../operation.ts";
import { printable, stylesOf, type Style } from "../output/style.ts";
import type { Terminal } from "../terminal.ts";

const lineSchema = z
  .object({ id: z.int(), at: z.string(), level: z.string(), message: z.string(), source: z.string() })
  .catchall(z.union([z.string(), z.number(), z.boolean()]));
const pageSchema = z.object({ items: z.array(lineSchema), next: z.string() });
type Line = z.infer<typeof lineSchema>;

const largestPage = 1000;
/** Seconds that the server holds a request while nothing is logged: below the limit of a request. */
const waitSeconds = 20;
/** Milliseconds until a lost connection is tried again. */
const reconnectAfter = 2000;

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A moment as people write it: `15m`, `2h`, `1d` ago, or a date. */
export const parseSince = (text: string, now: number): string => {
  const [, number, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = units[unit];
  if (number !== undefined && seconds !== undefined) return new Date(now - Number(number) * seconds * 1000).toISOString();
  const moment = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw new CliError("Usage", `--since takes 15m, 2h, 1d or a date such as 2026-11-22T10:00:00Z, not "${text}".`);
  return new Date(moment).toISOString();
};

const detailText = (value: string | number | boolean): string => {
  const text = printable(String(value));
  return /[\s"=]/.test(text) || text === "" ? JSON.stringify(text) : text;
};

/** Members of a line that have a place of their own; the others are its details. */
const placed: readonly string[] = ["id", "at", "level", "source", "message"];

/** One line for people: time, level, source, message, details. */
export const renderLogLine = (line: Line, terminal: Terminal): string => {
  const { at, level, source, message } = line;
  const styles = stylesOf(terminal);
  const byLevel: Readonly<Record<string, Style>> = { warn: styles.warning, error: styles.bad, fatal: styles.bad };
  const details = Object.entries(line)
    .filter(([name]) => !placed.includes(name))
    .map(([name, value]) => `${styles.faint(`${printable(name)}=`)}${detailText(value)}`);
  const coloured = (byLevel[level] ?? styles.faint)(printable(level).padEnd(6));
  return `${styles.faint(printable(at))} ${coloured} ${styles.name(printable(source).padEnd(10))} ${[printable(message), ...details].join("  ")}\n`;
};

const limitOf = (args: Arguments): number => {
  const text = textOf(args, "limit") ?? "200";
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new CliError("Usage", `--limit takes a number from 1, not "${text}".`);
  return Number(text);
};

const readPage = async (api: Api, request: ApiRequest): Promise<z.infer<typeof pageSchema>> => {
  const page = pageSchema.safeParse(await api.request(request));
  if (!page.success) throw new CliError("Unexpected", `${api.origin} answered with something that is no log.`);
  return page.data;
};

/** Follows the log until the user stops. A connection that is lost is found again, from the last line that was seen. */
const follow = async (api: Api, request: ApiRequest, from: string, write: (line: Line) => void, terminal: Terminal): Promise<void> => {
  const query = Object.fromEntries(Object.entries(request.query ?? {}).filter(([name]) => name !== "since"));
  let cursor = from;
  let lost = false;
  while (!terminal.stopped.aborted) {
    try {
      const page = await readPage(api, { ...request, query: { ...query, cursor, wait: String(waitSeconds), limit: String(largestPage) } });
      if (lost) terminal.note("Connected again.\n");
      lost = false;
      for (const line of page.items) write(line);
      cursor = page.next;
    } catch (error) {
      if (terminal.stopped.aborted) return;
      if (!(error instanceof CliError && error.code === "Unreachable")) throw error;
      if (!lost) terminal.note(`${error.message} Trying again …\n`);
      lost = true;
      await pause(reconnectAfter, undefined, { signal: terminal.stopped }).catch(() => undefined);
    }
  }
};

/** `reeve logs`: what the service logged, and what it logs now. */
export const logsCommand = (terminal: Terminal): Command => ({
  name: "logs",
  description: "Show or follow the log, oldest line first",
  args: {
    follow: { type: "boolean", description: "Go on with new lines until Ctrl+C" },
    level: { type: "enum", options: [...logSettings], description: "Lines of this level and graver ones", default: "all" },
    since: { type: "string", valueHint: "WHEN", description: "From this moment on: 15m, 2h, 1d, or a date", default: "15m" },
    about: { type: "string", valueHint: "ID", description: "Lines about this request, connection, session or user" },
    limit: { type: "string", valueHint: "N", description: "The most lines to show before following", default: "200" },
    realm: { type: "string", valueHint: "NAME", description: "Lines that concern this realm (default all)" },
    ...connectionArgs,
    json: { ...outputArgs.json, description: "Print one JSON object a line for programs" },
  },
  examples: [
    { line: "reeve logs --follow --level warn", does: "what goes wrong now" },
    { line: "reeve logs --since 2h --about 66a1f0c2d4e5b6a7980c1d2e", does: "what a user met" },
  ],
  run: async (args) => {
    const [realm, about, limit] = [textOf(args, "realm"), textOf(args, "about"), limitOf(args)];
    const query = {
      level: textOf(args, "level") ?? "all",
      since: parseSince(textOf(args, "since") ?? "15m", Date.now()),
      ...(about === undefined ? {} : { about }),
    };
    const request: ApiRequest = { method: "GET", path: realm === undefined ? "/logs" : `/realms/${pathPart("realm", realm)}/logs`, query };
    const json = isGiven(args, "json");
    const write = (line: Line): void => terminal.write(json ? `${JSON.stringify(line)}\n` : renderLogLine(line, terminal));
    const api = await connect(args, terminal);
    let cursor: string | undefined;
    for (let left = limit; left > 0;) {
      const size = Math.min(left, largestPage);
      const page = await readPage(api, {
        ...request,
        query: { ...query, limit: String(size), ...(cursor === undefined ? {} : { cursor }) },
      });
      for (const line of page.items) write(line);
      cursor = page.next;
      left = page.items.length < size ? 0 : left - size;
    }
    if (isGiven(args, "follow") && cursor !== undefined) await follow(api, request, cursor, write, terminal);
  },
});
