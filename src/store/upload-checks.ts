import type { SessionErrorName } from "../errors/sync.ts";

/** A pair of versions of both sides: an upload's progress, or an entry's version and base. */
export interface VersionPair {
  readonly clientVersion: number;
  readonly serverVersion: number;
}

/** What a session knows when an UPLOAD arrives (server-semantics §5). */
export interface UploadState {
  /** t: what was integrated when the session identified itself; fixed for the session. */
  readonly threshold: VersionPair;
  /** p: progress received in this session so far; (0, 0) at first. */
  readonly progress: VersionPair;
  /** d: the server version last sent. */
  readonly sentVersion: number;
  readonly lockedVersion: number;
}

export interface UploadClaim {
  readonly progress: VersionPair;
  readonly lockedServerVersion: number;
  readonly entries: readonly (VersionPair & { readonly originFileIdent: number })[];
}

export type UploadRefusal = Extract<SessionErrorName, "BadClientVersion" | "BadServerVersion" | "BadOriginFileIdent">;

/** The checks of server-semantics §5.1, 1 to 8, in that order; 9 is done where messages are parsed. Undefined: nothing is wrong. */
export function checkUpload(claim: UploadClaim, state: UploadState): UploadRefusal | undefined {
  const { progress, lockedServerVersion, entries } = claim;
  if (progress.clientVersion < state.progress.clientVersion) return "BadClientVersion";
  if (progress.serverVersion > state.sentVersion) return "BadServerVersion";
  if (!consistent(progress) || !agree(progress, state.threshold) || !agree(progress, state.progress)) return "BadServerVersion";
  if (lockedServerVersion < state.lockedVersion || lockedServerVersion > state.sentVersion) return "BadServerVersion";
  let previous = state.progress;
  for (const entry of entries) {
    if (entry.clientVersion <= previous.clientVersion) return "BadClientVersion";
    if (!consistent(entry) || !agree(entry, previous) || !agree(entry, state.threshold)) return "BadServerVersion";
    if (entry.originFileIdent !== 0) return "BadOriginFileIdent";
    previous = entry;
  }
  if (previous.clientVersion > progress.clientVersion) return "BadClientVersion";
  return agree(previous, progress) ? undefined : "BadServerVersion";
}

/** Before its first commit a client knows nothing of the server. */
const consistent = (pair: VersionPair): boolean => pair.clientVersion !== 0 || pair.serverVersion === 0;

/** Versions of both sides grow together; equal client versions come with equal server versions. */
const agree = (a: VersionPair, b: VersionPair): boolean => {
  if (a.clientVersion === b.clientVersion) return a.serverVersion === b.serverVersion;
  return a.clientVersion < b.clientVersion ? a.serverVersion <= b.serverVersion : a.serverVersion >= b.serverVersion;
};
