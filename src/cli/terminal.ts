import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { CliError } from "./error.ts";

/** All that a command knows of the world besides the server: where it writes, whom it may ask, what it was started with. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from. */
  readonly directory: string;
  /** Whether people read the output: tables are cut to the screen and coloured. */
  readonly isInteractive: boolean;
  readonly colour: boolean;
  /** Characters a line. */
  readonly columns: number;
  /** Ends when the user wants to stop (Ctrl+C). */
  readonly stopped: AbortSignal;
  /** Results, on standard output. */
  write(text: string): void;
  /** Progress, warnings and errors, on standard error. */
  note(text: string): void;
  /** Asks a question; undefined when nobody is there to answer, a CliError when they leave instead (Ctrl+C). `hidden`: what is typed is not shown. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string | undefined>;
  /** All of standard input when it is not a terminal; undefined when it is. */
  readInput(): Promise<string | undefined>;
}

const wantsColour = (environment: Terminal["environment"], isTerminal: boolean): boolean => {
  if (environment["NO_COLOR"] !== undefined && environment["NO_COLOR"] !== "") return false;
  if (environment["FORCE_COLOR"] !== undefined && environment["FORCE_COLOR"] !== "0") return true;
  return isTerminal && environment["TERM"] !== "dumb";
};

const askOnTerminal = async (question: string, hidden: boolean): Promise<string | undefined> => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  let muted = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, written) {
      if (!muted) process.stderr.write(chunk);
      written();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    // Ctrl+C and Ctrl+D close the lines, and then the question is never answered.
    const closed = new Promise<never>((_, reject) => lines.once("close", () => reject(new CliError("Cancelled", "Cancelled."))));
    const answer = lines.question(question);
    muted = hidden;
    return await Promise.race([answer, closed]);
  } catch (error) {
    if (!hidden) process.stderr.write("\n");
    throw error;
  } finally {
    lines.close();
    if (hidden) process.stderr.write("\n");
  }
};

/** The terminal of this process. */
export const processTerminal = (): Terminal => {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort());
  }
  return {
    environment: process.env,
    directory: process.cwd(),
    isInteractive: process.stdout.isTTY === true,
    colour: wantsColour(process.env, process.stdout.isTTY === true),
    columns: process.stdout.columns || 80,
    stopped: stop.signal,
    write: (line) => void process.stdout.write(line),
    note: (line) => void process.stderr.write(line),
    ask: (question, { hidden = false } = {}) => askOnTerminal(question, hidden),
    readInput: async () => (process.stdin.isTTY ? undefined : text(process.stdin)),
  };
};
