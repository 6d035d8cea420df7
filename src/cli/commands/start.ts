import { spawn } from "node:child_process";
import { join } from "node:path";
import type { ArgDef } from "citty";
import { projectRoot } from "../../server/bundle.ts";
import { settingNames } from "../../server/options.ts";
import { logSettings } from "../../platform/logging.ts";
import { isSecret } from "../check/settings.ts";
import { textOf, type Command } from "../command.ts";
import { CliError } from "../error.ts";
import type { Terminal } from "../terminal.ts";

const names = ["port", "host", "state", "iam", "log", "cert", "key"] as const;

/** Settings that have an option of their own. A secret is none of them: other users of the machine see a process's options. */
const settings = settingNames.filter((name) => !isSecret(name)).map((name) => ({ name, option: name.toLowerCase().replaceAll("_", "-") }));

/** `reeve start`: the server on this machine, as `npm start` runs it. */
export const startCommand = (terminal: Terminal): Command => ({
  name: "start",
  description: "Run the server on this machine, with all its data in one folder",
  args: {
    port: { type: "string", valueHint: "N", description: "Port to listen on, 0 for any free one", default: "9080" },
    host: { type: "string", valueHint: "H", description: "Address to listen on; 0.0.0.0 for all", default: "127.0.0.1" },
    state: { type: "string", valueHint: "DIR", description: "Folder of all data and secrets", default: ".reeve/state" },
    iam: { type: "string", valueHint: "DIR", description: "Folder of realm files to apply (default iam, if there is one)" },
    log: { type: "enum", options: [...logSettings], description: "How much is logged", default: "info" },
    cert: { type: "string", valueHint: "FILE", description: "PEM certificate: serve HTTPS and WSS, together with --key" },
    key: { type: "string", valueHint: "FILE", description: "PEM private key of the certificate" },
    ...Object.fromEntries<ArgDef>(
      settings.map(({ name, option }) => [
        option,
        { type: "string", valueHint: "VALUE", description: `The setting ${name} (docs/operations.md)` },
      ]),
    ),
  },
  examples: [
    { line: "reeve start", does: "listens on http://127.0.0.1:9080" },
    { line: "reeve start --host 0.0.0.0 --cert cert.pem --key key.pem", does: "serves a network over TLS" },
  ],
  run: async (args) => {
    const options = names.flatMap((name) => {
      const value = textOf(args, name);
      return value === undefined ? [] : [`--${name}=${value}`];
    });
    for (const { name, option } of settings) {
      const value = textOf(args, option);
      if (value !== undefined) options.push(`--set=${name}=${value}`);
    }
    // A process of its own: the server's handling of signals stays the one that `npm start` has.
    const child = spawn(process.execPath, [join(projectRoot, "src", "server", "main.ts"), ...options], {
      cwd: terminal.directory,
      stdio: "inherit",
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
    terminal.stopped.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
    const status = await ended;
    if (status === 0) return;
    throw new CliError(status === 2 ? "Usage" : "RequestRefused", "");
  },
});
