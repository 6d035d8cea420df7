import { z } from "zod";
import { createApi } from "../api.ts";
import { connectionArgs, isGiven, outputArgs, textOf, type Command, type CommandGroup } from "../command.ts";
import { connect, findServer, parseOrigin, removeConfiguration, writeConfiguration } from "../connection.ts";
import { CliError } from "../error.ts";
import { renderRecord } from "../output/table.ts";
import { operationCommand, type Operation } from "../operation.ts";
import type { Terminal } from "../terminal.ts";

const principalSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("tool") }),
  z.object({ kind: z.literal("admin"), realm: z.string(), userId: z.string(), scope: z.string() }),
]);

const describePrincipal = (principal: z.infer<typeof principalSchema>): string =>
  principal.kind === "tool"
    ? "the admin token"
    : `${principal.userId} of the realm ${principal.realm}, admin of ${principal.scope === "server" ? "the server" : "the realm"}`;

const askPrincipal = async (origin: string, token: string, terminal: Terminal): Promise<z.infer<typeof principalSchema>> => {
  const parsed = principalSchema.safeParse(await createApi(origin, token, terminal.stopped).request({ method: "GET", path: "/principal" }));
  if (!parsed.success) throw new CliError("Unexpected", `${origin} did not say whose token this is.`);
  return parsed.data;
};

/** `reeve login`: remembers a server and a token that it has shown to be good. */
export const loginCommand = (terminal: Terminal): Command => ({
  name: "login",
  description: "Remember a server and an admin token, in a file that only you can read",
  args: connectionArgs,
  examples: [
    { line: "reeve login --url http://127.0.0.1:9080", does: "asks for the token" },
    { line: "reeve login --url https://sync.example.net < token.txt", does: "reads the token from a file" },
  ],
  run: async (args) => {
    const url = textOf(args, "url") ?? (terminal.environment["REEVE_URL"] || undefined) ?? (await terminal.ask("URL of the server: "));
    if (url === undefined || url === "") throw new CliError("Usage", "--url is missing.");
    const origin = parseOrigin(url);
    const given = textOf(args, "token") ?? (terminal.environment["REEVE_TOKEN"] || undefined);
    const token = (given ?? (await terminal.ask("Admin token: ", { hidden: true })) ?? (await terminal.readInput()))?.trim();
    if (token === undefined || token === "")
      throw new CliError("Usage", "The token is missing.", "Type it when asked, or send it on standard input.");
    const principal = await askPrincipal(origin, token, terminal);
    const path = await writeConfiguration(terminal, { url: origin, token });
    terminal.write(`Signed in to ${origin} as ${describePrincipal(principal)}.\nRemembered in ${path}\n`);
  },
});

/** `reeve logout`: forgets them. */
export const logoutCommand = (terminal: Terminal): Command => ({
  name: "logout",
  description: "Forget what reeve login remembered",
  args: {},
  examples: [],
  run: async () => {
    await removeConfiguration(terminal);
    terminal.write("Forgotten.\n");
  },
});

const mint: Operation = {
  name: "mint",
  description: "Give out an access token of a user, for tools and tests; it opens a session that can be ended",
  method: "POST",
  path: "/realms/{realm}/users/{userId}/tokens",
  positionals: { "user-id": "The user's id" },
  output: { kind: "record" },
  examples: [{ line: "reeve token mint 66a1f0c2d4e5b6a7980c1d2e --realm shop --json", does: "a token for a test" }],
};

/** `reeve token`: whose the admin's own token is, and tokens for users. */
export const tokenGroup = (terminal: Terminal): CommandGroup => ({
  name: "token",
  description: "Check your token, or give out one of a user",
  commands: [
    {
      name: "check",
      description: "Say whether the token is good, and whose it is",
      args: { ...connectionArgs, ...outputArgs },
      examples: [{ line: "reeve token check --url https://sync.example.net --token …", does: "before it is put into a secret store" }],
      run: async (args) => {
        const { origin, token } = await findServer(args, terminal);
        if (token === undefined)
          throw new CliError("NoServer", `No token for ${origin} was given.`, "Give --token, set REEVE_TOKEN, or run reeve login.");
        const principal = await askPrincipal(origin, token, terminal);
        terminal.write(
          isGiven(args, "json") ? `${JSON.stringify(principal, undefined, 2)}\n` : `Good: ${describePrincipal(principal)} at ${origin}.\n`,
        );
      },
    },
    operationCommand(mint, terminal),
  ],
});

const healthSchema = z.object({ status: z.string(), checks: z.record(z.string(), z.string()) });

const health = async (origin: string, terminal: Terminal): Promise<z.infer<typeof healthSchema>> => {
  let response: Response;
  try {
    response = await fetch(new URL("/health", origin), {
      redirect: "error",
      signal: AbortSignal.any([terminal.stopped, AbortSignal.timeout(10_000)]),
    });
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CliError(
      "Unreachable",
      `${origin} cannot be reached: ${reason}.`,
      "Is the server running? `reeve start` starts one on this machine.",
    );
  }
  const parsed = healthSchema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new CliError("Unexpected", `What answers at ${origin} is no Reeve server.`);
  return parsed.data;
};

/** `reeve status`: whether the server serves, and how much it holds. */
export const statusCommand = (terminal: Terminal): Command => ({
  name: "status",
  description: "Show whether the server is well, its release, and how much it holds",
  args: { ...connectionArgs, ...outputArgs },
  examples: [{ line: "reeve status && echo fine", does: "ends with 1 when the server is not well" }],
  run: async (args) => {
    const { origin, token } = await findServer(args, terminal);
    const { status, checks } = await health(origin, terminal);
    const held =
      token === undefined || status !== "ok"
        ? undefined
        : await (await connect(args, terminal)).request({ method: "GET", path: "/status" });
    const shown = { url: origin, status, ...checks, ...(typeof held === "object" ? held : {}) };
    terminal.write(isGiven(args, "json") ? `${JSON.stringify(shown, undefined, 2)}\n` : renderRecord(shown, terminal));
    if (status !== "ok") throw new CliError("RequestRefused", "The server is not well.");
  },
});
