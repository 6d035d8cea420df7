import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../../src/server/bundle.ts";

const nodePath = join(projectRoot, "node_modules", ".bin", "node");

/** A process of the server that ended by itself before it was ready. */
export interface FailedStart {
  readonly code: number | null;
  readonly output: string;
}

/** The real server, as `npm start` runs it, in a process group of its own. */
export class ServerProcess {
  readonly origin: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;

  private constructor(child: ChildProcess, exited: Promise<number | null>, origin: string) {
    this.#child = child;
    this.#exited = exited;
    this.origin = origin;
  }

  /** Starts it and waits until it says that it is ready; or tells how it ended. */
  static async start(parameters: readonly string[]): Promise<ServerProcess | FailedStart> {
    const child = spawn(nodePath, [join(projectRoot, "src/server/main.ts"), ...parameters], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const ready = new Promise<string>((resolve) => {
      const listen = (chunk: Buffer): void => {
        output += chunk.toString();
        const origin = /Base URL for SDKs\s+(\S+)\n[\s\S]*Stop with/.exec(output)?.[1];
        if (origin !== undefined) resolve(origin);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
    });
    const first = await Promise.race([ready, exited.then((code) => ({ code, output }))]);
    return typeof first === "string" ? new ServerProcess(child, exited, first) : { code: first.code, output };
  }

  /** As Ctrl+C does it. */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#exited;
  }

  /** Ends the whole process tree at once, as a power cut does. */
  async kill(): Promise<void> {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // None of the group is left.
    }
    await this.#exited;
  }

  /** Ends only the parent, which leaves the runtime behind. */
  async killParent(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}

/** Those that a test has not ended itself. */
const running = new Set<ServerProcess>();

/** Starts it, on a port that is free unless told, or throws with what it said. */
export const startServer = async (state: string, port = 0): Promise<ServerProcess> => {
  const server = await ServerProcess.start(["--port", String(port), "--state", state]);
  if (server instanceof ServerProcess) {
    running.add(server);
    return server;
  }
  throw new Error(`the server did not start (${server.code}): ${server.output}`);
};

/** A state folder that lives as long as `use` runs, as do the servers that it starts. */
export const withState = async (use: (state: string) => Promise<void>): Promise<void> => {
  const state = await mkdtemp(join(tmpdir(), "reeve-state-"));
  try {
    await use(state);
  } finally {
    for (const server of running) await server.kill();
    running.clear();
    await rm(state, { recursive: true, force: true, maxRetries: 5 });
  }
};
