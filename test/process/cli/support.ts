import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../../src/server/bundle.ts";

/** What a line of `reeve` did. */
export interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly directory?: string;
}

/** Runs `reeve` as people do: the real process, through its launcher. Without a terminal, since nothing is one here. */
export const reeve = async (
  words: readonly string[],
  { environment = {}, input, directory = projectRoot }: RunOptions = {},
): Promise<Outcome> => {
  const child = spawn(join(projectRoot, "node_modules", ".bin", "node"), [join(projectRoot, "bin", "reeve.mjs"), ...words], {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, output, errors };
};
