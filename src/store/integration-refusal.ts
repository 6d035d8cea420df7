import { ChangesetError } from "../changeset/error.ts";
import type { SessionErrorName } from "../errors/sync.ts";
import { MergeError } from "../merge/merge.ts";
import { BadChangesetError } from "./objects/index.ts";

/** Names of the catalogue: what an upload that passed the checks of its numbers can still be refused with. */
export type IntegrationRefusalName = Extract<
  SessionErrorName,
  "BadChangeset" | "InvalidSchemaChange" | "WriteNotAllowed" | "OtherSessionError"
>;

/** An upload that cannot be integrated. Its message is for the log: it may quote names of classes and properties. */
export class IntegrationRefusal extends Error {
  override readonly name = "IntegrationRefusal";
  readonly error: IntegrationRefusalName;

  constructor(error: IntegrationRefusalName, message: string) {
    super(message);
    this.error = error;
  }
}

/** Definitions of one class or property that contradict each other get a code of their own (SC2). */
const schemaCodes: ReadonlySet<string> = new Set(["TableMismatch", "ColumnMismatch", "ClassMismatch", "FieldMismatch"]);

/** What an exception means for the upload that caused it. Anything but the rooms' own errors is a fault of ours and thrown on. */
export function asRefusal(error: unknown): IntegrationRefusal {
  if (error instanceof IntegrationRefusal) return error;
  // A reset would lose a transaction that is only larger than a partition's memory bears: what recovers it makes the same one again.
  if (error instanceof ChangesetError && error.code === "ChangesetTooLarge")
    return new IntegrationRefusal("OtherSessionError", error.message);
  if (error instanceof ChangesetError) return new IntegrationRefusal("BadChangeset", error.message);
  if (error instanceof MergeError || error instanceof BadChangesetError) {
    return new IntegrationRefusal(schemaCodes.has(error.code) ? "InvalidSchemaChange" : "BadChangeset", error.message);
  }
  throw error;
}
