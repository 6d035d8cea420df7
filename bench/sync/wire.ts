import { WebSocket } from "ws";

/**
 * The least of a sync client that loads a server as a real one would: heads are built and read as bytes, bodies are neither parsed nor
 * inflated, since the generator shares two cores with the server it measures. Deliveries are counted by the cursor of DOWNLOAD: with
 * authors other than the receiver only, every server version it moves by is one changeset.
 */

/** What the bench reads of a DOWNLOAD's head. */
export interface Delivery {
  readonly serverVersion: number;
  readonly uploadedVersion: number;
  readonly bytes: number;
}

/** The numbers of an ASCII head, behind its first word. */
const numbersOf = (frame: Uint8Array): number[] => {
  const numbers: number[] = [];
  let position = frame.indexOf(0x20) + 1;
  let value = 0;
  for (; position < frame.length; position++) {
    const byte = frame[position]!;
    if (byte === 0x20 || byte === 0x0a) {
      numbers.push(value);
      value = 0;
      if (byte === 0x0a) break;
    } else value = value * 10 + byte - 0x30;
  }
  return numbers;
};

const startsWith = (frame: Uint8Array, word: string): boolean => {
  for (let index = 0; index < word.length; index++) if (frame[index] !== word.charCodeAt(index)) return false;
  return true;
};

export interface WireOptions {
  readonly url: string;
  readonly partition: string;
  /** Answer each DOWNLOAD with an empty UPLOAD, as SDKs do when they have integrated it; later changes are made on top of it. */
  readonly acknowledges?: boolean;
  /** The file of an earlier session that comes back, as that session left it. Otherwise a new file is asked for. */
  readonly file?: ClientFile;
  /** Called once the file is named to the server, before anything of it was answered. */
  readonly whenIdentified?: (wire: Wire) => void;
}

/** What a device keeps of a partition while it is away. */
export interface ClientFile {
  readonly ident: number;
  readonly salt: string;
  readonly serverVersion: number;
  readonly serverSalt: string;
  readonly clientVersion: number;
}

/** One session on a connection of its own: bound, identified and downloaded up to its first MARK when `open` resolves. */
export class Wire {
  readonly #socket: WebSocket;
  readonly #acknowledges: boolean;
  readonly #file: ClientFile | undefined;
  readonly #partition: string;
  #ident = 0;
  #salt = "0";
  /** The newest DOWNLOAD. */
  #newest: Buffer | undefined;
  #marked: (() => void) | undefined;
  #failed: (error: Error) => void = () => undefined;
  serverVersion = 0;
  /** Where the session stood when it was opened: the base of what a client writes that integrates nothing meanwhile. */
  base = 0;
  uploadedVersion = 0;
  clientVersion = 2;
  bytesIn = 0;
  onDelivery: (delivery: Delivery) => void = () => undefined;

  private constructor(socket: WebSocket, options: WireOptions) {
    this.#socket = socket;
    this.#acknowledges = options.acknowledges ?? false;
    this.#partition = options.partition;
    this.#file = options.file;
    if (options.file !== undefined) this.clientVersion = options.file.clientVersion;
  }

  static async open(options: WireOptions): Promise<Wire> {
    const socket = new WebSocket(options.url, ["com.mongodb.realm-sync#14"], { perMessageDeflate: false });
    socket.binaryType = "nodebuffer";
    const wire = new Wire(socket, options);
    if (options.file !== undefined) wire.base = wire.serverVersion = options.file.serverVersion;
    await new Promise<void>((ready, failed) => {
      wire.#failed = failed;
      wire.#marked = ready;
      socket.on("message", (frame: Buffer) => wire.#receive(frame));
      socket.on("error", failed);
      socket.on("close", (code) => wire.#failed(new Error(`the server closed the connection (${code})`)));
      socket.on("open", () => {
        wire.#bind();
        if (options.file !== undefined) options.whenIdentified?.(wire);
      });
    });
    if (options.file === undefined) wire.base = wire.serverVersion;
    return wire;
  }

  #bind(): void {
    const path = JSON.stringify(this.#partition);
    this.#socket.send(Buffer.from(`bind 1 ${Buffer.byteLength(path)} 0 ${this.#file === undefined ? 1 : 0} 0\n${path}`));
    if (this.#file !== undefined) this.#identify(this.#file);
  }

  #identify({ ident, salt, serverVersion, serverSalt }: ClientFile): void {
    this.#ident = ident;
    this.#salt = salt;
    this.#socket.send(Buffer.from(`ident 1 ${ident} ${salt} ${serverVersion} 0 ${serverVersion} ${serverSalt}\n`));
    this.#socket.send(Buffer.from("mark 1 2\n"));
  }

  #receive(frame: Buffer): void {
    if (startsWith(frame, "download ")) return this.#download(frame);
    if (startsWith(frame, "mark ")) return this.#marked?.();
    if (startsWith(frame, "ident ")) {
      const [, , ident = "0", salt = "0"] = frame.toString("latin1").trimEnd().split(" ");
      this.#identify({ ident: Number(ident), salt, serverVersion: 0, serverSalt: "0", clientVersion: 2 });
      return;
    }
    if (startsWith(frame, "json_error ")) this.#failed(new Error(frame.toString("utf8")));
  }

  #download(frame: Buffer): void {
    const numbers = numbersOf(frame);
    this.serverVersion = numbers[1] ?? 0;
    this.uploadedVersion = numbers[5] ?? 0;
    this.bytesIn += frame.length;
    this.#newest = frame;
    if (this.#acknowledges) {
      this.clientVersion++;
      this.base = this.serverVersion;
      const at = `${this.clientVersion} ${this.serverVersion} ${this.serverVersion}`;
      this.#socket.send(Buffer.from(`upload 1 0 0 0 ${at}\n`));
    }
    this.onDelivery({ serverVersion: this.serverVersion, uploadedVersion: this.uploadedVersion, bytes: frame.length });
  }

  /** Sends the changesets in one UPLOAD, on top of what the session knew when it opened; returns the last one's client version. */
  upload(changesets: readonly Uint8Array[]): number {
    const parts: Uint8Array[] = [];
    const timestamp = Date.now() - 1_420_070_400_000;
    for (const changeset of changesets) {
      this.clientVersion++;
      parts.push(Buffer.from(`${this.clientVersion} ${this.base} ${timestamp} 0 ${changeset.length} `), changeset);
    }
    const body = Buffer.concat(parts);
    const head = Buffer.from(`upload 1 0 ${body.length} 0 ${this.clientVersion} ${this.base} ${this.base}\n`);
    this.#socket.send(Buffer.concat([head, body]));
    return this.clientVersion;
  }

  /** The file as it is now, for a later session. */
  get file(): ClientFile {
    const { serverVersion, clientVersion } = this;
    const head = this.#newest?.subarray(0, this.#newest.indexOf(0x0a)).toString("latin1");
    return { ident: this.#ident, salt: this.#salt, serverVersion, serverSalt: head?.split(" ")[5] ?? "0", clientVersion };
  }

  /** Asks for everything that exists now; resolves when the server says that it was sent. */
  mark(request: number): Promise<void> {
    return new Promise((ready, failed) => {
      this.#marked = ready;
      this.#failed = failed;
      this.#socket.send(Buffer.from(`mark 1 ${request}\n`));
    });
  }

  /** Calls `failed` when the session or connection ends. */
  onFailure(failed: (error: Error) => void): void {
    this.#failed = failed;
  }

  close(): void {
    this.#failed = () => undefined;
    this.#socket.terminate();
  }
}
