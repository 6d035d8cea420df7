import type { Diagnostic, Position } from "../../rules/config/diagnostic.ts";

/** A diagnostic with the file it was found in. `code` may be one of `checkErrors` or of the realm files' own family. */
export interface Finding extends Omit<Diagnostic, "code"> {
  /** As people would type it from where they are. */
  readonly file: string;
  readonly code: string;
  readonly severity: "error" | "warning";
}

/** The beginning of a file, for findings that concern it as a whole. */
export const fileStart: Position = { line: 1, column: 1 };

/** The place of an offset in a text. */
export const positionAt = (text: string, offset: number): Position => {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
};
