import type { Download, DownloadEntry } from "../../../src/protocol/down/download.ts";
import type { DownloadCursor, SaltedVersion, UploadCursor } from "../../../src/protocol/progress.ts";
import type { UploadEntry } from "../../../src/protocol/up/upload.ts";

/** One commit of the file: a change of its own, or a DOWNLOAD that was integrated (K4). */
type Commit =
  | { readonly kind: "local"; readonly entry: UploadEntry }
  | { readonly kind: "foreign"; readonly clientVersion: number; readonly serverVersion: number };

const versionOf = (commit: Commit): number => (commit.kind === "local" ? commit.entry.clientVersion : commit.clientVersion);
const baseOf = (commit: Commit): number => (commit.kind === "local" ? commit.entry.serverVersion : commit.serverVersion);

/** What a walk over the local history found to upload, and how far it came. */
export interface Walk {
  readonly entries: readonly UploadEntry[];
  readonly progress: UploadCursor;
}

/** Milliseconds from 1970 to 2015, where the protocol's timestamps begin. */
const epoch = 1_420_070_400_000;

/**
 * What a client keeps of one partition across connections (K2–K8), without the data: received changesets are counted and, unless told
 * otherwise, kept, but neither merged nor applied. Every number a server sends is checked by §9.2 and §9.3, and a violation throws (K9).
 */
export class ClientFile {
  fileIdent = 0;
  salt = 0n;
  download: DownloadCursor = { serverVersion: 0, clientVersion: 0 };
  upload: UploadCursor = { clientVersion: 0, serverVersion: 0 };
  latest: SaltedVersion = { version: 0, salt: 0n };
  /** All entries received, in order; empty when the file was made with `keep: false`. */
  readonly received: DownloadEntry[] = [];
  receivedEntries = 0;
  /** The newest local commit. The first version of a real file is not 1 either. */
  lastVersion = 1;
  /** The last server version that a commit of this file knows of: the base of what is written next. */
  #base = 0;
  readonly #commits: Commit[] = [];
  readonly #keep: boolean;

  constructor({ keep = true }: { readonly keep?: boolean } = {}) {
    this.#keep = keep;
  }

  /** Takes the ident the server allocated: a commit of its own, made before IDENT is sent (K10). */
  identify(fileIdent: number, salt: bigint): void {
    if (this.fileIdent !== 0) throw new Error("IDENT for a file that has an ident (§6.1)");
    if (fileIdent < 2 || salt === 0n) throw new Error(`an ident of ${fileIdent} or a salt of ${salt} (§6.1)`);
    this.fileIdent = fileIdent;
    this.salt = salt;
    this.lastVersion++;
  }

  /** Writes a change; returns its client version. `timestamp` in milliseconds since 2015. */
  commit(changeset: Uint8Array, timestamp = Date.now() - epoch): number {
    const clientVersion = ++this.lastVersion;
    this.#commits.push({
      kind: "local",
      entry: { clientVersion, serverVersion: this.#base, originTimestamp: timestamp, originFileIdent: 0, changeset },
    });
    return clientVersion;
  }

  /** Integrates a DOWNLOAD as one commit, after all checks. */
  integrate(message: Download): void {
    this.#checkHead(message);
    this.#checkEntries(message);
    this.download = message.download;
    this.upload = message.upload;
    this.latest = message.latest;
    this.receivedEntries += message.entries.length;
    if (this.#keep) this.received.push(...message.entries);
    // As SDKs do: behind entries the last of them counts, which may lie below the head's cursor.
    this.#base = message.entries.at(-1)?.serverVersion ?? message.download.serverVersion;
    this.#commits.push({ kind: "foreign", clientVersion: ++this.lastVersion, serverVersion: this.#base });
    this.#forget();
  }

  /** Walks the history from a scan position, up to `limit` changes; empty ones need no upload (K5). */
  walk(from: UploadCursor, limit: number): Walk {
    const entries: UploadEntry[] = [];
    let progress = from;
    for (let index = this.#indexAfter(from.clientVersion); index < this.#commits.length && entries.length < limit; index++) {
      const commit = this.#commits[index]!;
      progress = { clientVersion: versionOf(commit), serverVersion: Math.max(progress.serverVersion, baseOf(commit)) };
      if (commit.kind === "local" && commit.entry.changeset.length > 0) entries.push(commit.entry);
    }
    return { entries, progress };
  }

  /** Position of the first commit above a version; commits are sorted. */
  #indexAfter(clientVersion: number): number {
    let low = 0;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (versionOf(this.#commits[middle]!) <= clientVersion) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Drops what will never be uploaded again, many at a time. */
  #forget(): void {
    const done = this.#indexAfter(this.upload.clientVersion);
    if (done > 1024) this.#commits.splice(0, done);
  }

  #checkHead({ download, upload, latest }: Download): void {
    const check = (rule: string, holds: boolean): void => {
      if (holds) return;
      const told = JSON.stringify({ download, upload, latest: latest.version });
      const stored = JSON.stringify({ download: this.download, upload: this.upload, latest: this.latest.version, last: this.lastVersion });
      throw new Error(`${rule} is violated by ${told}; stored: ${stored}`);
    };
    check("P1", latest.version >= this.latest.version);
    check("P2", upload.clientVersion >= this.upload.clientVersion);
    check("P3", upload.clientVersion <= this.lastVersion);
    check("P4", download.serverVersion >= this.download.serverVersion);
    check("P5", download.serverVersion <= latest.version);
    check("P6", download.clientVersion >= this.download.clientVersion);
    check("P7", download.clientVersion <= upload.clientVersion);
    check("P8", upload.serverVersion <= download.serverVersion);
  }

  #checkEntries({ download, entries, mode }: Download): void {
    let previous = this.download;
    for (const entry of entries) {
      const grows = mode === "partition" ? entry.serverVersion > previous.serverVersion : entry.serverVersion >= previous.serverVersion;
      if (!grows || entry.serverVersion > download.serverVersion) throw new Error(`P10 is violated by version ${entry.serverVersion}`);
      if (entry.clientVersion < previous.clientVersion || entry.clientVersion > download.clientVersion) {
        throw new Error(`P11 is violated by client version ${entry.clientVersion}`);
      }
      if (entry.originFileIdent === 0 || entry.originFileIdent === this.fileIdent) {
        throw new Error(`P12 is violated by author ${entry.originFileIdent}`);
      }
      previous = entry;
    }
  }
}
