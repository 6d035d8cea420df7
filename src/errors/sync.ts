import type { ErrorEntry } from "./entry.ts";

/** What a JSON_ERROR tells the client to do; from protocol version 7 on nothing else decides (sync-protocol §12.2). */
export type Action =
  | "ProtocolViolation"
  | "ApplicationBug"
  | "Warning"
  | "Transient"
  | "DeleteRealm"
  | "ClientReset"
  | "ClientResetNoRecovery"
  | "MigrateToFLX"
  | "RevertToPBS"
  | "MigrateSchema"
  | "RefreshUser"
  | "RefreshLocation"
  | "LogOutUser";

/** The status that the app's error handler is shown (sync-protocol §12.3), or that its process ends. */
export type ClientStatus =
  | "AuthError"
  | "BadChangeset"
  | "BadSyncPartitionValue"
  | "ConnectionClosed"
  | "InvalidSchemaChange"
  | "InvalidSubscriptionQuery"
  | "ObjectAlreadyExists"
  | "RuntimeError"
  | "SyncClientResetRequired"
  | "SyncCompensatingWrite"
  | "SyncPermissionDenied"
  | "SyncProtocolInvariantFailed"
  | "SyncSchemaMigrationError"
  | "SyncServerPermissionsChanged"
  | "SyncUserMismatch"
  | "SyncWriteNotAllowed"
  | "WrongSyncType"
  | "process aborts";

/** How Reeve uses a code: sends it with these actions (the first is the rule), only receives it, or never puts it on the wire. */
export type Use =
  | { readonly kind: "sent"; readonly actions: readonly [Action, ...Action[]] }
  | { readonly kind: "received" }
  | { readonly kind: "never"; readonly instead: string };

export interface SyncErrorEntry extends ErrorEntry {
  /** 100–199 end the connection and travel with session ident 0; 200–299 end, or inform, one session (E2). */
  readonly level: "connection" | "session";
  readonly clientStatus: ClientStatus;
  readonly use: Use;
}

const sent = <const Actions extends readonly [Action, ...Action[]]>(...actions: Actions) => ({ kind: "sent", actions }) as const;
const never = (instead: string) => ({ kind: "never", instead }) as const;

/**
 * Every code of the sync protocol (sync-protocol §12.4), by name. Twelve of them end the *process* of apps with core ≥ 13.18, so
 * they are marked `never`, and the types of `protocol/refusal.ts` leave no way to build a message with one.
 */
