/** What replaying one line showed. `note` puts a passed line into a class that the summary counts. */
export type Outcome =
  | { readonly kind: "passed"; readonly note?: string }
  | { readonly kind: "failed"; readonly what: readonly string[] }
  | { readonly kind: "skipped"; readonly why: string };

export const passed: Outcome = { kind: "passed" };
export const passedAs = (note: string): Outcome => ({ kind: "passed", note });
export const failed = (...what: readonly string[]): Outcome => ({ kind: "failed", what });
export const skipped = (why: string): Outcome => ({ kind: "skipped", why });
