import { openBundle, sendBundled } from "../../durable-objects/bundle.ts";

/** The gateway's end of an internal socket. */
export interface InternalSocket {
  send(message: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Called once, before any event can be missed. */
  listen(listener: InternalListener): void;
}
export interface InternalListener {
  message(bytes: Uint8Array): void;
  closed(code: number, reason: string): void;
}

/** What became of asking a partition for a socket. */
export type LinkOpening =
  | { readonly kind: "open"; readonly socket: InternalSocket }
  /** The partition existed before and holds nothing (server-semantics IN6). */
  | { readonly kind: "historyMissing" }
  /** It answered that it cannot serve now. */
  | { readonly kind: "unavailable" }
  /** It did not answer. */
  | { readonly kind: "unreachable"; readonly reason: string };

/** Why a link carries nothing any more. */
export type LinkEnd = Exclude<LinkOpening, { kind: "open" }> | { readonly kind: "closed"; readonly code: number; readonly reason: string };

export interface LinkOwner {
  /** One sync message from the partition. */
  frame(frame: Uint8Array): void;
  /** Called once, unless the owner closed the link. */
  ended(end: LinkEnd): void;
}

/**
 * The way from one connection to one partition: one internal socket, shared by the connection's sessions there. What is sent while the
 * socket is being opened waits and then goes together. After that each message goes at once: the partition gathers what arrives, and
 * gathering here as well was measured to cost latency and to gain nothing.
 */
export class PartitionLink {
  /** Bytes that wait for the socket. */
  waitingBytes = 0;
  #waiting: Uint8Array[] = [];
  #socket: InternalSocket | undefined;
  #over = false;
  readonly #owner: LinkOwner;

  constructor(opening: Promise<LinkOpening>, owner: LinkOwner) {
    this.#owner = owner;
    void opening.then(
      (result) => this.#opened(result),
      (error: unknown) => this.#end({ kind: "unreachable", reason: error instanceof Error ? error.message : String(error) }),
    );
  }

  send(frame: Uint8Array): void {
    if (this.#over) return;
    if (this.#socket !== undefined) {
      this.#socket.send(frame);
      return;
    }
    this.#waiting.push(frame);
    this.waitingBytes += frame.length;
  }

  /** Ends the link from this side; the owner hears nothing more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket?.close(1000, "no session left");
  }

  #opened(result: LinkOpening): void {
    if (result.kind !== "open") {
      this.#end(result);
      return;
    }
    if (this.#over) {
      result.socket.close(1000, "no session left");
      return;
    }
    this.#socket = result.socket;
    result.socket.listen({
      message: (bytes) => {
        for (const frame of openBundle(bytes)) if (!this.#over) this.#owner.frame(frame);
      },
      closed: (code, reason) => this.#end({ kind: "closed", code, reason }),
    });
    sendBundled(this.#waiting, (message) => result.socket.send(message));
    this.#waiting = [];
    this.waitingBytes = 0;
  }

  #end(end: LinkEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    this.waitingBytes = 0;
    this.#owner.ended(end);
  }
}
