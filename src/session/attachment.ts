import type { ConnectionAttachment, ConnectionInfo } from "./ports.ts";
import type { Session } from "./session.ts";

/** Version of what `packConnection` writes. */
const format = 1;

/** A session as it comes back from hibernation: all a running one needs that is not in the store (server-semantics §16). */
export type RestoredSession =
  | { readonly state: "waitIdent" | "ended"; readonly ident: number }
  | {
      readonly state: "running";
      readonly ident: number;
      readonly fileIdent: number;
      readonly cursor: { readonly serverVersion: number; readonly clientVersion: number };
      readonly toldUpload: { readonly clientVersion: number; readonly serverVersion: number } | undefined;
      readonly threshold: { readonly clientVersion: number; readonly serverVersion: number };
      readonly progress: { readonly clientVersion: number; readonly serverVersion: number };
      readonly lockedVersion: number;
      readonly mark: { readonly request: number; readonly serverVersion: number } | undefined;
      readonly notified: number;
    };

/** The connection's state as a value that can be cloned: some 200 bytes, and 150 for each session. */
export function packConnection(info: ConnectionInfo, open: boolean, sessions: Iterable<Session>): ConnectionAttachment {
  return { format, info, open, sessions: Array.from(sessions, packSession) };
}

/** Running sessions are thirteen numbers behind their ident; −1 stands for "none". */
function packSession(session: Session): readonly number[] {
  if (session.state === "waitIdent") return [session.ident, 0];
  if (session.state === "ended") return [session.ident, 1];
  const { cursor, toldUpload, threshold, progress, mark } = session;
  return [
    session.ident,
    2,
    session.file.ident,
    cursor.serverVersion,
    cursor.clientVersion,
    toldUpload?.clientVersion ?? -1,
    toldUpload?.serverVersion ?? -1,
    threshold.clientVersion,
    threshold.serverVersion,
    progress.clientVersion,
    progress.serverVersion,
    session.lockedVersion,
    mark?.request ?? -1,
    mark?.serverVersion ?? -1,
    session.notified,
  ];
}

/** Reads what `packConnection` wrote; undefined for anything else. */
export function unpackConnection(
  attachment: unknown,
): { readonly info: ConnectionInfo; readonly open: boolean; readonly sessions: readonly RestoredSession[] } | undefined {
  if (!isRecord(attachment) || attachment.format !== format || !Array.isArray(attachment.sessions)) return undefined;
  const info = readInfo(attachment.info);
  if (info === undefined || typeof attachment.open !== "boolean") return undefined;
  const sessions: RestoredSession[] = [];
  for (const packed of attachment.sessions as unknown[]) {
    const session = unpackSession(packed);
    if (session === undefined) return undefined;
    sessions.push(session);
  }
  return { info, open: attachment.open, sessions };
}

function unpackSession(packed: unknown): RestoredSession | undefined {
  if (!Array.isArray(packed) || !packed.every((value): value is number => Number.isSafeInteger(value))) return undefined;
  const [ident, state, ...numbers] = packed;
  if (ident === undefined) return undefined;
  if (state === 0) return { state: "waitIdent", ident };
  if (state === 1) return { state: "ended", ident };
  if (state !== 2 || numbers.length !== 13) return undefined;
  const at = (index: number): number => numbers[index] ?? 0;
  return {
    state: "running",
    ident,
    fileIdent: at(0),
    cursor: { serverVersion: at(1), clientVersion: at(2) },
    toldUpload: at(3) < 0 ? undefined : { clientVersion: at(3), serverVersion: at(4) },
    threshold: { clientVersion: at(5), serverVersion: at(6) },
    progress: { clientVersion: at(7), serverVersion: at(8) },
    lockedVersion: at(9),
    mark: at(10) < 0 ? undefined : { request: at(10), serverVersion: at(11) },
    notified: at(12),
  };
}

function readInfo(value: unknown): ConnectionInfo | undefined {
  if (!isRecord(value) || !isRecord(value.access)) return undefined;
  const { userId, mode, protocolVersion, offeredMaximum, access } = value;
  if (typeof userId !== "string" || (mode !== "partition" && mode !== "flexible")) return undefined;
  if (typeof protocolVersion !== "number" || typeof offeredMaximum !== "number") return undefined;
  const { mayRead, mayWrite, mayManage } = access;
  if (typeof mayRead !== "boolean" || typeof mayWrite !== "boolean" || typeof mayManage !== "boolean") return undefined;
  return { userId, mode, protocolVersion, offeredMaximum, access: { mayRead, mayWrite, mayManage } };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;
