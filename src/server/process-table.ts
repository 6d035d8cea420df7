import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A process as the system knows it. `started` tells it from a later one that was given the same number; compare only for equality. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly started: string;
  /** Name of the executable, shortened by some systems. */
  readonly command: string;
}

/** One line of Linux's /proc/…/stat: pid (command) state parent … started (the 22nd field). The command may hold anything. */
const parseStat = (text: string): ProcessEntry | undefined => {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // Ended, and only waiting for its parent to ask how.
  if (text === "" || fields[0] === "Z") return undefined;
  return {
    pid: Number.parseInt(text, 10),
    command: text.slice(text.indexOf("(") + 1, text.lastIndexOf(")")),
    parent: Number(fields[1]),
    started: fields[19] ?? "",
  };
};

const fromProc = async (): Promise<readonly ProcessEntry[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.map(parseStat).filter((entry) => entry !== undefined);
};

const fromPs = async (): Promise<readonly ProcessEntry[]> => {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,lstart=,comm="], { env: { ...process.env, LC_ALL: "C" } });
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), parent: Number(match[2]), started: match[3] ?? "", command: match[4] ?? "" }];
  });
};

/** All living processes of this machine that the caller may see. */
export const listProcesses = (): Promise<readonly ProcessEntry[]> => (existsSync("/proc/self/stat") ? fromProc() : fromPs());
