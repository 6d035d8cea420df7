import type { ConnectionErrorName } from "../../errors/sync.ts";
import { closes, type Close } from "../../protocol/close.ts";
import { encodeDown, type SentMessage } from "../../protocol/down.ts";
import { readEnvelope, type Envelope } from "../../protocol/envelope.ts";
import { FrameReader } from "../../protocol/frame-reader.ts";
import { ProtocolError } from "../../protocol/protocol-error.ts";
import { connectionError, refusalOf, sessionError } from "../../protocol/refusal.ts";
import { decodeBind } from "../../protocol/up/bind.ts";
import { decodePing } from "../../protocol/up/ping.ts";
import { featuresOf } from "../../protocol/version.ts";
import type { Wire } from "../../protocol/wire.ts";
import type { LogPort, PartitionAccess } from "../../session/ports.ts";
import type { Authorisation } from "../../durable-objects/authorise-partition.ts";
import { readDownEvent } from "./frame-head.ts";
import type { GatewayLimits } from "./limits.ts";
import { PartitionLink, type LinkEnd, type LinkOpening } from "./partition-link.ts";

/** The client's end. */
export interface ClientSocket {
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
}

export interface GatewayPorts {
  readonly client: ClientSocket;
  /** What the connection's user may do there. Rejects when that cannot be told now. */
  authorise(partition: string): Promise<Authorisation>;
  open(partition: string, access: PartitionAccess): Promise<LinkOpening>;
  readonly log: LogPort;
}

/** A session's place in the gateway. Its state of sync is the partition's. */
type Session =
  /** The right to the partition is being asked for; what comes meanwhile waits. */
  | { readonly kind: "authorising"; readonly waiting: Uint8Array[] }
  | { readonly kind: "bound"; readonly partition: string }
  /** UNBIND was passed on; UNBOUND is awaited. */
  | { readonly kind: "unbinding"; readonly partition: string }
  /** An error was sent: all but UNBIND is ignored (sync-protocol S9). `partition` when it was the partition that sent it. */
  | { readonly kind: "failed"; readonly partition?: string };

/** For what will not be mended within a second: the session is bound again after a delay that grows, and nobody adds to an overload. */
const comeBackLater = (session: number): SentMessage =>
  sessionError(session, "InitialSyncNotFinished", { backoff: { firstSeconds: 2, maximumSeconds: 300, factor: 2 } });

/** The codes a partition may close its socket with that are meant for the client and its user, not for the partition (sync-protocol §11). */
const userCloses: ReadonlySet<number> = new Set([closes.refreshToken.code, closes.logOut.code, closes.refreshLocation.code]);

/**
 * One client's connection: answers PING, opens a way to each partition its sessions bind, and passes messages on by session ident, both ways
 * and in order. It parses only BIND and the beginning of heads. No rule of sync is here, and no I/O but through its ports.
 */
export class ClientConnection {
  readonly #ports: GatewayPorts;
  readonly #wire: Wire;
  readonly #limits: GatewayLimits;
  readonly #sessions = new Map<number, Session>();
  readonly #links = new Map<string, PartitionLink>();
  #waitingBytes = 0;
  #binds = 0;
  #failedLinks = 0;
  #lastHeard = Date.now();
  #over = false;
  readonly #watch: ReturnType<typeof setInterval>;

