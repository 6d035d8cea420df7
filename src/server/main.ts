import { isLogged } from "../platform/logging.ts";
import { startServer, StartError, type RunningServer } from "./embedded.ts";
import { parseOptions, usage, type ServerOptions } from "./options.ts";
import { StateInUseError } from "./state-lock.ts";

const parsed = parseOptions(process.argv.slice(2));

/** The Worker's own lines are filtered where they are made; what the runtime says is a warning. */
const writeLine =
  (options: ServerOptions) =>
  (line: string): void => {
    if (line.startsWith("{") || isLogged(options.logLevel, "warn")) console.log(line);
  };

const announce = ({ url, adminTokenPath, migrated, realmChanges }: RunningServer): void => {
  const base = url.href.replace(/\/$/, "");
  if (migrated.length > 0) console.log(`Accounts database migrated: ${migrated.join(", ")}`);
  for (const change of realmChanges) console.log(`Realm files: ${change}`);
  console.log(`Reeve is ready.
  Base URL for SDKs   ${base}
  Sync                ${base.replace(/^http/, "ws")}/api/client/v2.0/app/{realm}/realm-sync
  Management API      ${base}/api/v1/docs
  Health              ${base}/health
  Admin token         in ${adminTokenPath}
Stop with Ctrl+C.`);
};

const run = async (options: ServerOptions): Promise<void> => {
  const server = await startServer(options, writeLine(options));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void server.stop().then(() => process.exit(0));
  };
  // Miniflare's own handlers would end this process before `stop` has; its handler of "exit" stays.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeAllListeners(signal).on(signal, stop);
  announce(server);
};

switch (parsed.kind) {
  case "help":
    console.log(usage);
    break;
  case "invalid":
    console.error(`${parsed.message}\n\n${usage}`);
    process.exitCode = 2;
    break;
  case "run":
    try {
      await run(parsed.options);
    } catch (error) {
      if (!(error instanceof StartError || error instanceof StateInUseError)) throw error;
      console.error(`Reeve did not start: ${error.message}`);
      process.exitCode = 1;
    }
    break;
}
