import {
  syncErrors,
  type Action,
  type ActionOf,
  type ConnectionErrorName,
  type SentErrorName,
  type SessionErrorName,
} from "../errors/sync.ts";
import type { Backoff, RejectedUpload, SentServerError } from "./down/json-error.ts";
import type { ProtocolError } from "./protocol-error.ts";

/** What belongs to an action: whether the client comes back, and what builds that look at `shouldClientReset` are told (E1). */
const consequences = {
  ProtocolViolation: { tryAgain: false, shouldClientReset: false },
  ApplicationBug: { tryAgain: false, shouldClientReset: false },
  Warning: { tryAgain: true, shouldClientReset: false },
  Transient: { tryAgain: true, shouldClientReset: false },
  DeleteRealm: { tryAgain: false, shouldClientReset: false },
  ClientReset: { tryAgain: false, shouldClientReset: true },
  ClientResetNoRecovery: { tryAgain: false, shouldClientReset: true },
  MigrateToFLX: { tryAgain: false, shouldClientReset: false },
  RevertToPBS: { tryAgain: false, shouldClientReset: false },
  MigrateSchema: { tryAgain: true, shouldClientReset: false },
  RefreshUser: { tryAgain: true, shouldClientReset: false },
  RefreshLocation: { tryAgain: true, shouldClientReset: false },
  LogOutUser: { tryAgain: false, shouldClientReset: false },
} as const satisfies Readonly<Record<Action, { tryAgain: boolean; shouldClientReset: boolean }>>;

/** What may be said beyond the code. */
export interface RefusalOptions<Name extends SentErrorName> {
  /** Replaces the catalogue's sentence; shown to the app's developer, so no secrets. */
  readonly message?: string;
  /** Where the app's developer finds the log of it; SDK users see it behind the message. */
  readonly logUrl?: string;
  /** Another of the actions the catalogue allows for the code. */
  readonly action?: ActionOf<Name>;
  readonly backoff?: Backoff;
}

/** Names that need more than a message have builders of their own. */
type PlainSessionErrorName = Exclude<
  SessionErrorName,
  "CompensatingWrite" | "WriteNotAllowed" | "MigrateToFlexible" | "SchemaVersionChanged"
>;

/** Ends the connection with all its sessions (100–199). */
export const connectionError = <Name extends ConnectionErrorName>(name: Name, options: RefusalOptions<Name> = {}): SentServerError =>
  build(name, 0, options);

/** Ends one session (200–299). */
export const sessionError = <Name extends PlainSessionErrorName>(
  session: number,
  name: Name,
  options: RefusalOptions<Name> = {},
): SentServerError => build(name, session, options);

/**
 * Tells of writes that were undone (231, §12.5); the session goes on. Send it before the DOWNLOAD whose entries reach `serverVersion`, in
 * growing order of it, again in the next session while the client's cursor is below it, and never after.
 */
export const compensatingWrite = (
  session: number,
  rejected: RejectedUpload & { readonly serverVersion: number },
  options: RefusalOptions<"CompensatingWrite"> = {},
): SentServerError => ({ ...build("CompensatingWrite", session, options), rejected });

/** Refuses an upload as a whole (230, §12.6): an asymmetric insert, or a write to a partition that may only be read. */
export const writeNotAllowed = (
  session: number,
  rejected: RejectedUpload & { readonly serverVersion?: never },
  options: RefusalOptions<"WriteNotAllowed"> = {},
): SentServerError => ({ ...build("WriteNotAllowed", session, options), rejected });

/** Moves a partition client to flexible sync (232, §15). `partitionQuery` is not empty: `realm_id == "part"`. */
export const migrateToFlexible = (
  session: number,
  partitionQuery: string,
  options: RefusalOptions<"MigrateToFlexible"> = {},
): SentServerError => ({ ...build("MigrateToFlexible", session, options), partitionQuery });

/** Tells a flexible client, in answer to BIND, that the app's schema version moved on (236, §16); the session goes on. */
export const schemaVersionChanged = (
  session: number,
  previousSchemaVersion: number,
  options: RefusalOptions<"SchemaVersionChanged"> = {},
): SentServerError => ({ ...build("SchemaVersionChanged", session, options), previousSchemaVersion });

/** The answer to a message that could not be parsed. */
export const refusalOf = (error: ProtocolError): SentServerError => build(error.error, error.session, {});

const build = <Name extends SentErrorName>(name: Name, session: number, options: RefusalOptions<Name>): SentServerError => {
  const entry: (typeof syncErrors)[SentErrorName] = syncErrors[name];
  const action: Action = options.action ?? entry.use.actions[0];
  return {
    type: "json_error",
    session,
    code: entry.status,
    message: options.message ?? entry.message,
    logUrl: options.logUrl ?? "",
    ...consequences[action],
    isRecoveryModeDisabled: action === "ClientResetNoRecovery",
    action,
    ...(options.backoff && { backoff: options.backoff }),
  };
};
