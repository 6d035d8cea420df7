import type { ClientFile, ClientFileMode } from "./client-files.ts";
import type { SessionErrorName } from "../errors/sync.ts";
import type { ScanCursor } from "./receiver-view.ts";

/** What an IDENT claims. */
export interface IdentClaim {
  readonly fileIdent: number;
  readonly salt: bigint;
  readonly download: ScanCursor;
  readonly latest: { readonly version: number; readonly salt: bigint };
}

/** What it is held against. */
export interface IdentFacts {
  readonly file: ClientFile | undefined;
  /** Whether anything at all is known of this partition: no history and no client file may mean that its data is missing (IN6). */
  readonly partitionIsEmpty: boolean;
  /** The operator said that missing data will not come back. */
  readonly lossIsFinal: boolean;
  readonly userId: string;
  readonly mode: ClientFileMode;
  readonly currentVersion: number;
  readonly baseVersion: number;
  /** Whether the snapshot the file began with is still there, with all entries after it. */
  readonly hasSnapshot: boolean;
  /** Undefined below the base. */
  readonly saltOf: (version: number) => number | undefined;
}

/** Names of the catalogue: what an IDENT can be refused with. */
export type IdentRefusal = Extract<
  SessionErrorName,
  | "UnknownClientFile"
  | "InitialSyncNotFinished"
  | "DivergingHistories"
  | "BadServerVersion"
  | "BadClientVersion"
  | "ClientFileExpired"
  | "UserMismatch"
>;

/**
 * The checks of an IDENT in the order of server-semantics §4. A refusal of a file of somebody else comes right after the salt, so that
 * nothing about it can be learnt.
 */
export function checkIdent(claim: IdentClaim, facts: IdentFacts): { readonly file: ClientFile } | { readonly refusal: IdentRefusal } {
  const { file } = facts;
  if (file === undefined) return { refusal: facts.partitionIsEmpty && !facts.lossIsFinal ? "InitialSyncNotFinished" : "UnknownClientFile" };
  if (claim.salt !== BigInt(file.salt)) return { refusal: "DivergingHistories" };
  if (file.owner !== facts.userId) return { refusal: "UserMismatch" };
  const { serverVersion, clientVersion } = claim.download;
  if (serverVersion < file.baseVersion) return { refusal: "BadServerVersion" };
  if (file.expired) return { refusal: "ClientFileExpired" };
  if (serverVersion > facts.currentVersion) return { refusal: "BadServerVersion" };
  if (clientVersion > file.clientVersion) return { refusal: "BadClientVersion" };
  if (serverVersion > claim.latest.version || claim.latest.version > facts.currentVersion) return { refusal: "BadServerVersion" };
  const salt = facts.saltOf(claim.latest.version);
  if (salt !== undefined && claim.latest.salt !== BigInt(salt)) return { refusal: "DivergingHistories" };
  if (file.mode !== facts.mode) return { refusal: "UnknownClientFile" };
  // It reads on from its cursor, and what it uploads next may be based on its older base: both need what came after (HX1). In the middle of
  // a snapshot it goes on with the same one (NB4). A file at 0 without uploads can be given another beginning.
  const needsFrom = Math.min(serverVersion, file.baseVersion);
  const goesOn = file.snapshotVersion > needsFrom ? facts.hasSnapshot : needsFrom >= facts.baseVersion;
  const canStartOver = serverVersion === 0 && file.clientVersion === 0;
  if (!goesOn && !canStartOver) return { refusal: "ClientFileExpired" };
  return { file };
}
