import { informingCodes } from "../../../src/errors/sync.ts";
import type { DownMessage } from "../../../src/protocol/down.ts";
import type { Download } from "../../../src/protocol/down/download.ts";
import type { PlainError } from "../../../src/protocol/down/error.ts";
import type { ServerError } from "../../../src/protocol/down/json-error.ts";
import { parsePartition } from "../../../src/protocol/partition.ts";
import type { UploadCursor } from "../../../src/protocol/progress.ts";
import type { ClientFile } from "./client-file.ts";
import type { WireConnection } from "./connection.ts";

export interface UploadOptions {
  /** How many UPLOADs with changesets may wait for their acknowledgement. SDKs do not wait: Infinity, the default. */
  readonly inFlight: number;
  /** How many changesets one UPLOAD carries at most. */
  readonly perUpload: number;
  /** Whether uploads wait for the first MARK's answer, as SDKs' do after a slow connect (S2, K12). */
  readonly waitForMark: boolean;
  /** Called for each acknowledged UPLOAD with its newest client version, changesets, and milliseconds since it was sent. */
  readonly onAcknowledged?: (clientVersion: number, changesets: number, milliseconds: number) => void;
}

const defaults: UploadOptions = { inFlight: Number.POSITIVE_INFINITY, perUpload: 1000, waitForMark: true };

type State = "binding" | "running" | "failed" | "unbinding" | "unbound";
type SessionMessage = Exclude<DownMessage, { type: "pong" | "log_message" }>;

/** One file bound over a connection, acting on what it is sent as a client does, except for the answer to errors, which is the test's. */
export class WireSession {
  readonly ident: number;
  readonly file: ClientFile;
  state: State = "binding";
  /** The session-level error received, which ended the session; 231 and 236 are in `notices` instead. */
  error: ServerError | PlainError | undefined;
  readonly notices: ServerError[] = [];
  /** The newest MARK answered; 0 before. */
  answered = 0;
  downloads = 0;
  readonly #connection: WireConnection;
  readonly #options: UploadOptions;
  /** The newest MARK asked for. A real client's first is 2. */
  #asked = 1;
  #scan: UploadCursor = { clientVersion: 0, serverVersion: 0 };
  readonly #waiting: { readonly clientVersion: number; readonly changesets: number; readonly sentAt: number }[] = [];
  #paused = false;

  constructor(connection: WireConnection, ident: number, file: ClientFile, options: Partial<UploadOptions>) {
    this.#connection = connection;
    this.ident = ident;
    this.file = file;
    this.#options = { ...defaults, ...options };
  }

  /** Sends BIND, and IDENT when the file has an ident already. Called by the connection. */
  start(path: string): void {
    const needIdent = this.file.fileIdent === 0;
    const partition = parsePartition(new TextEncoder().encode(path), this.ident);
    this.#connection.send({ type: "bind", mode: "partition", session: this.ident, needIdent, partition });
    if (!needIdent) this.#identify();
  }

  /** Until the server has answered a MARK: all that existed is here. */
  async ready(): Promise<this> {
    await this.#until(() => this.answered > 0, "the first MARK's answer");
    return this;
  }

  /** Asks for a MARK and waits for its answer. */
  async mark(): Promise<void> {
    const request = this.#mark();
    await this.#until(() => this.answered >= request, `the answer to MARK ${request}`);
  }

  /** Writes changes and uploads them as the options allow; returns the last one's client version. */
  write(...changesets: readonly Uint8Array[]): number {
    for (const changeset of changesets) this.file.commit(changeset);
    this.pump();
    return this.file.lastVersion;
  }

  /** Until the server has durably integrated everything written before. */
  async uploaded(clientVersion = this.file.lastVersion): Promise<void> {
    const walk = () => this.file.walk(this.file.upload, 1).entries[0]?.clientVersion ?? Number.POSITIVE_INFINITY;
    await this.#until(() => walk() > clientVersion, `the acknowledgement of client version ${clientVersion}`);
  }

  /** Until the file has integrated a server version. */
  async downloaded(serverVersion: number): Promise<void> {
    await this.#until(() => this.file.download.serverVersion >= serverVersion, `server version ${serverVersion}`);
  }

  /** Until the session was sent an error. */
  async failed(): Promise<ServerError | PlainError> {
    await this.#connection.until(() => this.error !== undefined, `an error for session ${this.ident}`);
    return this.error!;
  }

