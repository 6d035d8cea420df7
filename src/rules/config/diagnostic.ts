import { checkErrors, type CheckCode } from "../../errors/check.ts";

/** A place in a text. Both count from 1; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Errors keep a configuration from being used; warnings are for whoever wrote it. */
export type Severity = "error" | "warning";

/** One finding in a text. */
export interface Diagnostic {
  readonly code: CheckCode;
  readonly at: Position;
  /** One sentence that names what was found. Never quotes a secret. */
  readonly message: string;
  /** What to do, when that can be said. */
  readonly suggestion?: string;
}

export const severityOf = (code: CheckCode): Severity => (checkErrors[code].status === 0 ? "warning" : "error");

/** Collects findings while a text is read. */
export class Findings {
  readonly #found: Diagnostic[] = [];

  add(code: CheckCode, at: Position, message: string, suggestion?: string): void {
    this.#found.push({ code, at, message, ...(suggestion === undefined ? {} : { suggestion }) });
  }

  /** In the order of the text. */
  get all(): readonly Diagnostic[] {
    return this.#found.toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  }

  get hasErrors(): boolean {
    return this.#found.some(({ code }) => severityOf(code) === "error");
  }
}
