import { decodeDown, type DownMessage } from "../../../src/protocol/down.ts";
import type { ServerError } from "../../../src/protocol/down/json-error.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import type { UploadCursor } from "../../../src/protocol/progress.ts";
import { encodeUp, type UpMessage } from "../../../src/protocol/up.ts";
import type { ProtocolVersion } from "../../../src/protocol/version.ts";
import { wireOf } from "../wire/wires.ts";
import { DeviceFile } from "./device-file.ts";

/** Both directions of a socket, as queues that the test empties. */
export interface Pipe {
  readonly id: string;
  readonly up: Uint8Array[];
  readonly down: Uint8Array[];
}

interface BoundSession {
  readonly ident: number;
  readonly file: DeviceFile;
  state: "waitIdent" | "running" | "failed" | "unbinding";
  scan: UploadCursor;
  askedMark: number;
  answeredMark: number;
  downloads: number;
}

/**
 * A device with one file, behaving as an SDK does on the wire (sync-protocol §8, §14, §19). Whatever a real client would close the
 * connection or abort over, throws.
 */
export class Device {
  readonly file: DeviceFile;
  readonly userId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly #wire;
  pipe: Pipe | undefined;
  session: BoundSession | undefined;
  readonly notices: ServerError[] = [];
  readonly errors: ServerError[] = [];
  resets = 0;
  /** Ended for good: the app is told, nothing is tried again until `revive`. */
  stopped = false;
  /** The second file of a client reset that is under way. */
  #resetPending = false;
  #retryAfterUnbind = false;
  #nextSession = 1;
  #connections = 0;
  #pendingNotices: ServerError[] = [];

  constructor(name: string, protocolVersion: ProtocolVersion = 14) {
    this.file = new DeviceFile(name);
    this.userId = `user-${name}`;
    this.protocolVersion = protocolVersion;
    this.#wire = wireOf("partition", protocolVersion);
  }

  connect(): Pipe {
    const pipe: Pipe = { id: `${this.file.name}#${++this.#connections}`, up: [], down: [] };
    this.pipe = pipe;
    this.#bind(this.#resetPending ? new DeviceFile(`${this.file.name}'`) : this.file);
    return pipe;
  }

  /** The socket is gone; what was in it is lost. */
  lose(): void {
    this.pipe = undefined;
    this.session = undefined;
  }

  /** Sends what there is to say next; false when there is nothing. `limit`: changes in one UPLOAD. */
  pump(limit: number): boolean {
    const { session } = this;
    if (session?.state !== "running" || session.answeredMark === 0 || session.file !== this.file) return false;
    const { entries, progress } = this.file.walk(session.scan, limit);
    if (entries.length === 0 && progress.serverVersion <= session.scan.serverVersion) return false;
    session.scan = progress;
    this.#send({ type: "upload", session: session.ident, progress, lockedServerVersion: this.file.download.serverVersion, entries });
    return true;
  }

  /** Asks once more whether everything is here. */
  mark(): void {
    const { session } = this;
    if (session?.state === "running") this.#send({ type: "mark", session: session.ident, request: ++session.askedMark });
  }

  unbind(): void {
    const { session } = this;
    if (session?.state !== "running") return;
    session.state = "unbinding";
    this.#send({ type: "unbind", session: session.ident });
  }

  get isIdle(): boolean {
    const { session } = this;
    if (this.stopped) return true;
    return session?.state === "running" && session.file === this.file && session.answeredMark === session.askedMark && !this.file.hasUnsent;
  }

