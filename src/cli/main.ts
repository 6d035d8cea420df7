import { run } from "./run.ts";
import { processTerminal } from "./terminal.ts";

/** The command line of this process. */
export const main = async (): Promise<void> => {
  // A reader that goes away (`reeve users list | head`) is no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  process.exitCode = await run(process.argv.slice(2), processTerminal());
};
