import type { CliErrorCode } from "../errors/cli.ts";

/** A command that did not do what was asked, for a reason its user can understand. Its code decides the exit status. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  /** What to do about it, when that can be said. */
  readonly suggestion: string | undefined;

  constructor(code: CliErrorCode, message: string, suggestion?: string) {
    super(message);
    this.code = code;
    this.suggestion = suggestion;
  }
}
