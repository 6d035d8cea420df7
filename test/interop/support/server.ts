// Our server as its users run it: a process of its own, which a test may kill, start again and roll back.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { listProcesses } from "../../../src/server/process-table.ts";
import { scratchFolder } from "./scratch.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const START_LIMIT_MS = 60_000;

/** A server process on a port and a state folder that outlive it. */
export class ServerProcess {
  readonly url: string;
  readonly #port: number;
  readonly #state: string;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  #output = "";

  private constructor(port: number, flags: readonly string[]) {
    this.#port = port;
    this.#flags = flags;
    this.#state = join(scratchFolder("server"), "state");
    this.url = `http://127.0.0.1:${port}`;
    // Killing the process group leaves nothing behind when the tests themselves are stopped.
    process.on("exit", () => this.#killGroup());
  }

  /** @param flags of the command line besides port, state and log level */
  static async start(flags: readonly string[] = []): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), flags);
    await server.restart();
    return server;
  }

  /** Starts the process again on the same port and state. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) throw new Error("the server runs already");
    const child = spawn(
      process.execPath,
      [
        "src/server/main.ts",
        "--port",
        String(this.#port),
        "--state",
        this.#state,
        "--log",
        process.env["REEVE_INTEROP_SERVER_LOG"] ?? "warn",
        ...this.#flags,
      ],
      {
        cwd: REPOSITORY,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
    this.#child = child;
    this.#output = "";
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the server was not ready after ${START_LIMIT_MS} ms:\n${this.#output}`)),
        START_LIMIT_MS,
      );
      const hear = (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-20_000);
        if (process.env["REEVE_INTEROP_SERVER_LOG"] !== undefined) process.stderr.write(chunk);
        if (!this.#output.includes("Reeve is ready")) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`the server ended (${signal ?? code}) before it was ready:\n${this.#output}`));
      });
    });
  }

  /** The token that the server made for its operator's tools. */
  get adminToken(): string {
    return readFileSync(join(this.#state, "secrets", "admin-token"), "utf8").trim();
  }

  /** The last of what the server printed. */
  get output(): string {
    return this.#output;
  }

  /** Ends the server and every process it started at once, as a power cut does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const tree = await treeOf(child.pid);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const gone = child.exitCode !== null || child.signalCode !== null;
    for (const pid of tree) kill(pid);
    if (!gone) await ended;
    this.#child = undefined;
    await free(tree);
  }

  /** Asks the server to end in order. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    this.#child = undefined;
  }

  /** A copy of the state folder; the server must be stopped. `rollBack` puts it back. */
  copyState(): string {
    this.#mustBeStopped();
    const copy = scratchFolder("backup");
    cpSync(this.#state, copy, { recursive: true });
    return copy;
  }

  /** Replaces the state folder by a copy taken before, as an operator who restores a backup does. */
  rollBack(copy: string): void {
    this.#mustBeStopped();
    rmSync(this.#state, { recursive: true });
    cpSync(copy, this.#state, { recursive: true });
  }

  #mustBeStopped(): void {
    if (this.#child !== undefined) throw new Error("stop the server before touching its state");
  }

  #killGroup(): void {
    if (this.#child?.pid !== undefined) spawnSync("kill", ["-KILL", "--", `-${this.#child.pid}`]);
  }
}

/** A process and all its descendants, children first. */
async function treeOf(root: number): Promise<readonly number[]> {
  const all = await listProcesses();
  const below = (pid: number): number[] => [...all.filter((entry) => entry.parent === pid).flatMap((entry) => below(entry.pid)), pid];
  return below(root);
}

/** Waits until none of the processes exists any more, so that their port and locks are free. */
async function free(pids: readonly number[]): Promise<void> {
  for (;;) {
    const running = new Set((await listProcesses()).map((entry) => entry.pid));
    if (!pids.some((pid) => running.has(pid))) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no free port"))));
    });
  });
}
