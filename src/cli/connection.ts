import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { createApi, type Api } from "./api.ts";
import { textOf, type Arguments } from "./command.ts";
import { CliError } from "./error.ts";
import type { Terminal } from "./terminal.ts";

/** What `reeve login` remembers. */
const configurationSchema = z.object({ url: z.string(), token: z.string() });
export type Configuration = z.infer<typeof configurationSchema>;

/** The file of `reeve login`: REEVE_CONFIG, or `reeve/config.json` in the user's folder of settings. */
export const configurationPath = ({ environment }: Pick<Terminal, "environment">): string => {
  const named = environment["REEVE_CONFIG"];
  if (named !== undefined && named !== "") return named;
  const base = environment["XDG_CONFIG_HOME"];
  return join(base !== undefined && base !== "" ? base : join(environment["HOME"] ?? homedir(), ".config"), "reeve", "config.json");
};

export const readConfiguration = async (terminal: Terminal): Promise<Configuration | undefined> => {
  const path = configurationPath(terminal);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new CliError("NoServer", `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return configurationSchema.parse(JSON.parse(text));
  } catch {
    throw new CliError("NoServer", `${path} is not what reeve login wrote.`, "Run reeve login again.");
  }
};

/** Writes the file whole, readable by its owner only. */
export const writeConfiguration = async (terminal: Terminal, configuration: Configuration): Promise<string> => {
  const path = configurationPath(terminal);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(configuration, undefined, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
  return path;
};

export const removeConfiguration = async (terminal: Terminal): Promise<void> => rm(configurationPath(terminal), { force: true });

/** The origin of what was given as a URL. */
export const parseOrigin = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || (url.pathname !== "/" && url.pathname !== "")) {
    throw new CliError(
      "Usage",
      `"${text}" is no server's URL.`,
      "It is an origin such as https://sync.example.net or http://127.0.0.1:9080.",
    );
  }
  return url.origin;
};

const isLocal = (origin: string): boolean => {
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.") || hostname.endsWith(".localhost");
};

/** Where commands go, and with what token: options before the environment before `reeve login`. */
export const findServer = async (
  args: Arguments,
  terminal: Terminal,
): Promise<{ readonly origin: string; readonly token: string | undefined }> => {
  const { environment } = terminal;
  const [url, token] = [
    textOf(args, "url") ?? (environment["REEVE_URL"] || undefined),
    textOf(args, "token") ?? (environment["REEVE_TOKEN"] || undefined),
  ];
  const stored = url !== undefined && token !== undefined ? undefined : await readConfiguration(terminal);
  const chosen = url ?? stored?.url;
  if (chosen === undefined) {
    throw new CliError("NoServer", "No server was named.", "Give --url and --token, set REEVE_URL and REEVE_TOKEN, or run reeve login.");
  }
  const origin = parseOrigin(chosen);
  // The remembered token is for the remembered server and is never sent to another.
  const remembered = stored !== undefined && parseOrigin(stored.url) === origin ? stored.token : undefined;
  return { origin, token: token ?? remembered };
};

/** Opens the server that the command is meant for. */
export const connect = async (args: Arguments, terminal: Terminal): Promise<Api> => {
  const { origin, token } = await findServer(args, terminal);
  if (token === undefined) {
    throw new CliError("NoServer", `No token for ${origin} was given.`, "Give --token, set REEVE_TOKEN, or run reeve login.");
  }
  if (!origin.startsWith("https:") && !isLocal(origin)) terminal.note(`Warning: the token travels unencrypted to ${origin}.\n`);
  return createApi(origin, token, terminal.stopped);
};
