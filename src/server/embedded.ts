import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { createSecureContext } from "node:tls";
import { Log, LogLevel, Miniflare } from "miniflare";
import { parseSigningKeys } from "../accounts/tokens.ts";
import { bundleWorker, projectRoot } from "./bundle.ts";
import { migrate } from "./migrate.ts";
import type { ServerOptions } from "./options.ts";
import { defaultRealmFolder, pushRealmFiles, readRealmFolder } from "./realm-files.ts";
import { loadSecrets, type LocalSecrets } from "./secrets.ts";
import { lockState } from "./state-lock.ts";
import { workerOptions } from "./worker-options.ts";

/** A server that runs in this process (and in the runtime's, its child). */
export interface RunningServer {
  /** Origin for HTTP: `http://host:port`. */
  readonly url: URL;
  readonly adminTokenPath: string;
  /** Names of the database migrations that this start applied. */
  readonly migrated: readonly string[];
  /** What this start changed to follow the realm files, a line each. */
  readonly realmChanges: readonly string[];
  /** Ends both processes; what was acknowledged is on disk. */
  stop(): Promise<void>;
}

/** A start that failed for a reason its operator can mend. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** Asks the system for the port now, since the runtime would report a failure late and vaguely. */
const assertPortFree = (host: string, port: number): Promise<void> =>
  new Promise((free, failed) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "is in use; choose another with --port" : `cannot be listened on: ${error.message}`;
      failed(new StartError(`port ${port} on ${host} ${reason}`));
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => free()));
  });

const readPem = async (path: string, flag: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new StartError(`${flag} ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** The runtime would end with a stack of its own over a certificate that is none. */
const readTls = async ({
  certificatePath,
  keyPath,
}: NonNullable<ServerOptions["tls"]>): Promise<{ httpsCert: string; httpsKey: string }> => {
  const pair = { httpsCert: await readPem(certificatePath, "--cert"), httpsKey: await readPem(keyPath, "--key") };
  try {
    createSecureContext({ cert: pair.httpsCert, key: pair.httpsKey });
  } catch (error) {
    throw new StartError(
      `--cert ${certificatePath} and --key ${keyPath} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return pair;
};

/** Waits for work on the state folder; what the file system refuses is for its operator to mend. */
const inState = async <Result>(state: string, work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "syscall" in error) throw new StartError(`the state folder ${state} cannot be used: ${error.message}`);
    throw error;
  }
};

/** The service would start with keys it cannot read and let nobody in. */
const readSecrets = async (state: string): Promise<LocalSecrets> => {
  const secrets = await inState(state, loadSecrets(state));
  const parsed = parseSigningKeys(secrets.signingKeys);
  if (!parsed.ok) throw new StartError(`${join(state, "secrets", "signing-keys.json")} cannot be used: ${parsed.problem}`);
  return secrets;
};

/** Calls `write` with each line of a stream. */
const forEachLine = (stream: Readable, write: (line: string) => void): void => {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") write(line);
  });
};

/** Applies the realm files of a folder, or of the default one if it is there. */
const applyRealmFolder = async (folder: string | undefined, server: Miniflare, adminToken: string): Promise<readonly string[]> => {
  const files = await readRealmFolder(folder ?? defaultRealmFolder);
  if (files === undefined && folder !== undefined) throw new StartError(`--iam ${folder}: there is no such folder`);
  if (files === undefined || files.length === 0) return [];
  const outcome = await pushRealmFiles(files, adminToken, (path, init) => server.dispatchFetch(`http://reeve.local${path}`, init));
  if (outcome.kind === "applied") return outcome.steps;
  throw new StartError(`the realm files cannot be applied; nothing was changed\n${outcome.problems.map((line) => `  ${line}`).join("\n")}`);
};

/** Sets the Worker's scheduled trigger off every five minutes, as `wrangler.toml` has it. Returns what ends it. */
const startSchedule = async (running: Miniflare): Promise<() => void> => {
  const worker = await running.getWorker();
  // A trigger that fails has logged why, and the next one may fare better.
  const timer = setInterval(() => void worker.scheduled({ cron: "*/5 * * * *" }).catch(() => undefined), 5 * 60_000);
  timer.unref();
  return () => clearInterval(timer);
};

/**
 * Starts the service on this machine: bundles the Worker, makes secrets at the first start, migrates the accounts database, and runs the
 * same runtime that Cloudflare runs, with everything kept in `options.state`.
 * @param writeLine receives each line the Worker or its runtime logs
 * @throws StartError, StateInUseError
 */
export const startServer = async (options: ServerOptions, writeLine: (line: string) => void): Promise<RunningServer> => {
  const state = resolve(options.state);
  const https = options.tls === undefined ? {} : await readTls(options.tls);
  const lock = await inState(state, lockState(state));
  let miniflare: Miniflare | undefined;
  try {
    await assertPortFree(options.host, options.port);
    const secrets = await readSecrets(state);
    const data = join(state, "data");
    await inState(state, mkdir(data, { recursive: true, mode: 0o700 }));
    const worker = await bundleWorker(join(state, "worker"));
    miniflare = new Miniflare({
      ...workerOptions,
      ...https,
      host: options.host,
      port: options.port,
      modulesRoot: dirname(worker),
      modules: [{ type: "ESModule", path: worker }],
      defaultPersistRoot: data,
      bindings: {
        ...options.settings,
        SIGNING_KEYS: secrets.signingKeys,
        ADMIN_TOKEN: secrets.adminToken,
        LOG_LEVEL: options.logLevel,
      },
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.NONE),
      logRequests: false,
      handleRuntimeStdio: (output: Readable, errors: Readable) => {
        forEachLine(output, writeLine);
        forEachLine(errors, writeLine);
      },
    });
    const running = miniflare;
    const url = await running.ready;
    await lock.noteRuntime();
    const migrated = await migrate(await running.getD1Database("DB"), join(projectRoot, "migrations"));
    const realmChanges = await applyRealmFolder(options.realmFolder, running, secrets.adminToken);
    const endSchedule = await startSchedule(running);
    return {
      url,
      adminTokenPath: secrets.adminTokenPath,
      migrated,
      realmChanges,
      stop: async () => {
        endSchedule();
        await running.dispose();
        lock.release();
      },
    };
  } catch (error) {
    await miniflare?.dispose();
    lock.release();
    throw error;
  }
};