  receive(frame: Uint8Array): void {
    const message = decodeDown(frame, this.#wire);
    if (message.type === "pong" || message.type === "log_message") return;
    if (message.type === "error") throw new Error(`${this.file.name}: plain error ${message.code}`);
    if (message.session === 0) throw new Error(`${this.file.name}: connection error ${JSON.stringify(message)}`);
    const { session } = this;
    if (session === undefined || session.ident !== message.session) {
      throw new Error(`${this.file.name}: ${message.type} for session ${message.session}, which is not bound (§8.2)`);
    }
    if (session.state === "failed") throw new Error(`${this.file.name}: ${message.type} after an error (S9)`);
    this.#handle(session, message);
  }

  #handle(session: BoundSession, message: DownMessage): void {
    switch (message.type) {
      case "ident":
        session.file.identify(message.fileIdent, message.salt);
        this.#identify(session);
        return;
      case "download":
        if (session.state !== "running" && session.state !== "unbinding") throw new Error(`${this.file.name}: DOWNLOAD before IDENT`);
        if (session.state === "unbinding") return;
        session.downloads += 1;
        session.file.integrate(message);
        this.#releaseNotices(message.entries.map((entry) => entry.serverVersion));
        // A DOWNLOAD that reports a higher upload cursor saves the walk (K7).
        if (message.upload.clientVersion > session.scan.clientVersion) session.scan = message.upload;
        return;
      case "mark":
        if (session.state === "unbinding") return;
        if (session.downloads === 0) throw new Error(`${this.file.name}: MARK before any DOWNLOAD (IN3)`);
        if (message.request > session.askedMark || message.request <= session.answeredMark)
          throw new Error(`${this.file.name}: MARK ${message.request} was not asked`);
        session.answeredMark = message.request;
        if (session.file !== this.file) this.#finishReset(session);
        return;
      case "unbound":
        if (session.state !== "unbinding") throw new Error(`${this.file.name}: UNBOUND unasked`);
        this.session = undefined;
        this.#bind(this.file);
        return;
      case "json_error":
        this.#fail(session, message);
        return;
      case "query_error":
      case "test_command":
      case "log_message":
      case "pong":
      case "error":
        throw new Error(`${this.file.name}: unexpected ${message.type}`);
    }
  }

  #fail(session: BoundSession, error: ServerError): void {
    if (error.code === 231) {
      const version = error.rejected?.serverVersion;
      if (version === undefined || error.rejected!.updates.length === 0) throw new Error(`${this.file.name}: an incomplete 231`);
      if (version <= this.file.download.serverVersion) throw new Error(`${this.file.name}: a 231 for a version that has passed (E5)`);
      if (version <= (this.#pendingNotices.at(-1)?.rejected?.serverVersion ?? 0))
        throw new Error(`${this.file.name}: 231 out of order (E5)`);
      this.#pendingNotices.push(error);
      return;
    }
    this.errors.push(error);
    const answered = session.state === "unbinding";
    session.state = "failed";
    if (!answered) this.#send({ type: "unbind", session: session.ident });
    this.session = undefined;
    if (error.action === "ClientReset" || error.action === "ClientResetNoRecovery") {
      this.#resetPending = true;
      this.#bind(new DeviceFile(`${this.file.name}'`));
    } else if (error.tryAgain) this.#retryAfterUnbind = true;
    else this.stopped = true;
  }

  /** The client binds again after the delay that Transient asks for. */
  retry(): void {
    if (!this.#retryAfterUnbind || this.pipe === undefined || this.session !== undefined) return;
    this.#retryAfterUnbind = false;
    this.#bind(this.#resetPending ? new DeviceFile(`${this.file.name}'`) : this.file);
  }

  #releaseNotices(versions: readonly number[]): void {
    const last = versions.at(-1) ?? 0;
    while ((this.#pendingNotices[0]?.rejected?.serverVersion ?? Number.POSITIVE_INFINITY) <= last) {
      const notice = this.#pendingNotices.shift()!;
      if (notice.rejected!.serverVersion! < versions[0]!) throw new Error(`${this.file.name}: a 231 released too late (E5)`);
      this.notices.push(notice);
    }
  }

  #finishReset(session: BoundSession): void {
    this.#send({ type: "unbind", session: session.ident });
    session.state = "unbinding";
    this.file.adopt(session.file);
    this.#resetPending = false;
    this.resets += 1;
  }

  #bind(file: DeviceFile): void {
    if (this.pipe === undefined) return;
    const ident = this.#nextSession++;
    this.#pendingNotices = [];
    this.session = {
      ident,
      file,
      state: "waitIdent",
      scan: file.upload,
      askedMark: 1,
      answeredMark: 0,
      downloads: 0,
    };
    const needIdent = file.fileIdent === 0;
    this.#send({ type: "bind", mode: "partition", session: ident, needIdent, partition: stringPartition("part") });
    if (!needIdent) this.#identify(this.session);
  }

  #identify(session: BoundSession): void {
    const { file, ident } = session;
    const { fileIdent, salt, download, latest } = file;
    this.#send({ type: "ident", mode: "partition", session: ident, fileIdent, salt, download, latest });
    session.state = "running";
    this.#send({ type: "mark", session: ident, request: ++session.askedMark });
  }

  #send(message: UpMessage): void {
    this.pipe?.up.push(encodeUp(message, this.#wire));
  }
}
