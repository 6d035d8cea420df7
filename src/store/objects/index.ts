export { BadChangesetError } from "./bad-changeset.ts";
export type { ClassDescription, ColumnDescription } from "./classes.ts";
export type { LinkForm, ReadObject, ReadValue } from "./reader.ts";
export { SqlObjectStorage } from "./sql-storage.ts";
export { ObjectState, type ObjectStateOptions, type Page, type PageRequest } from "./state.ts";
export { MemoryObjectStorage, type ObjectStorage } from "./storage.ts";
export type { Checkpoint } from "./undo-log.ts";
export type { FlushResult } from "./workspace.ts";
export { stateToJson, type Json, type Notation } from "./to-json.ts";
