import { highestVersion, isProtocolVersion } from "../protocol/version.ts";
import { defaultLimits, type Zlib } from "../protocol/wire.ts";
import type { ConnectionId, ConnectionInfo } from "./ports.ts";
import type { Connection } from "./session.ts";

/** A socket that was just accepted, or is back from hibernation: open, without sessions. */
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
