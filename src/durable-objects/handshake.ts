import type { ConnectionInfo } from "../session/ports.ts";
import type { PartitionAddress } from "./address.ts";

/** What the gateway tells a partition when it opens a socket to it. Only the Worker itself can reach a partition, so this is trusted. */
export interface Handshake {
  readonly address: PartitionAddress;
  readonly info: ConnectionInfo;
  /** The sign-in by which the user came: when it is ended, the socket is closed. */
  readonly sessionId: string;
  /** The client's connection, as the gateway's log names it. */
  readonly connectionId: string;
  /** `gateway`: an internal socket, which carries bundles. `client`: the client's own socket, one sync message a frame. */
  readonly peer: "gateway" | "client";
}

const header = "X-Reeve-Handshake";

/** The request that asks a partition for a socket. */
export const handshakeRequest = (handshake: Handshake): Request =>
  new Request("https://partition/socket", {
    // Header values are bytes; partition keys and user ids may hold anything.
    headers: { Upgrade: "websocket", [header]: encodeURIComponent(JSON.stringify(handshake)) },
  });

export const readHandshake = (request: Request): Handshake | undefined => {
  const text = request.headers.get(header);
  return text === null ? undefined : (JSON.parse(decodeURIComponent(text)) as Handshake);
};

/** Why a partition gave no socket, in the status of its answer. */
export const refusals = {
  /** The account store says that the partition existed, and this object holds nothing of it (server-semantics IN6). */
  historyMissing: 410,
  /** It cannot tell yet, or not now. */
  unavailable: 503,
} as const;
