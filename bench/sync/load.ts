import { WebSocket } from "ws";
import { quantile, round } from "./statistics.ts";
import type { Wire } from "./wire.ts";

export interface Rate {
  readonly count: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** Times of what is under way: numbers grow, and an answer settles all up to its number. */
class Flight {
  readonly #sent: { readonly upTo: number; readonly at: number; readonly count: number }[] = [];
  readonly latencies: number[] = [];
  settled = 0;

  send(upTo: number, count: number): void {
    this.#sent.push({ upTo, at: performance.now(), count });
  }

  settle(upTo: number): number {
    const now = performance.now();
    let settled = 0;
    while (this.#sent[0] !== undefined && this.#sent[0].upTo <= upTo) {
      const { at, count } = this.#sent.shift()!;
      this.latencies.push(now - at);
      settled += count;
    }
    this.settled += settled;
    return settled;
  }

  get underWay(): number {
    return this.#sent.length;
  }
}

export const rateOf = (count: number, milliseconds: number, latencies: readonly number[]): Rate => ({
  count,
  perSecond: Math.round((count * 1000) / milliseconds),
  p50: round(quantile(latencies, 0.5)),
  p99: round(quantile(latencies, 0.99)),
  longest: round(quantile(latencies, 1)),
});

/** Takes changesets from a fixed supply, again from its start when it is used up. */
export const supplyOf = (changesets: readonly Uint8Array[]): ((count: number) => Uint8Array[]) => {
  let next = 0;
  return (count) => Array.from({ length: count }, () => changesets[next++ % changesets.length]!);
};

export interface Pumping {
  /** UPLOADs under way at one time, and changesets in each. */
  readonly inFlight: number;
  readonly perUpload: number;
  readonly milliseconds: number;
  /** Ends it sooner. */
  readonly until?: () => boolean;
}

/** Keeps `inFlight` UPLOADs of `perUpload` changesets under way for the given time; counts what was acknowledged. */
export const pump = async (
  wire: Wire,
  supply: (count: number) => Uint8Array[],
  { inFlight, perUpload, milliseconds, until = () => false }: Pumping,
): Promise<Rate> => {
  const flight = new Flight();
  const start = performance.now();
  let end = start;
  await new Promise<void>((done, failed) => {
    wire.onFailure(failed);
    const send = (): void => {
      if (performance.now() - start > milliseconds || until()) {
        if (flight.underWay === 0) done();
        return;
      }
      while (flight.underWay < inFlight) flight.send(wire.upload(supply(perUpload)), perUpload);
    };
    wire.onDelivery = ({ uploadedVersion }) => {
      if (flight.settle(uploadedVersion) === 0) return;
      end = performance.now();
      send();
    };
    send();
  });
  wire.onDelivery = () => undefined;
  return rateOf(flight.settled, end - start, flight.latencies);
};

/** The same against the bare worker: one answer a message. */
export const pumpBare = async (url: string, inFlight: number, milliseconds: number, message = new Uint8Array(200)): Promise<Rate> => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((open, failed) => socket.once("open", open).once("error", failed));
  const flight = new Flight();
  const start = performance.now();
  let sent = 0;
  let answered = 0;
  let end = start;
  await new Promise<void>((done) => {
    const send = (): void => {
      if (performance.now() - start > milliseconds) {
        if (flight.underWay === 0) done();
        return;
      }
      while (flight.underWay < inFlight) {
        flight.send(++sent, 1);
        socket.send(message);
      }
    };
    socket.on("message", () => {
      flight.settle(++answered);
      end = performance.now();
      send();
    });
    send();
  });
  socket.terminate();
  return rateOf(answered, end - start, flight.latencies);
};

/** The bare worker's fan-out: one writer with one message in flight to `readers` sockets; a rate of deliveries. */
export const broadcastBare = async (origin: string, readers: number, milliseconds: number): Promise<Rate> => {
  const open = async (path: string): Promise<WebSocket> => {
    const socket = new WebSocket(`${origin}/${path}`, { perMessageDeflate: false });
    await new Promise((ready, failed) => socket.once("open", ready).once("error", failed));
    return socket;
  };
  const sockets = await Promise.all(Array.from({ length: readers }, () => open("reader")));
  const writer = await open("broadcast");
  const message = new Uint8Array(200);
  const latencies: number[] = [];
  const window = 20;
  const start = performance.now();
  let delivered = 0;
  let end = start;
  await new Promise<void>((done) => {
    const sentAt: number[] = [];
    const send = (): void => {
      sentAt.push(performance.now());
      writer.send(message);
    };
    for (const reader of sockets) {
      reader.on("message", () => {
        delivered++;
        if (delivered % readers !== 0) return;
        end = performance.now();
        latencies.push(end - sentAt.shift()!);
        if (end - start < milliseconds) send();
        else if (sentAt.length === 0) done();
      });
    }
    for (let index = 0; index < window; index++) send();
  });
  for (const socket of [...sockets, writer]) socket.terminate();
  return rateOf(delivered, end - start, latencies);
};
