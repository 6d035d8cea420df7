import { cliErrors, type CliErrorCode } from "../errors/cli.ts";
import { version } from "../worker/version.ts";
import { CliError } from "./error.ts";
import { invoke } from "./invoke.ts";
import { stylesOf } from "./output/style.ts";
import { program } from "./program.ts";
import type { Terminal } from "./terminal.ts";

interface Failure {
  readonly code: CliErrorCode;
  readonly message: string;
  readonly suggestion: string | undefined;
}

const failureOf = (error: unknown): Failure => {
  if (error instanceof CliError) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "Fault", message: `reeve failed: ${message}`, suggestion: undefined };
};

const report = ({ code, message, suggestion }: Failure, json: boolean, terminal: Terminal): void => {
  // What ends without a message has said everything.
  if (message === "") return;
  if (json) {
    terminal.note(`${JSON.stringify({ error: { code, message, suggestion } })}\n`);
    return;
  }
  terminal.note(`${stylesOf(terminal).bad(message)}\n`);
  if (suggestion !== undefined) terminal.note(`${suggestion}\n`);
};

/**
 * Runs one line of `reeve`. Errors are written for people, or with `--json` as one line of JSON.
 * @param words the line without node and script
 * @returns the exit status (docs/errors.md, Command line)
 */
export const run = async (words: readonly string[], terminal: Terminal): Promise<number> => {
  try {
    await invoke(program(terminal), words, version, terminal);
    return 0;
  } catch (error) {
    const failure = failureOf(error);
    report(failure, words.includes("--json"), terminal);
    return cliErrors[failure.code].status;
  }
};
