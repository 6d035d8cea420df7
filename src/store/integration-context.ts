import type { ClientFile } from "./client-files.ts";
import type { Correction, Corrections } from "./corrections.ts";
import type { History } from "./history.ts";
import type { ObjectState } from "./objects/index.ts";
import type { ChangesetCodec, Reciprocals } from "./reciprocals.ts";
import type { RefusedObjects } from "./refused-objects.ts";
import type { Snapshots } from "./snapshots.ts";
import type { VersionPair } from "./upload-checks.ts";

/** What an integration reads and writes of the partition. */
export interface IntegrationContext {
  readonly history: History;
  readonly snapshots: Snapshots;
  readonly objects: Pick<ObjectState, "apply" | "checkpoint" | "rollback" | "release">;
  readonly codec: ChangesetCodec;
  /** Those the file has; undefined when it has none. */
  reciprocals(file: ClientFile): Reciprocals | undefined;
  reciprocalsFor(file: ClientFile): Reciprocals;
  corrections(file: ClientFile): Corrections | undefined;
  /** Appends the entry that restores these objects at the author. */
  correct(file: ClientFile, refused: RefusedObjects): Correction;
  /** Moves the file's progress, never back (UP2); `durably`: it goes with new entries. */
  advanceProgress(file: ClientFile, progress: VersionPair, lockedVersion: number, durably: boolean): void;
}