  /** Sends UNBIND; waits for UNBOUND unless the session was sent an error, which has no answer (K14). */
  async unbind(): Promise<void> {
    this.#connection.send({ type: "unbind", session: this.ident });
    if (this.state === "failed") return this.#gone();
    this.state = "unbinding";
    await this.#connection.until(() => this.state === "unbound", `UNBOUND ${this.ident}`);
  }

  /** Holds uploads back, acknowledgements too, until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.pump();
  }

  /** Uploads what there is, or acknowledges what came (K5, K6). */
  pump(): void {
    if (this.state !== "running" || this.#paused || (this.#options.waitForMark && this.answered === 0)) return;
    for (;;) {
      const room = this.#waiting.length < this.#options.inFlight;
      const { entries, progress } = this.file.walk(this.#scan, room ? this.#options.perUpload : 0);
      const news = entries.length > 0 || progress.serverVersion > this.#scan.serverVersion;
      if (!news) return;
      this.#scan = progress;
      const lockedServerVersion = this.file.download.serverVersion;
      this.#connection.send({ type: "upload", session: this.ident, progress, lockedServerVersion, entries });
      const last = entries.at(-1);
      if (last) this.#waiting.push({ clientVersion: last.clientVersion, changesets: entries.length, sentAt: performance.now() });
    }
  }

  /** Acts on a message for this session. Called by the connection. */
  receive(message: SessionMessage): void {
    // On its way when UNBIND was sent: dropped, as clients do (S10).
    if (this.state === "unbinding" && message.type !== "unbound") return;
    if (this.state === "failed") throw new Error(`${message.type} after the session's error (S9)`);
    switch (message.type) {
      case "ident":
        this.#expect(this.state === "binding", "IDENT");
        this.file.identify(message.fileIdent, message.salt);
        return this.#identify();
      case "download":
        this.#expect(this.state === "running", "DOWNLOAD");
        return this.#download(message);
      case "mark":
        this.#expect(message.request <= this.#asked && message.request > this.answered, "MARK");
        this.answered = message.request;
        return this.pump();
      case "json_error":
        if (informingCodes.has(message.code)) return void this.notices.push(message);
        return this.#fail(message);
      case "error":
        return this.#fail(message);
      case "unbound":
        this.#expect(this.state === "unbinding", "UNBOUND");
        this.state = "unbound";
        return this.#connection.forget(this.ident);
      case "query_error":
      case "test_command":
        throw new Error(`${message.type} was not asked for (§8.2)`);
    }
  }

  #identify(): void {
    const { fileIdent, salt, download, latest, upload } = this.file;
    this.state = "running";
    this.#scan = upload;
    this.#connection.send({ type: "ident", mode: "partition", session: this.ident, fileIdent, salt, download, latest });
    this.#mark();
    this.pump();
  }

  #mark(): number {
    const request = ++this.#asked;
    this.#connection.send({ type: "mark", session: this.ident, request });
    return request;
  }

  #download(message: Download): void {
    this.file.integrate(message);
    this.downloads++;
    if (message.upload.clientVersion > this.#scan.clientVersion) this.#scan = message.upload;
    const now = performance.now();
    while (this.#waiting.length > 0 && this.#waiting[0]!.clientVersion <= message.upload.clientVersion) {
      const { clientVersion, changesets, sentAt } = this.#waiting.shift()!;
      this.#options.onAcknowledged?.(clientVersion, changesets, now - sentAt);
    }
    this.pump();
  }

  #fail(error: ServerError | PlainError): void {
    this.error = error;
    this.state = "failed";
  }

  #gone(): void {
    this.state = "unbound";
    this.#connection.forget(this.ident);
    this.#connection.changed();
  }

  #expect(holds: boolean, what: string): void {
    if (!holds) throw new Error(`${what} for session ${this.ident} while ${this.state} (§8.2)`);
  }

  /** A condition that the session's own error makes hopeless. */
  async #until(condition: () => boolean, what: string): Promise<void> {
    await this.#connection.until(() => condition() || this.error !== undefined, `${what} in session ${this.ident}`);
    if (!condition() && this.error) throw new Error(`${what}: session error ${this.error.code}: ${this.error.message}`);
  }
}
