import { rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { listProcesses, type ProcessEntry } from "./process-table.ts";

/** Two servers on one state folder would write over each other's data. */
export class StateInUseError extends Error {
  override readonly name = "StateInUseError";
}

export interface StateLock {
  /** Notes the runtime's process, so that the next start can end it should it outlive this one. */
  noteRuntime(): Promise<void>;
  release(): void;
}

type Mark = Pick<ProcessEntry, "pid" | "started">;
const format = (marks: readonly Mark[]): string => marks.map(({ pid, started }) => `${pid} ${started}\n`).join("");
const parse = (text: string): readonly Mark[] =>
  text.split("\n").flatMap((line) => {
    const match = /^(\d+) (.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), started: match[2] ?? "" }];
  });

const findSelf = (processes: readonly ProcessEntry[]): Mark =>
  processes.find(({ pid }) => pid === process.pid) ?? { pid: process.pid, started: "" };

/** Ends a process at once; one that has ended by itself is as good. */
const end = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
};

/** Ends processes and waits until the system has taken back what they held, ports among it. */
const endAll = async (orphans: readonly Mark[]): Promise<void> => {
  for (const { pid } of orphans) end(pid);
  const remain = async (): Promise<boolean> => {
    const processes = await listProcesses();
    return orphans.some((orphan) => processes.some(({ pid, started }) => pid === orphan.pid && started === orphan.started));
  };
  while (await remain()) await wait(10);
};

/**
 * Marks the state folder as this process's own until `release` or its end. A mark left by a process that was killed is replaced, and the
 * runtime that such a process left behind, still holding the data, is ended first.
 * @throws StateInUseError when a living process holds it
 */
export const lockState = async (state: string): Promise<StateLock> => {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const path = join(state, "server.lock");
  const release = (): void => rmSync(path, { force: true });
  for (;;) {
    const processes = await listProcesses();
    const self = findSelf(processes);
    try {
      await writeFile(path, format([self]), { flag: "wx", mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      const [holder, ...runtimes] = parse(await readFile(path, "utf8").catch(() => ""));
      const lives = (mark: Mark): boolean => processes.some(({ pid, started }) => pid === mark.pid && started === mark.started);
      if (holder !== undefined && lives(holder)) throw new StateInUseError(`the state folder ${state} is in use by process ${holder.pid}`);
      await endAll(runtimes.filter(lives));
      release();
      continue;
    }
    process.once("exit", release);
    return {
      noteRuntime: async () => {
        const runtimes = (await listProcesses()).filter(({ parent, command }) => parent === process.pid && command.includes("workerd"));
        await writeFile(path, format([self, ...runtimes]), { mode: 0o600 });
      },
      release: () => {
        process.off("exit", release);
        release();
      },
    };
  }
};
