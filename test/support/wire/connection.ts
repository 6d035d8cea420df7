import { decodeDown, type DownMessage } from "../../../src/protocol/down.ts";
import { encodeUp, type UpMessage } from "../../../src/protocol/up.ts";
import type { Wire } from "../../../src/protocol/wire.ts";

/** What became of a socket. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The part of a WebSocket that differs between runtimes. */
export interface FrameSender {
  send(frame: Uint8Array): void;
  close(): void;
}

/** The client's end of a sync connection: what a test says, and what it heard, in order. */
export class WireConnection {
  readonly wire: Wire;
  readonly closed: Promise<Closed>;
  readonly #socket: FrameSender;
  readonly #heard: DownMessage[] = [];
  #waiting: ((message: DownMessage | undefined) => void) | undefined;
  #end: Closed | undefined;
  #resolveClosed: (closed: Closed) => void = () => {};

  constructor(socket: FrameSender, wire: Wire) {
    this.#socket = socket;
    this.wire = wire;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  send(message: UpMessage): void {
    this.#socket.send(encodeUp(message, this.wire));
  }

  /** Bytes that need not be a message. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  close(): void {
    this.#socket.close();
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** The next message, or undefined when the socket closed before one came. */
  read(): Promise<DownMessage | undefined> {
    const message = this.#heard.shift();
    if (message !== undefined || this.#end !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** The next message, which must be of this type. */
  async expect<Type extends DownMessage["type"]>(type: Type): Promise<Extract<DownMessage, { type: Type }>> {
    const message = await this.read();
    if (message === undefined) throw new Error(`expected ${type}, but the socket closed (${this.#end?.code} ${this.#end?.reason})`);
    if (!isType(message, type)) throw new Error(`expected ${type}, got ${JSON.stringify(message, bigintAsText)}`);
    return message;
  }

  /** For whoever owns the socket: a frame came. */
  heard(frame: Uint8Array): void {
    const message = decodeDown(frame, this.wire);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#heard.push(message);
    else waiting(message);
  }

  /** For whoever owns the socket: it closed. */
  ended(closed: Closed): void {
    if (this.#end !== undefined) return;
    this.#end = closed;
    this.#resolveClosed(closed);
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }
}

const bigintAsText = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

const isType = <Type extends DownMessage["type"]>(message: DownMessage, type: Type): message is Extract<DownMessage, { type: Type }> =>
  message.type === type;
