import { CliError } from "./error.ts";
import { invoke } from "./invoke.ts";
import { stylesOf } from "./output/style.ts";
import { program } from "./program.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "../worker/version.ts";
import { cliErrors } from "../errors/cli.ts";

/**
 * Runs one line of `reeve`.
 * @param words the line without node and script
 * @returns the exit status (docs/errors.md, Command line)
 */
export const run = async (words: readonly string[], terminal: Terminal): Promise<number> => {
  const styles = stylesOf(terminal);
  try {
    await invoke(program(terminal), words, version, terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) {
      terminal.note(`${styles.bad("reeve failed:")} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      return cliErrors.Fault.status;
    }
    if (error.message !== "") terminal.note(`${styles.bad(error.message)}\n`);
    if (error.suggestion !== undefined) terminal.note(`${error.suggestion}\n`);
    return error.exitStatus;
  }
};
