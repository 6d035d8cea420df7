import { decodeChangeset } from "../../../src/changeset/decode.ts";
import { encodeChangeset } from "../../../src/changeset/encode.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import { mergeChangesets } from "../../../src/merge/merge.ts";
import type { Download, DownloadEntry } from "../../../src/protocol/down/download.ts";
import type { DownloadCursor, SaltedVersion, UploadCursor } from "../../../src/protocol/progress.ts";
import type { UploadEntry } from "../../../src/protocol/up/upload.ts";
import { MemoryObjectStorage, ObjectState } from "../../../src/store/objects/index.ts";

interface LocalCommit {
  readonly kind: "local";
  readonly entry: UploadEntry;
  /** As later entries are merged with it (K8); what is uploaded stays as first made. */
  reciprocal: readonly Instruction[];
}
type Commit = LocalCommit | { readonly kind: "foreign"; readonly clientVersion: number; readonly serverVersion: number };

const versionOf = (commit: Commit): number => (commit.kind === "local" ? commit.entry.clientVersion : commit.clientVersion);
const baseOf = (commit: Commit): number => (commit.kind === "local" ? commit.entry.serverVersion : commit.serverVersion);

const newState = (): ObjectState => new ObjectState(new MemoryObjectStorage(), { cacheBytes: 16 * 1024 * 1024 });

/**
 * One device's file: what an SDK persists, with its data (sync-protocol §19, K2–K11). It merges as SDKs do and throws where one would
 * report a violation (K9): P1–P12, a changeset that does not apply.
 */
export class DeviceFile {
  readonly name: string;
  fileIdent = 0;
  salt = 0n;
  download: DownloadCursor = { serverVersion: 0, clientVersion: 0 };
  upload: UploadCursor = { clientVersion: 0, serverVersion: 0 };
  latest: SaltedVersion = { version: 0, salt: 0n };
  lastVersion = 1;
  state = newState();
  /** Distinct client versions of non-empty changes, for counting. */
  readonly written: number[] = [];
  #base = 0;
  #commits: Commit[] = [];

  constructor(name: string) {
    this.name = name;
  }

  identify(fileIdent: number, salt: bigint): void {
    if (this.fileIdent !== 0) throw new Error(`${this.name}: IDENT for a file that has one`);
    this.fileIdent = fileIdent;
    this.salt = salt;
    this.lastVersion++;
  }

  /** Records a transaction that was just applied to `state`. */
  commit(instructions: readonly Instruction[], timestamp: number): void {
    const clientVersion = ++this.lastVersion;
    if (instructions.length === 0) return;
    const entry: UploadEntry = {
      clientVersion,
      serverVersion: this.#base,
      originTimestamp: timestamp,
      originFileIdent: 0,
      changeset: encodeChangeset(instructions),
    };
    this.#commits.push({ kind: "local", entry, reciprocal: instructions });
    this.written.push(clientVersion);
  }

  integrate(message: Download): void {
    this.#checkHead(message);
    let previous = this.download;
    for (const entry of message.entries) {
      this.#check("P10", entry.serverVersion > previous.serverVersion && entry.serverVersion <= message.download.serverVersion);
      this.#check("P11", entry.clientVersion >= previous.clientVersion && entry.clientVersion <= message.download.clientVersion);
      this.#check("P12", entry.originFileIdent > 0 && entry.originFileIdent !== this.fileIdent);
      this.#merge(entry);
      previous = entry;
    }
    this.download = message.download;
    this.upload = message.upload;
    this.latest = message.latest;
    this.#base = message.entries.at(-1)?.serverVersion ?? message.download.serverVersion;
    this.#commits.push({ kind: "foreign", clientVersion: ++this.lastVersion, serverVersion: this.#base });
    this.#commits = this.#commits.filter(
      (commit) => versionOf(commit) > this.download.clientVersion || versionOf(commit) > this.upload.clientVersion,
    );
  }

  /** What follows a scan position: at most `limit` changes, and how far the walk came (K5). */
  walk(from: UploadCursor, limit: number): { readonly entries: readonly UploadEntry[]; readonly progress: UploadCursor } {
    const entries: UploadEntry[] = [];
    let progress = from;
    for (const commit of this.#commits) {
      if (versionOf(commit) <= from.clientVersion) continue;
      if (entries.length === limit) break;
      progress = { clientVersion: versionOf(commit), serverVersion: Math.max(progress.serverVersion, baseOf(commit)) };
      if (commit.kind === "local") entries.push(commit.entry);
    }
    return { entries, progress };
  }

  /** Whether something of this file is not acknowledged yet. */
  get hasUnsent(): boolean {
    return this.#commits.some((commit) => commit.kind === "local" && commit.entry.clientVersion > this.upload.clientVersion);
  }

  /** A client reset that discards local changes: the file takes over the fresh one's ident, cursor and content (K11, §14). */
  adopt(fresh: DeviceFile): void {
    this.fileIdent = fresh.fileIdent;
    this.salt = fresh.salt;
    this.latest = fresh.latest;
    this.download = { serverVersion: fresh.latest.version, clientVersion: 0 };
    this.upload = { clientVersion: 0, serverVersion: 0 };
    this.#base = fresh.latest.version;
    this.#commits = [{ kind: "foreign", clientVersion: ++this.lastVersion, serverVersion: this.#base }];
    this.state = fresh.state;
    this.written.length = 0;
  }

  #merge(entry: DownloadEntry): void {
    if (entry.changeset.length === 0) return;
    const local = this.#commits.filter(
      (commit): commit is LocalCommit =>
        commit.kind === "local" && commit.entry.clientVersion > entry.clientVersion && commit.reciprocal.length > 0,
    );
    const merged = mergeChangesets(
      local.map(({ entry: own, reciprocal }) => ({
        originTimestamp: own.originTimestamp,
        originFileIdent: this.fileIdent,
        instructions: reciprocal,
      })),
      [{ originTimestamp: entry.originTimestamp, originFileIdent: entry.originFileIdent, instructions: decodeChangeset(entry.changeset) }],
    );
    merged.local.forEach((output, index) => {
      local[index]!.reciprocal = output.instructions;
    });
    this.state.apply(merged.incoming[0]!.instructions);
  }

  #checkHead({ download, upload, latest }: Download): void {
    this.#check("P1", latest.version >= this.latest.version);
    this.#check("P2", upload.clientVersion >= this.upload.clientVersion);
    this.#check("P3", upload.clientVersion <= this.lastVersion);
    this.#check("P4", download.serverVersion >= this.download.serverVersion);
    this.#check("P5", download.serverVersion <= latest.version);
    this.#check("P6", download.clientVersion >= this.download.clientVersion);
    this.#check("P7", download.clientVersion <= upload.clientVersion);
    this.#check("P8", upload.serverVersion <= download.serverVersion);
    this.#check("P2 (server version)", upload.serverVersion === 0 || upload.serverVersion >= this.upload.serverVersion);
  }

  #check(rule: string, holds: boolean): void {
    if (!holds) throw new Error(`${this.name} (file ${this.fileIdent}): ${rule} is violated`);
  }
}
