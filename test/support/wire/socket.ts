import { tokenOf } from "../../../src/protocol/negotiation.ts";
import type { ProtocolVersion } from "../../../src/protocol/version.ts";
import type { Mode } from "../../../src/protocol/wire.ts";

/** What the client needs of a socket: Node's, a browser's and workerd's WebSocket have it, and so has `socketPair`. */
export interface Socket {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/**
 * Opens a WebSocket with one version offered, as a client that parses only this version would (K1). Rejects when the upgrade is refused; Node
 * does not tell the status.
 */
export const openSocket = (url: string, mode: Mode, version: ProtocolVersion): Promise<Socket> => {
  const socket = new WebSocket(url, [tokenOf(mode, version)]);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(socket as Socket));
    socket.addEventListener("error", () => reject(new Error(`the upgrade to ${url.replace(/\?.*/, "")} was refused`)));
  });
};

/** The server's end of a socket pair: what the client sent, in order, and a way to answer. */
export interface FarEnd {
  readonly received: Uint8Array[];
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

/** Two ends in memory: what one sends has arrived at the other when `send` returns. */
export const socketPair = (): { readonly socket: Socket; readonly far: FarEnd } => {
  const received: Uint8Array[] = [];
  const messages: ((event: { readonly data: unknown }) => void)[] = [];
  const closes: ((event: { readonly code: number; readonly reason: string }) => void)[] = [];
  const close = (code = 1005, reason = ""): void => closes.forEach((listener) => listener({ code, reason }));
  const socket: Socket = {
    send: (bytes) => void received.push(bytes),
    close,
    addEventListener(...[type, listener]: ListenerArguments) {
      if (type === "message") messages.push(listener);
      else closes.push(listener);
    },
  };
  return { socket, far: { received, close, send: (bytes) => messages.forEach((listener) => listener({ data: bytes.buffer })) } };
};

type ListenerArguments =
  | ["message", (event: { readonly data: unknown }) => void]
  | ["close", (event: { readonly code: number; readonly reason: string }) => void];
