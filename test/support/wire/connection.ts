import { decodeDown, type DownMessage } from "../../../src/protocol/down.ts";
import type { ServerError } from "../../../src/protocol/down/json-error.ts";
import type { PlainError } from "../../../src/protocol/down/error.ts";
import { encodeUp, type UpMessage } from "../../../src/protocol/up.ts";
import type { Wire } from "../../../src/protocol/wire.ts";
import type { ClientFile } from "./client-file.ts";
import { WireSession, type UploadOptions } from "./session.ts";
import { openSocket, type Socket } from "./socket.ts";
import { Waits } from "./waits.ts";
import { wireOf } from "./wires.ts";

export interface Counters {
  framesSent: number;
  bytesSent: number;
  framesReceived: number;
  bytesReceived: number;
}

/** For benches: called with every message, before it is acted upon. */
export interface ConnectionHooks {
  readonly onReceive?: (message: DownMessage, bytes: number) => void;
  readonly onSend?: (message: UpMessage, bytes: number) => void;
}

/**
 * A protocol client for tests and benches. It is no SDK: it stores and merges nothing, but keeps every cursor as SDKs do (sync-protocol
 * §19), and anything a real client would end the connection over fails it loudly: `until` and everything built on it rejects.
 */
export class WireConnection {
  readonly wire: Wire;
  readonly counters: Counters = { framesSent: 0, bytesSent: 0, framesReceived: 0, bytesReceived: 0 };
  /** The connection-level error received, if any. */
  error: ServerError | PlainError | undefined;
  /** How the socket was closed, if it was. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: Socket;
  readonly #hooks: ConnectionHooks;
  readonly #sessions = new Map<number, WireSession>();
  readonly #waits = new Waits();
  readonly #pings: { readonly timestamp: number; readonly sentAt: number }[] = [];
  #lastSession = 0;
  #roundTrip: number | undefined;

  constructor(socket: Socket, wire: Wire, hooks: ConnectionHooks = {}) {
    this.wire = wire;
    this.#socket = socket;
    this.#hooks = hooks;
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      this.#waits.fail(new Error(`the socket was closed with ${code} ${reason}`));
    });
  }

  /** Opens a socket to a running server and speaks the newest version over it. */
  static async open(url: string, wire: Wire = wireOf("partition"), hooks: ConnectionHooks = {}): Promise<WireConnection> {
    return new WireConnection(await openSocket(url, wire.mode, wire.version), wire, hooks);
  }

  /**
   * Binds a file to a partition, and goes on by itself: IDENT, MARK, uploads. `path` is the partition value's extended JSON. Nothing is
   * awaited; see `WireSession.ready`.
   */
  bind(file: ClientFile, path: string, options: Partial<UploadOptions> & { readonly session?: number } = {}): WireSession {
    const ident = options.session ?? this.#lastSession + 1;
    this.#lastSession = Math.max(this.#lastSession, ident);
    const session = new WireSession(this, ident, file, options);
    this.#sessions.set(ident, session);
    session.start(path);
    return session;
  }

  send(message: UpMessage): void {
    const bytes = encodeUp(message, this.wire);
    this.#hooks.onSend?.(message, bytes.length);
    this.sendRaw(bytes);
  }

  /** Sends bytes as they are: for what no client would send. */
  sendRaw(bytes: Uint8Array<ArrayBuffer>): void {
    this.counters.framesSent++;
    this.counters.bytesSent += bytes.length;
    this.#socket.send(bytes);
  }

  /** Sends a PING; resolves with the milliseconds until its PONG. */
  async ping(): Promise<number> {
    const sentAt = performance.now();
    const timestamp = Math.floor(sentAt);
    this.#pings.push({ timestamp, sentAt });
    const answered = this.#pings.length - 1;
    this.send({ type: "ping", timestamp, roundTripTime: Math.round(this.#roundTrip ?? 0) });
    await this.until(() => this.#pings.length <= answered, "PONG");
    return this.#roundTrip!;
  }

  /** Resolves when `condition` holds, looked at after every message. Rejects when it does not in time, or the connection ends before. */
  until(condition: () => boolean, what: string, milliseconds?: number): Promise<void> {
    return this.#waits.until(condition, what, milliseconds);
  }

  /** Drops the socket as clients do: without a word (F6 says they send no Close frame; this sends one without a code where it must). */
  drop(): void {
    this.#socket.close();
  }

  /** For sessions: something changed that is no message. */
  changed(): void {
    this.#waits.look();
  }

  /** Forgets a session that ended. */
  forget(session: number): void {
    this.#sessions.delete(session);
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return this.#waits.fail(new Error("a message that is not binary (F1)"));
    this.counters.framesReceived++;
    this.counters.bytesReceived += data.byteLength;
    try {
      const message = decodeDown(new Uint8Array(data), this.wire);
      this.#hooks.onReceive?.(message, data.byteLength);
      this.#dispatch(message);
      this.#waits.look();
    } catch (error) {
      this.#waits.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #dispatch(message: DownMessage): void {
    if (message.type === "pong") return this.#pong(message.timestamp);
    if (message.type === "log_message") return;
    if ((message.type === "json_error" || message.type === "error") && message.session === 0) {
      this.error = message;
      return this.#waits.fail(new Error(`connection error ${message.code}: ${message.message}`));
    }
    const session = this.#sessions.get(message.session);
    if (session === undefined) throw new Error(`${message.type} for session ${message.session}, which is not bound (§8.2)`);
    session.receive(message);
  }

  #pong(timestamp: number): void {
    const ping = this.#pings.shift();
    if (ping?.timestamp !== timestamp) throw new Error(`PONG ${timestamp} answers no PING (§8.2)`);
    this.#roundTrip = performance.now() - ping.sentAt;
  }
}
