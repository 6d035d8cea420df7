import { highestVersion, isProtocolVersion } from "../protocol/version.ts";
import { defaultLimits, type Wire, type Zlib } from "../protocol/wire.ts";
import type { ConnectionId, ConnectionInfo } from "./ports.ts";
import type { Session } from "./session.ts";

/** One socket and its sessions. */
export interface Connection {
  readonly id: ConnectionId;
  info: ConnectionInfo;
  readonly wire: Wire;
  /** By session ident; the client chooses them. */
  readonly sessions: Map<number, Session>;
  /** False after a connection-level error: what arrives is ignored, nothing more is sent (§9.2). */
  open: boolean;
}

export const makeConnection = (id: ConnectionId, info: ConnectionInfo, zlib: Zlib): Connection => ({
  id,
  info,
  wire: {
    mode: info.mode,
    version: isProtocolVersion(info.protocolVersion) ? info.protocolVersion : highestVersion,
    zlib,
    limits: defaultLimits,
  },
  sessions: new Map(),
  open: true,
});
