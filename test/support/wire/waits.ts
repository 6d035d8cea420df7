/** Conditions that somebody waits for, looked at after every event. Failing rejects all of them, those to come too. */
export class Waits {
  readonly #open = new Set<{ readonly condition: () => boolean; readonly resolve: () => void; readonly reject: (error: Error) => void }>();
  #failure: Error | undefined;

  /** Resolves when `condition` holds; rejects with what was waited for when it does not within the time, or cannot any more. */
  until(condition: () => boolean, what: string, milliseconds = 10_000): Promise<void> {
    if (condition()) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(wait);
        reject(new Error(`not within ${milliseconds} ms: ${what}`));
      }, milliseconds);
      const settle =
        <Value>(then: (value: Value) => void) =>
        (value: Value): void => {
          clearTimeout(timer);
          this.#open.delete(wait);
          then(value);
        };
      const wait = {
        condition,
        resolve: settle<void>(resolve),
        reject: settle((error: Error) => reject(new Error(`${what}: ${error.message}`))),
      };
      this.#open.add(wait);
    });
  }

  /** Something happened. */
  look(): void {
    for (const wait of this.#open) if (wait.condition()) wait.resolve();
  }

  /** Nothing more will happen. Conditions that hold by now are met all the same. */
  fail(error: Error): void {
    this.look();
    this.#failure ??= error;
    for (const wait of this.#open) wait.reject(this.#failure);
  }
}
