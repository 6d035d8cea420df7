import { encodeText, frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { DownloadCursor, SaltedVersion } from "../progress.ts";
import type { Wire } from "../wire.ts";

interface ClientIdentBase {
  readonly type: "ident";
  readonly session: number;
  /** As given by the server's IDENT, now or in an earlier session. */
  readonly fileIdent: number;
  readonly salt: bigint;
  /** Where to resume sending. */
  readonly download: DownloadCursor;
  /** The newest server version the client ever heard of; version and salt 0 for a new file. */
  readonly latest: SaltedVersion;
}

export interface PartitionClientIdent extends ClientIdentBase {
  readonly mode: "partition";
}

export interface FlexibleClientIdent extends ClientIdentBase {
  readonly mode: "flexible";
  /** The client's active subscription set: 0 with `{}` for a new file. */
  readonly queryVersion: number;
  /** JSON as sent; `query-set.ts` reads it. */
  readonly query: string;
}

/**
 * IDENT (§5.2), from the client: identify the file and resume.
 *
 * `ident <session> <file ident> <salt> <dl server version> <dl client version> <latest server version> <latest salt>⏎`; in flexible sync
 * the head goes on with `<query version> <query size>` and the body is the query. Once in a session, after BIND and, if one was asked
 * for, the server's IDENT. It may follow BIND minutes later (client reset).
 */
export type ClientIdent = PartitionClientIdent | FlexibleClientIdent;

export const decodeClientIdent = (reader: FrameReader, wire: Wire): ClientIdent => {
  const base = {
    type: "ident",
    session: reader.session(),
    fileIdent: reader.integer(),
    salt: reader.salt(),
    download: { serverVersion: reader.integer(), clientVersion: reader.integer() },
  } as const;
  const version = reader.integer();
  if (wire.mode === "partition") {
    const latest = { version, salt: reader.lastSalt() };
    reader.noBody();
    return { ...base, latest, mode: "partition" };
  }
  const latest = { version, salt: reader.salt() };
  const queryVersion = reader.integer();
  return { ...base, latest, mode: "flexible", queryVersion, query: reader.text(reader.lastInteger(), wire.limits.query) };
};

export const encodeClientIdent = (ident: ClientIdent): Uint8Array<ArrayBuffer> => {
  const { session, fileIdent, salt, download, latest } = ident;
  const fields = ["ident", session, fileIdent, salt, download.serverVersion, download.clientVersion, latest.version, latest.salt];
  if (ident.mode === "partition") return frame(fields);
  const query = encodeText(ident.query);
  return frame([...fields, ident.queryVersion, query.length], query);
};
