import type { Outcome } from "./outcome.ts";

const shownFailures = 20;
const shownLinesPerFailure = 24;

/** Gathers outcomes over all files, prints the first failures as they come, and the sums at the end. */
export class Report {
  passed = 0;
  failed = 0;
  skipped = 0;
  private readonly notes = new Map<string, number>();
  private readonly print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.print = print;
  }

  /** `where`: file, line number and name of the line. */
  add(where: string, outcome: Outcome): void {
    switch (outcome.kind) {
      case "passed":
        this.passed++;
        if (outcome.note !== undefined) this.count(outcome.note);
        break;
      case "skipped":
        this.skipped++;
        this.count(`skipped: ${outcome.why}`);
        break;
      case "failed":
        this.failed++;
        if (this.failed <= shownFailures) this.show(where, outcome.what);
        break;
    }
  }

  /** The counted notes, then the line of sums. */
  summarise(): void {
    for (const [note, count] of [...this.notes].sort(([a], [b]) => (a < b ? -1 : 1))) this.print(`${String(count).padStart(8)}  ${note}`);
    this.print(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
  }

  private count(note: string): void {
    this.notes.set(note, (this.notes.get(note) ?? 0) + 1);
  }

  private show(where: string, what: readonly string[]): void {
    this.print(`FAILED ${where}`);
    for (const line of what.slice(0, shownLinesPerFailure)) this.print(`    ${line}`);
    if (what.length > shownLinesPerFailure) this.print(`    … ${what.length - shownLinesPerFailure} more lines`);
  }
}