  constructor(ports: GatewayPorts, wire: Wire, limits: GatewayLimits) {
    this.#ports = ports;
    this.#wire = { ...wire, limits: limits.wire };
    this.#limits = limits;
    this.#watch = setInterval(() => {
      if (Date.now() - this.#lastHeard > limits.silence) this.#close({ code: 1011, reason: "silent for too long" });
    }, limits.silence / 2);
  }

  /** One WebSocket message from the client. Text is no message of the protocol (F1). */
  receive(frame: Uint8Array | string): void {
    if (this.#over) return;
    this.#lastHeard = Date.now();
    if (typeof frame === "string") {
      this.#fail("BadSyntax");
      return;
    }
    try {
      this.#route(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#ports.log.log("debug", "a client's message was refused", { reason: error.reason, detail: error.message });
      this.#refuse(error);
    }
  }

  /** The client's socket is gone. */
  disconnect(): void {
    this.#over = true;
    clearInterval(this.#watch);
    this.#sessions.clear();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #route(frame: Uint8Array): void {
    const { frame: limit } = this.#limits.wire;
    if (frame.length > limit) throw new ProtocolError("limitExceeded", `a frame of ${frame.length} bytes; ${limit} are allowed`);
    const envelope = readEnvelope(frame);
    switch (envelope.type) {
      case "ping": {
        const { timestamp } = decodePing(this.#afterWord(frame));
        this.#send({ type: "pong", timestamp });
        break;
      }
      case "bind":
        this.#bind(envelope.session, frame);
        break;
      case "unbind":
      case "ident":
      case "query":
      case "upload":
      case "mark":
      case "json_error":
      case "test_command":
      case "refresh":
        this.#relay(envelope, frame);
        break;
    }
  }

  #afterWord(frame: Uint8Array): FrameReader {
    const reader = new FrameReader(frame, this.#limits.wire.frame);
    reader.word();
    return reader;
  }

  #bind(session: number, frame: Uint8Array): void {
    if (this.#sessions.has(session)) {
      this.#fail("SessionIdentReused");
      return;
    }
    this.#binds += 1;
    if (this.#binds > this.#limits.binds) {
      this.#close(closes.comeBackLater);
      return;
    }
    const bind = decodeBind(this.#afterWord(frame), this.#wire);
    if (bind.mode === "flexible") {
      this.#fail("AppIsPartitioned");
      return;
    }
    if (this.#sessions.size >= this.#limits.sessions) {
      this.#failSession(
        session,
        sessionError(session, "OtherSessionError", { message: "Too many sessions on one connection.", action: "Transient" }),
      );
      return;
    }
    const opening: Session = { kind: "authorising", waiting: [frame] };
    this.#sessions.set(session, opening);
    void this.#authorise(session, opening, bind.partition.key);
  }

  async #authorise(session: number, opening: Session & { kind: "authorising" }, partition: string): Promise<void> {
    let authorisation: Authorisation;
    try {
      authorisation = await this.#ports.authorise(partition);
    } catch (error) {
      this.#ports.log.log("error", "the right to a partition could not be decided", { reason: String(error) });
      if (this.#sessions.get(session) === opening) this.#failSession(session, comeBackLater(session));
      return;
    } finally {
      for (const { length } of opening.waiting.slice(1)) this.#waitingBytes -= length;
    }
    // Meanwhile the client may have given the session up, or gone.
    if (this.#over || this.#sessions.get(session) !== opening) return;
    switch (authorisation.kind) {
      case "shutOut":
        this.#close(authorisation.close);
        break;
      case "denied":
        // Builds that decide by the number would delete their file on 206; they are told that the partition cannot be used.
        this.#failSession(session, sessionError(session, featuresOf(this.#wire.version).actions ? "PermissionDenied" : "IllegalPartition"));
        break;
      case "access": {
        this.#sessions.set(session, { kind: "bound", partition });
        const link = this.#link(partition, authorisation.access);
        for (const frame of opening.waiting) link.send(frame);
        break;
      }
    }
  }

  #relay({ type, session }: Envelope, frame: Uint8Array): void {
    const state = this.#sessions.get(session);
    if (state === undefined) {
      this.#fail("BadSessionIdent");
      return;
    }
    switch (state.kind) {
      case "authorising":
        if (type === "unbind") {
          this.#sessions.delete(session);
          this.#send({ type: "unbound", session });
        } else {
          state.waiting.push(frame);
          this.#waitingBytes += frame.length;
        }
        break;
      case "bound":
        if (type === "unbind") this.#sessions.set(session, { kind: "unbinding", partition: state.partition });
        this.#links.get(state.partition)?.send(frame);
        break;
      case "unbinding":
        this.#fail("BadSessionIdent");
        break;
      case "failed":
        if (type === "unbind") {
          if (state.partition !== undefined) this.#links.get(state.partition)?.send(frame);
          this.#remove(session);
        }
        break;
    }
    this.#limitWaiting();
  }

  #limitWaiting(): void {
    let bytes = this.#waitingBytes;
    for (const link of this.#links.values()) bytes += link.waitingBytes;
    if (bytes > this.#limits.waitingBytes) this.#fail("OtherConnectionError");
  }

  #link(partition: string, access: PartitionAccess): PartitionLink {
    const present = this.#links.get(partition);
    if (present !== undefined) return present;
    const link = new PartitionLink(this.#ports.open(partition, access), {
      frame: (frame) => this.#fromPartition(partition, frame),
      ended: (end) => this.#linkEnded(partition, end),
    });
    this.#links.set(partition, link);
    return link;
  }

  #fromPartition(partition: string, frame: Uint8Array): void {
    this.#failedLinks = 0;
    const event = readDownEvent(frame);
    this.#ports.client.send(frame);
    switch (event.kind) {
      case "message":
        break;
      case "unbound":
        this.#remove(event.session);
        break;
      case "sessionError":
        // The client's UNBIND may have crossed the error; then the partition has seen both and the session is gone.
        if (this.#sessions.get(event.session)?.kind === "unbinding") this.#remove(event.session);
        else if (this.#sessions.has(event.session)) this.#sessions.set(event.session, { kind: "failed", partition });
        break;
      case "connectionError":
        this.#end();
        break;
    }
  }

  #linkEnded(partition: string, end: LinkEnd): void {
    this.#links.delete(partition);
    if (end.kind === "closed" && userCloses.has(end.code)) {
      this.#close(end);
      return;
    }
    this.#ports.log.log("info", "the way to a partition ended", { end: end.kind, ...("reason" in end && { reason: end.reason }) });
    for (const [session, state] of this.#sessions) {
      if (state.kind === "authorising" || state.partition !== partition) continue;
      if (state.kind === "bound") this.#failSession(session, this.#linkError(session, end));
      if (state.kind === "unbinding") {
        this.#sessions.delete(session);
        this.#send({ type: "unbound", session });
      }
      if (state.kind === "failed") this.#sessions.set(session, { kind: "failed" });
    }
    if (end.kind !== "unreachable") return;
    this.#failedLinks += 1;
    if (this.#failedLinks >= this.#limits.failedLinks) this.#close(closes.comeBackLater);
  }

  /** A way that broke is tried again after a second; a partition that cannot be served now lets its devices wait longer and longer. */
  #linkError(session: number, end: LinkEnd): SentMessage {
    switch (end.kind) {
      case "closed":
      case "unreachable":
        return sessionError(session, "SessionClosed");
      case "historyMissing":
      case "unavailable":
        return comeBackLater(session);
    }
  }

  /** Forgets a session, and the way to its partition when no other session needs it: the next BIND asks for the rights anew. */
  #remove(session: number): void {
    const state = this.#sessions.get(session);
    this.#sessions.delete(session);
    if (state === undefined || state.kind === "authorising" || state.partition === undefined) return;
    for (const other of this.#sessions.values()) if (other.kind !== "authorising" && other.partition === state.partition) return;
    this.#links.get(state.partition)?.close();
    this.#links.delete(state.partition);
  }

  #failSession(session: number, error: SentMessage): void {
    this.#sessions.set(session, { kind: "failed" });
    this.#send(error);
  }

  #refuse(error: ProtocolError): void {
    const refusal = refusalOf(error);
    if (error.level === "session") {
      this.#failSession(error.session, refusal);
      return;
    }
    this.#send(refusal);
    this.#end();
  }

  #fail(name: ConnectionErrorName): void {
    this.#send(connectionError(name));
    this.#end();
  }

  #send(message: SentMessage): void {
    this.#ports.client.send(encodeDown(message, this.#wire));
  }

  #close({ code, reason }: Close): void {
    this.disconnect();
    this.#ports.client.close(code, reason);
  }

  /** After a connection error: nothing is read or sent any more, and the socket is dropped once the error had time to be read. */
  #end(): void {
    this.disconnect();
    setTimeout(() => this.#close(closes.comeBackLater), this.#limits.lingering);
  }
}
