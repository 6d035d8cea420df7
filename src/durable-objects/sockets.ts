import type { ConnectionId, Outgoing } from "../session/ports.ts";
import type { Bearer } from "../accounts/access.ts";
import { openBundle, sendBundled } from "./bundle.ts";
import type { Handshake } from "./handshake.ts";
import type { Traffic } from "./traffic.ts";

/** What survives hibernation of one socket, besides what the session room keeps in `sessions`. */
interface Attachment {
  readonly format: 2;
  readonly id: ConnectionId;
  readonly peer: Handshake["peer"];
  readonly userId: string;
  /** The sign-in by which the user came. */
  readonly sessionId: string;
  /** The client's connection, as the gateway names it. */
  readonly connectionId: string;
  readonly sessions?: unknown;
}

/** Who is at the other end of a socket. */
export interface SocketBearer extends Bearer {
  readonly id: ConnectionId;
}

/** An open socket of this partition. */
interface Peer {
  readonly socket: WebSocket;
  readonly attachment: Attachment;
}

const parseAttachment = (value: unknown): Attachment | undefined => {
  if (typeof value !== "object" || value === null || !("format" in value) || value.format !== 2) return undefined;
  return value as Attachment;
};

/**
 * The partition's hibernatable sockets under the names by which the session room knows them. A gateway's socket carries bundles, a client's
 * own one message a frame.
 */
export class Sockets {
  readonly #context: DurableObjectState;
  readonly #peers = new Map<ConnectionId, Peer>();
  readonly #ids = new Map<WebSocket, ConnectionId>();

  readonly #traffic: Traffic;

  constructor(context: DurableObjectState, traffic: Traffic) {
    this.#context = context;
    this.#traffic = traffic;
  }

  /**
   * Takes up the sockets that slept through hibernation.
   * @param restore gives the session room what it kept; false when that cannot be used any more, which closes the socket
   */
  wake(restore: (id: ConnectionId, sessions: unknown) => boolean): void {
    for (const socket of this.#context.getWebSockets()) {
      const attachment = parseAttachment(socket.deserializeAttachment());
      if (attachment !== undefined && restore(attachment.id, attachment.sessions)) this.#add({ socket, attachment });
      else socket.close(1011, "this connection cannot be resumed");
    }
  }

  /** Accepts a new socket and names it. */
  accept(socket: WebSocket, { peer, info: { userId }, sessionId, connectionId }: Handshake): ConnectionId {
    const id = crypto.randomUUID();
    const attachment: Attachment = { format: 2, id, peer, userId, sessionId, connectionId };
    this.#context.acceptWebSocket(socket);
    socket.serializeAttachment(attachment);
    this.#add({ socket, attachment });
    return id;
  }

  /** Keeps the session room's part of an attachment. Above the platform's 16 KB the socket is closed, for the client to begin a new one. */
  keep(id: ConnectionId, sessions: unknown): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    try {
      peer.socket.serializeAttachment({ ...peer.attachment, sessions });
    } catch {
      peer.socket.close(1011, "too many sessions here for one connection");
    }
  }

  /** The name of a socket, and the sync messages in what it brought. Undefined for a socket that is not known any more, and for text. */
  read(socket: WebSocket, data: ArrayBuffer | string): { readonly id: ConnectionId; readonly frames: readonly Uint8Array[] } | undefined {
    const id = this.#ids.get(socket);
    const peer = id === undefined ? undefined : this.#peers.get(id);
    if (id === undefined || peer === undefined) return undefined;
    // Text is no message of the protocol (F1); an empty frame is refused like any other that is none.
    if (typeof data === "string") return { id, frames: [new Uint8Array()] };
    const bytes = new Uint8Array(data);
    this.#traffic.count(peer.attachment.userId, bytes.length, 0);
    return { id, frames: peer.attachment.peer === "gateway" ? openBundle(bytes) : [bytes] };
  }

  /** Forgets a socket that is gone and says which it was. */
  remove(socket: WebSocket): Pick<Attachment, "id" | "peer" | "connectionId"> | undefined {
    const id = this.#ids.get(socket);
    const peer = id === undefined ? undefined : this.#peers.get(id);
    this.#ids.delete(socket);
    if (id !== undefined) this.#peers.delete(id);
    return peer?.attachment;
  }

  /** Sends what a turn gave: to each gateway as few messages as hold it, in order. */
  deliver(outgoing: readonly Outgoing[]): void {
    const bundles = new Map<ConnectionId, Uint8Array[]>();
    const closing: Extract<Outgoing, { kind: "close" }>[] = [];
    for (const item of outgoing) {
      if (item.kind === "close") {
        closing.push(item);
        continue;
      }
      const waiting = bundles.get(item.connection);
      if (waiting === undefined) bundles.set(item.connection, [item.frame]);
      else waiting.push(item.frame);
    }
    for (const [id, frames] of bundles) this.#send(id, frames);
    for (const { connection, code, reason } of closing) this.close(connection, code, reason);
  }

  /** Who is at the other ends, one entry a socket; only this user's when one is named. */
  bearers(userId: string | undefined): readonly SocketBearer[] {
    const all = [...this.#peers.values()].map(({ attachment: { id, userId, sessionId } }) => ({ id, userId, sessionId }));
    return userId === undefined ? all : all.filter((bearer) => bearer.userId === userId);
  }

  /** Closes a socket from this side. */
  close(id: ConnectionId, code: number, reason: string): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.remove(peer.socket);
    peer.socket.close(code, reason);
  }

  #add(peer: Peer): void {
    this.#peers.set(peer.attachment.id, peer);
    this.#ids.set(peer.socket, peer.attachment.id);
  }

  #send(id: ConnectionId, frames: readonly Uint8Array[]): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    const { socket } = peer;
    let bytes = 0;
    for (const { length } of frames) bytes += length;
    this.#traffic.count(peer.attachment.userId, 0, bytes);
    try {
      if (peer.attachment.peer === "gateway") sendBundled(frames, (message) => socket.send(message));
      else for (const frame of frames) socket.send(frame);
    } catch {
      // The other end went away and its close event is still to come; the client resumes from its own cursor (CR2).
    }
  }
}
