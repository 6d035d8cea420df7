import { encodeDown, type SentMessage } from "../protocol/down.ts";
import type { Counters } from "./metrics.ts";
import type { Outgoing } from "./ports.ts";
import type { Connection } from "./session.ts";

/** Collects what a turn sends, in order; PONGs come first (SS3). */
export class Sender {
  readonly #counters: Counters;
  #pongs: Outgoing[] = [];
  #rest: Outgoing[] = [];
  #bytes = 0;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** Bytes of frames collected for the current turn, shared ones counted once. */
  get bytes(): number {
    return this.#bytes;
  }

  message(connection: Connection, message: SentMessage): void {
    const frame = encodeDown(message, connection.wire);
    this.frame(connection, frame, frame.length);
  }

  pong(connection: Connection, timestamp: number): void {
    if (!connection.open) return;
    const frame = encodeDown({ type: "pong", timestamp }, connection.wire);
    this.#pongs.push({ kind: "frame", connection: connection.id, frame });
    this.#count(frame, frame.length);
  }

  /** `cost`: memory the frame takes, 0 when others are sent the same bytes. */
  frame(connection: Connection, frame: Uint8Array, cost: number): void {
    if (!connection.open) return;
    this.#rest.push({ kind: "frame", connection: connection.id, frame });
    this.#count(frame, cost);
  }

  close(connection: Connection, code: number, reason: string): void {
    connection.open = false;
    this.#rest.push({ kind: "close", connection: connection.id, code, reason });
  }

  take(): Outgoing[] {
    const taken = this.#pongs.length === 0 ? this.#rest : [...this.#pongs, ...this.#rest];
    this.#pongs = [];
    this.#rest = [];
    this.#bytes = 0;
    return taken;
  }

  #count(frame: Uint8Array, cost: number): void {
    this.#counters.framesOut += 1;
    this.#counters.bytesOut += frame.length;
    this.#bytes += cost;
  }
}
