import type { RealmFileErrorCode } from "../../errors/realm-files.ts";

/** One file as text. `path` is only shown. */
export interface RealmFile {
  readonly path: string;
  readonly text: string;
}

/** One finding. Lines and columns count from 1. All of them keep the files from being applied. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: RealmFileErrorCode;
  /** One sentence that names what was found; never a secret. */
  readonly message: string;
}

/** Where something stands in a file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Collects findings while files are read. */
export class Findings {
  readonly #found: Diagnostic[] = [];

  add(place: Place, code: RealmFileErrorCode, message: string): void {
    const { file, line, column } = place;
    this.#found.push({ file, line, column, code, message });
  }

  get count(): number {
    return this.#found.length;
  }

  /** By file in the order of the files, then by place. */
  sorted(files: readonly RealmFile[]): readonly Diagnostic[] {
    const order = new Map(files.map(({ path }, index) => [path, index]));
    const rank = ({ file }: Diagnostic): number => order.get(file) ?? -1;
    return this.#found.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
  }
}
