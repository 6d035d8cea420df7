/**
 * What a history leads to: classes, objects and their values, as a view that is brought up to date by applying changesets (merge-rules §7, §8).
 *
 * `ObjectState` is the door. Below it a `Workspace` caches objects over an `ObjectStorage`; `apply*` carry out instructions, `places` finds
 * where they work, `admission` says what may stand there, and each change leaves its own undoing in the `UndoLog`. `reader` and `to-json`
 * show the state, `snapshot` writes it out as changesets.
 */
export { BadChangesetError } from "./bad-changeset.ts";
export type { ClassDescription, ColumnDescription } from "./classes.ts";
export type { LinkForm, ReadObject, ReadValue } from "./reader.ts";
export { SqlObjectStorage } from "./sql-storage.ts";
export { ObjectState, type ObjectStateOptions, type Page, type PageRequest } from "./state.ts";
export { MemoryObjectStorage, type ObjectStorage } from "./storage.ts";
export type { Checkpoint } from "./undo-log.ts";
export type { FlushResult } from "./workspace.ts";
export { objectToJson, stateToJson, type Json, type Notation } from "./to-json.ts";
