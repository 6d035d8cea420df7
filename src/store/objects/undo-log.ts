/** A place in the log to come back to. Checkpoints nest: the inner one is rolled back or released before the outer. */
export interface Checkpoint {
  readonly depth: number;
  readonly position: number;
}

/** How to take back what was done since the outermost checkpoint. */
export class UndoLog {
  readonly #steps: (() => void)[] = [];
  #depth = 0;

  get open(): boolean {
    return this.#depth > 0;
  }

  push(step: () => void): void {
    this.#steps.push(step);
  }

  checkpoint(): Checkpoint {
    this.#depth++;
    return { depth: this.#depth, position: this.#steps.length };
  }

  /** Takes back everything since the checkpoint and closes it. Throws when it is not the innermost open one. */
  rollback(checkpoint: Checkpoint): void {
    this.#close(checkpoint);
    while (this.#steps.length > checkpoint.position) this.#steps.pop()?.();
  }

  /** Keeps what was done since the checkpoint, as part of the enclosing one if there is one. */
  release(checkpoint: Checkpoint): void {
    this.#close(checkpoint);
    if (this.#depth === 0) this.#steps.length = 0;
  }

  #close(checkpoint: Checkpoint): void {
    if (checkpoint.depth !== this.#depth) throw new Error("checkpoints must be closed from the inside out, each once");
    this.#depth--;
  }
}
