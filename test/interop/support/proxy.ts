// A network that a test controls: it counts what a device receives, and fails when told to.
import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP relay in front of a server. The server names itself by the address it was called by, so a device that starts here stays here. */
export class Network {
  readonly url: string;
  /** Bytes that the server sent to devices. */
  received = 0;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  #down = false;

  private constructor(listener: Server, url: string) {
    this.#listener = listener;
    this.url = url;
  }

  static async to(serverUrl: string): Promise<Network> {
    const target = new URL(serverUrl);
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const address = listener.address();
    if (address === null || typeof address === "string") throw new Error("the relay has no port");
    const network = new Network(listener, `http://127.0.0.1:${address.port}`);
    listener.on("connection", (device) => network.#relay(device, target));
    return network;
  }

  /** Cuts every connection, without a goodbye, and refuses new ones until `restore`. */
  fail(): void {
    this.#down = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  restore(): void {
    this.#down = false;
  }

  /** Resolves when the devices have received so many bytes. */
  async hasDelivered(bytes: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.received < bytes) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    this.fail();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #relay(device: Socket, target: URL): void {
    if (this.#down) {
      device.resetAndDestroy();
      return;
    }
    const server = connect(Number(target.port), target.hostname);
    for (const socket of [device, server]) {
      this.#sockets.add(socket);
      // One side's end is the other's; why it ended does not matter.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        device.destroy();
        server.destroy();
      });
    }
    device.pipe(server);
    server.on("data", (chunk) => {
      this.received += chunk.length;
      for (const watcher of this.#watchers) watcher();
    });
    server.pipe(device);
  }
}
