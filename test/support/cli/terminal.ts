import { run } from "../../../src/cli/run.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";

/** What a line of `reeve` did. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
  /** What it asked. */
  readonly questions: readonly string[];
}

export interface FakeTerminal {
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Whether people sit before it. */
  readonly isInteractive?: boolean;
  readonly colour?: boolean;
  readonly columns?: number;
  /** What is typed, question by question; nothing more is answered. */
  readonly answers?: readonly string[];
  /** Standard input, when it is no terminal. */
  readonly input?: string;
  readonly stopped?: AbortSignal;
  /** Hears everything as it is written. */
  readonly onWrite?: (text: string) => void;
}

/** Runs one line in this process, before a terminal that remembers everything. */
export const runLine = async (words: readonly string[], options: FakeTerminal = {}): Promise<Outcome> => {
  const answers = [...(options.answers ?? [])];
  const questions: string[] = [];
  let [output, errors] = ["", ""];
  const terminal: Terminal = {
    environment: options.environment ?? {},
    directory: options.directory ?? process.cwd(),
    isInteractive: options.isInteractive ?? false,
    colour: options.colour ?? false,
    columns: options.columns ?? 80,
    stopped: options.stopped ?? new AbortController().signal,
    write: (text) => {
      output += text;
      options.onWrite?.(text);
    },
    note: (text) => {
      errors += text;
    },
    ask: async (question) => {
      questions.push(question);
      return answers.shift();
    },
    readInput: async () => options.input,
  };
  const status = await run(words, terminal);
  return { status, output, errors, questions };
};