export const syncErrors = {
  // Connection level.
  ConnectionClosed: {
    status: 100,
    level: "connection",
    clientStatus: "ConnectionClosed",
    use: sent("Transient"),
    message: "The connection was closed; try again.",
    explanation:
      "The service is restarting or sheds load. The client reconnects with growing delays. Nothing is lost: what was not acknowledged is uploaded again.",
  },
  OtherConnectionError: {
    status: 101,
    level: "connection",
    clientStatus: "RuntimeError",
    use: sent("ApplicationBug", "Transient"),
    message: "The connection was refused.",
    explanation:
      "Also sent where a limit was exceeded (frame, head, field, number of entries, inflated size), because 104 ends the app's process. The log names the limit. With Transient it is a failure of the service; the client reconnects.",
  },
  UnknownMessage: {
    status: 102,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "Unknown message type.",
    explanation: "The peer sent a message that this protocol version does not know. It is not a Realm SDK, or a proxy damages frames.",
  },
  BadSyntax: {
    status: 103,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "Bad syntax in a message.",
    explanation: "A head has missing, extra or malformed fields, its sizes do not fit the frame, or a text is not what it must be.",
  },
  LimitsExceeded: {
    status: 104,
    level: "connection",
    clientStatus: "process aborts",
    use: never("OtherConnectionError (101)"),
    message: "A limit was exceeded.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  WrongProtocolVersion: {
    status: 105,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: never("HTTP 400 on the upgrade"),
    message: "Client and server versions do not match.",
    explanation: "Obsolete: versions are negotiated in the upgrade, and a client that offers none we speak is refused there.",
  },
  BadSessionIdent: {
    status: 106,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "No such session on this connection.",
    explanation: "A message names a session that was never bound here, or session 0 where a session is needed.",
  },
  SessionIdentReused: {
    status: 107,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "This session ident is in use.",
    explanation: "BIND for a session that is still bound on the same connection.",
  },
  ClientFileBoundTwice: {
    status: 108,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "This client file is already bound on this connection.",
    explanation: "Two overlapping sessions of one file on one socket. On different sockets the older session is ended with 200 instead.",
  },
  BadMessageOrder: {
    status: 109,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "Message out of order.",
    explanation: "For example UPLOAD before IDENT, or a second IDENT in one session.",
  },
  BadDecompression: {
    status: 110,
    level: "connection",
    clientStatus: "RuntimeError",
    use: sent("ApplicationBug"),
    message: "A compressed body could not be read.",
    explanation: "The zlib stream is damaged or does not inflate to exactly the announced size.",
  },
  BadChangesetHeader: {
    status: 111,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "Bad syntax in the head of a changeset.",
    explanation: "A number before a changeset in UPLOAD is missing or malformed. Nothing of the message was integrated.",
  },
  BadChangesetSize: {
    status: 112,
    level: "connection",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ApplicationBug"),
    message: "A changeset is larger than its message.",
    explanation:
      "The size announced before a changeset goes beyond the body. A client sends the same code for a changeset too large for its bootstrap store.",
  },
  AppIsFlexible: {
    status: 113,
    level: "connection",
    clientStatus: "WrongSyncType",
    use: sent("ApplicationBug"),
    message: "This app uses flexible sync; connect with a flexible configuration.",
    explanation: "A partition client reached an app that is set to flexible sync. The app stops; its configuration must be changed.",
  },
  AppIsPartitioned: {
    status: 114,
    level: "connection",
    clientStatus: "WrongSyncType",
    use: sent("ApplicationBug"),
    message: "This app uses partition-based sync; connect with a partition value.",
    explanation: "A flexible-sync client reached an app that is set to partitions. The app stops; its configuration must be changed.",
  },

  // Session level.
  SessionClosed: {
    status: 200,
    level: "session",
    clientStatus: "ConnectionClosed",
    use: sent("Transient"),
    message: "The session was restarted.",
    explanation:
      "The client binds again after one second and sees nothing of it. Used when a newer session took over the file, when permissions changed, and to make a client forget the parts of an interrupted bootstrap.",
  },
  OtherSessionError: {
    status: 201,
    level: "session",
    clientStatus: "RuntimeError",
    use: sent("ApplicationBug", "Transient"),
    message: "The session was refused.",
    explanation: "An error without a code of its own; the message and the log tell which. With Transient the client tries again.",
  },
  TokenExpired: {
    status: 202,
    level: "session",
    clientStatus: "process aborts",
    use: never("close code 4001"),
    message: "The access token has expired.",
    explanation: "Closing the socket with 4001 makes the client refresh its token and come back within a second.",
  },
  BadAuthentication: {
    status: 203,
    level: "session",
    clientStatus: "process aborts",
    use: never("HTTP 401 or 403 on the upgrade, close codes 4001 and 4002"),
    message: "Bad user authentication.",
    explanation: "Users are authenticated when the socket is opened, never by a message on it.",
  },
  IllegalPartition: {
    status: 204,
    level: "session",
    clientStatus: "BadSyncPartitionValue",
    use: sent("ApplicationBug"),
    message: "This partition value cannot be used.",
    explanation:
      "The value is not a string, 64-bit integer, ObjectId, UUID or null, is too long, holds control characters, or is not valid for this user.",
  },
  NoSuchRealm: {
    status: 205,
    level: "session",
    clientStatus: "process aborts",
    use: never("IllegalPartition (204) or OtherSessionError (201)"),
    message: "No such realm.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  PermissionDenied: {
    status: 206,
    level: "session",
    clientStatus: "SyncPermissionDenied",
    use: sent("ApplicationBug", "DeleteRealm"),
    message: "You may not open this partition.",
    explanation:
      "No grant and no rule lets this user read the partition. The device keeps its file unless the app is set to delete it. Clients below protocol 4 always delete it.",
  },
  BadServerFileIdent: {
    status: 207,
    level: "session",
    clientStatus: "process aborts",
    use: never("UnknownClientFile (208)"),
    message: "The client's file points to a server file that does not exist.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  UnknownClientFile: {
    status: 208,
    level: "session",
    clientStatus: "SyncClientResetRequired",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "This client file is not known here.",
    explanation:
      "The file ident was never given out by this partition. After a loss of data the device would be emptied to what the server holds, so a partition whose history is missing answers 229 instead until the loss is declared final.",
  },
  BadServerVersion: {
    status: 209,
    level: "session",
    clientStatus: "SyncClientResetRequired",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "The client names a server version that does not exist.",
    explanation: "Usual after the partition was restored from a backup. The client starts over and recovers what it had not uploaded.",
  },
  BadClientVersion: {
    status: 210,
    level: "session",
    clientStatus: "SyncClientResetRequired",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "The client's versions contradict what was integrated.",
    explanation: "The client claims, or goes back behind, changes of its own; usual after a device or the partition was restored.",
  },
  DivergingHistories: {
    status: 211,
    level: "session",
    clientStatus: "SyncClientResetRequired",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "Client and server have different histories.",
    explanation: "The salt of the file or of the latest server version differs: the version exists, but was made by another continuation.",
  },
  BadChangeset: {
    status: 212,
    level: "session",
    clientStatus: "BadChangeset",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "An uploaded changeset could not be integrated.",
    explanation:
      "It did not parse, contradicts the schema, or does not apply; nothing of the upload was stored. Without a reset the client would send the same bytes for ever. A second time in a row it is sent without recovery.",
  },
  PartialSyncDisabled: {
    status: 214,
    level: "session",
    clientStatus: "process aborts",
    use: never("AppIsPartitioned (114)"),
    message: "Query-based sync is disabled.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  UnsupportedSessionFeature: {
    status: 215,
    level: "session",
    clientStatus: "process aborts",
    use: never("OtherSessionError (201)"),
    message: "The session asks for an unsupported feature.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  BadOriginFileIdent: {
    status: 216,
    level: "session",
    clientStatus: "SyncProtocolInvariantFailed",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "An uploaded changeset names a foreign author.",
    explanation: "The origin file ident of an UPLOAD entry must be 0: a client uploads only its own changes.",
  },
  UnusableClientFile: {
    status: 217,
    level: "session",
    clientStatus: "SyncClientResetRequired",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "This client file can no longer be used.",
    explanation: "The client reported that it cannot integrate what it was sent, or an operator reset the file.",
  },
  ServerFileDeleted: {
    status: 218,
    level: "session",
    clientStatus: "process aborts",
    use: never("UnknownClientFile (208)"),
    message: "The server file was deleted while the session was bound to it.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  ClientFileBlacklisted: {
    status: 219,
    level: "session",
    clientStatus: "process aborts",
    use: never("PermissionDenied (206)"),
    message: "The client file is blocked.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  UserBlacklisted: {
    status: 220,
    level: "session",
    clientStatus: "process aborts",
    use: never("close code 4002"),
    message: "The user is blocked.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  TransactBeforeUpload: {
    status: 221,
    level: "session",
    clientStatus: "process aborts",
    use: never("BadMessageOrder (109)"),
    message: "A serialized transaction came before the upload was complete.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  ClientFileExpired: {
    status: 222,
    level: "session",
    clientStatus: "SyncClientResetRequired",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "This client file was away too long.",
    explanation: "The history it needs was compacted away. It starts over from the current state and recovers what it had not uploaded.",
  },
  UserMismatch: {
    status: 223,
    level: "session",
    clientStatus: "SyncUserMismatch",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "This client file belongs to another user.",
    explanation: "A file ident was presented by a user other than the one it was given to.",
  },
  TooManySessions: {
    status: 224,
    level: "session",
    clientStatus: "process aborts",
    use: never("ConnectionClosed (100) or SessionClosed (200)"),
    message: "Too many sessions in this connection.",
    explanation: "Known from older servers. Clients with core ≥ 13.18 abort on it.",
  },
  InvalidSchemaChange: {
    status: 225,
    level: "session",
    clientStatus: "InvalidSchemaChange",
    use: sent("ApplicationBug"),
    message: "The uploaded schema change is not allowed.",
    explanation: "A class or property contradicts what exists, or is erased, or the app does not accept schema changes from clients.",
  },
  BadQuery: {
    status: 226,
    level: "session",
    clientStatus: "InvalidSubscriptionQuery",
    use: sent("ApplicationBug"),
    message: "The subscription query is not valid.",
    explanation: "Travels as QUERY_ERROR, where only that subscription set fails. As a session error it would stop the file for good.",
  },
  ObjectAlreadyExists: {
    status: 227,
    level: "session",
    clientStatus: "ObjectAlreadyExists",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "An object with this key exists outside the view.",
    explanation: "A compensating write (231) says the same and keeps the session.",
  },
  PermissionsChanged: {
    status: 228,
    level: "session",
    clientStatus: "SyncServerPermissionsChanged",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "Permissions changed; starting over.",
    explanation: "For clients below protocol 14, which cannot take a new bootstrap of their active subscriptions. Newer ones get 200.",
  },
  InitialSyncNotFinished: {
    status: 229,
    level: "session",
    clientStatus: "ConnectionClosed",
    use: sent("Transient"),
    message: "The partition is not ready yet; try again.",
    explanation: "Its data is being restored, moved or missing. The client waits and keeps everything it has.",
  },
  WriteNotAllowed: {
    status: 230,
    level: "session",
    clientStatus: "SyncWriteNotAllowed",
    use: sent("ClientReset", "ClientResetNoRecovery"),
    message: "This write is not allowed.",
    explanation: "The user may read but not write the partition, or the class is asymmetric and the insert was refused. The client resets.",
  },
  CompensatingWrite: {
    status: 231,
    level: "session",
    clientStatus: "SyncCompensatingWrite",
    use: sent("Warning"),
    message: "Client attempted a write that is not allowed; it has been reverted.",
    explanation: "The session goes on. Each refused object is named with its reason; a correcting change follows in the next DOWNLOAD.",
  },
  MigrateToFlexible: {
    status: 232,
    level: "session",
    clientStatus: "WrongSyncType",
    use: sent("MigrateToFLX"),
    message: "This app moved to flexible sync.",
    explanation: "Only for partition clients: the SDK reopens the file as a flexible one whose subscriptions are the given query.",
  },
  BadProgress: {
    status: 233,
    level: "session",
    clientStatus: "SyncProtocolInvariantFailed",
    use: { kind: "received" },
    message: "The client found the progress of a DOWNLOAD contradictory.",
    explanation:
      "Sent by clients only: the server's cursors went back, which a restore without new salts can cause. The file idles until reset.",
  },
  RevertToPartition: {
    status: 234,
    level: "session",
    clientStatus: "WrongSyncType",
    use: sent("RevertToPBS"),
    message: "This app moved back to partition-based sync.",
    explanation: "Only for files that were migrated by 232; any other client throws or aborts.",
  },
  BadSchemaVersion: {
    status: 235,
    level: "session",
    clientStatus: "SyncSchemaMigrationError",
    use: sent("ApplicationBug"),
    message: "This schema version is not known.",
    explanation: "The app was built with a schema version that the service does not offer.",
  },
  SchemaVersionChanged: {
    status: 236,
    level: "session",
    clientStatus: "SyncSchemaMigrationError",
    use: sent("MigrateSchema"),
    message: "The schema version changed.",
    explanation: "Flexible sync only. The session goes on until the client has uploaded what it had, then the SDK re-creates the file.",
  },
} as const satisfies Readonly<Record<string, SyncErrorEntry>>;

/** Errors that only inform: the session they are sent to goes on (S9). After any other one nothing more may be sent for it. */
export const informingCodes: ReadonlySet<number> = new Set([syncErrors.CompensatingWrite.status, syncErrors.SchemaVersionChanged.status]);

type Table = typeof syncErrors;
export type SyncErrorName = keyof Table;

/** The names whose code may be put on the wire by the server. */
export type SentErrorName = { [Name in SyncErrorName]: Table[Name]["use"]["kind"] extends "sent" ? Name : never }[SyncErrorName];
export type SentErrorCode = Table[SentErrorName]["status"];

export type ConnectionErrorName = { [Name in SentErrorName]: Table[Name]["level"] extends "connection" ? Name : never }[SentErrorName];
export type SessionErrorName = Exclude<SentErrorName, ConnectionErrorName>;

/** The actions the table allows for a name. */
export type ActionOf<Name extends SentErrorName> = Table[Name]["use"]["actions"][number];
