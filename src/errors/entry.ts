/**
 * One line of the error catalogue. Families stand beside each other in this room (one file a family), are joined in `catalogue.ts`,
 * and the reference page `docs/errors.md` is generated from them.
 */
export interface ErrorEntry {
  /** HTTP status, or the protocol's number for errors of the sync protocol. */
  readonly status: number;
  /** What the client is told: one sentence without secrets. */
  readonly message: string;
  /** What an operator should know: when it happens, what it means for data, what to do. */
  readonly explanation: string;
}

/** A family maps stable codes to entries: `{ InvalidPassword: { status: 401, … } } satisfies ErrorFamily`. */
export type ErrorFamily = Readonly<Record<string, ErrorEntry>>;
