import type { Instruction } from "../../../../src/changeset/model.ts";
import { gridContext, mergeIn } from "../../../../src/merge/merge.ts";
import type { RuleObserver } from "../../../../src/merge/meet.ts";
import type { MergeInput, MergeResult } from "../../../../src/merge/types.ts";
import { MemoryObjectStorage, ObjectState, stateToJson } from "../../../../src/store/objects/index.ts";

// One server and its clients, as merge-rules §1 and §2.1 describe them and nothing more: histories, reciprocal forms, and state. No
// network, no storage; whoever drives it decides when something is uploaded, downloaded, or delivered twice.

const newState = (): ObjectState => new ObjectState(new MemoryObjectStorage(), { cacheBytes: 16 * 1024 * 1024 });

/** An entry of the server's history. */
interface Entry extends MergeInput {
  readonly version: number;
}

/** What a client sends: its own changeset as it was written, on top of the server version it then knew. */
interface Upload extends MergeInput {
  readonly clientVersion: number;
  readonly base: number;
}

/** What the server sends: an entry, and the client version that the server had integrated before it. */
interface Download {
  readonly entry: Entry;
  readonly integratedBefore: number;
}

/** What the server knows of a client file. */
interface ClientFile {
  /** Latest client version integrated, and at which server version each was. */
  integrated: number;
  readonly integratedAt: { readonly clientVersion: number; readonly serverVersion: number }[];
  /** Entries of the history in the form they have for this client's next upload. */
  readonly reciprocals: Map<number, MergeInput>;
}

export class Server {
  readonly state = newState();
  private readonly history: Entry[] = [];
  private readonly files = new Map<number, ClientFile>();
  private readonly merge: Merge;

  constructor(observe?: RuleObserver) {
    this.merge = mergeWith(observe);
  }

  get version(): number {
    return this.history.length;
  }

  /** Integrates a batch; what it has integrated already is skipped. Runs of equal base are merged together. */
  integrate(ident: number, uploads: readonly Upload[]): void {
    const file = this.file(ident);
    const fresh = uploads.filter(({ clientVersion }) => clientVersion > file.integrated);
    const before = this.version;
    for (const group of runsBy(fresh, ({ base }) => base)) {
      const concurrent = this.history.slice(group[0]?.base ?? 0, before).filter((entry) => entry.originFileIdent !== ident);
      const local = concurrent.map((entry) => file.reciprocals.get(entry.version) ?? entry);
      const result = this.merge(local, group);
      for (const [at, entry] of concurrent.entries()) {
        file.reciprocals.set(entry.version, { ...entry, instructions: result.local[at]?.instructions ?? [] });
      }
      for (const [at, upload] of group.entries()) this.append(upload, result.incoming[at]?.instructions ?? [], file);
    }
  }

  /** At most `limit` entries behind `after`, without the client's own; and how far they reach. */
  downloadsFor(ident: number, after: number, limit: number): { downloads: Download[]; reaches: number } {
    const file = this.file(ident);
    const entries = this.history.slice(after, after + limit);
    const downloads = entries
      .filter((entry) => entry.originFileIdent !== ident)
      .map((entry) => ({
        entry,
        integratedBefore: file.integratedAt.findLast(({ serverVersion }) => serverVersion < entry.version)?.clientVersion ?? 0,
      }));
    return { downloads, reaches: after + entries.length };
  }

  private append(
    { originTimestamp, originFileIdent, clientVersion }: Upload,
    instructions: readonly Instruction[],
    file: ClientFile,
  ): void {
    this.state.apply(instructions);
    this.history.push({ version: this.version + 1, originTimestamp, originFileIdent, instructions });
    file.integrated = clientVersion;
    file.integratedAt.push({ clientVersion, serverVersion: this.version });
  }

  private file(ident: number): ClientFile {
    const file = this.files.get(ident) ?? { integrated: 0, integratedAt: [], reciprocals: new Map<number, MergeInput>() };
    this.files.set(ident, file);
    return file;
  }
}

export class Client {
  readonly ident: number;
  readonly state = newState();
  /** What it wrote and the server has not confirmed, in the form it has on top of what was downloaded. */
  private unconfirmed: (MergeInput & { readonly clientVersion: number })[] = [];
  private readonly written: Upload[] = [];
  private downloaded = 0;
  private uploaded = 0;
  private readonly merge: Merge;

  constructor(ident: number, observe?: RuleObserver) {
    this.ident = ident;
    this.merge = mergeWith(observe);
  }

  get pending(): number {
    return this.written.length - this.uploaded;
  }

  /** A transaction of the app: carried out at once, sent some time. */
  write(originTimestamp: number, instructions: readonly Instruction[]): void {
    if (instructions.length === 0) return;
    this.state.apply(instructions);
    const clientVersion = this.written.length + 1;
    const input = { originTimestamp, originFileIdent: this.ident, instructions, clientVersion };
    this.unconfirmed.push(input);
    this.written.push({ ...input, base: this.downloaded });
  }

  /** Sends at most `limit` changesets; with `again`, the one before once more. */
  upload(server: Server, limit: number, again = false): void {
    const from = Math.max(0, this.uploaded - (again ? 1 : 0));
    server.integrate(this.ident, this.written.slice(from, this.uploaded + limit));
    this.uploaded = Math.min(this.written.length, this.uploaded + limit);
  }

  /** Receives at most `limit` entries; with `again`, the last delivery comes a second time. */
  download(server: Server, limit: number, again = false): void {
    const { downloads, reaches } = server.downloadsFor(this.ident, this.downloaded, limit);
    for (let times = again ? 2 : 1; times > 0; times--)
      this.receive(
        downloads.filter(({ entry }) => entry.version > this.downloaded),
        reaches,
      );
  }

  private receive(downloads: readonly Download[], reaches: number): void {
    for (const group of runsBy(downloads, ({ integratedBefore }) => integratedBefore)) {
      const confirmed = group[0]?.integratedBefore ?? 0;
      this.unconfirmed = this.unconfirmed.filter(({ clientVersion }) => clientVersion > confirmed);
      const result = this.merge(
        this.unconfirmed,
        group.map(({ entry }) => entry),
      );
      this.unconfirmed = this.unconfirmed.map((input, at) => ({ ...input, instructions: result.local[at]?.instructions ?? [] }));
      for (const { instructions } of result.incoming) this.state.apply(instructions);
    }
    this.downloaded = Math.max(this.downloaded, reaches);
  }
}

/** Everything uploaded and downloaded by everybody. */
export function settle(server: Server, clients: readonly Client[]): void {
  for (const client of clients) client.upload(server, Infinity);
  for (const client of clients) client.download(server, Infinity);
}

/** A state as text that is equal for equal states, whatever the order in which objects and columns were made. */
export function stateText(state: ObjectState): string {
  return JSON.stringify(stateToJson(state, "full"), (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

type Merge = (local: readonly MergeInput[], incoming: readonly MergeInput[]) => MergeResult;

/** The merge as it is used; or observed, and then in the plain grid within each field. */
function mergeWith(observe: RuleObserver | undefined): Merge {
  return (local, incoming) => mergeIn({ ...gridContext({}), observe }, local, incoming);
}

function runsBy<T>(items: readonly T[], keyOf: (item: T) => number): T[][] {
  const runs: T[][] = [];
  let last: number | undefined;
  for (const item of items) {
    const key = keyOf(item);
    if (key === last) runs.at(-1)?.push(item);
    else runs.push([item]);
    last = key;
  }
  return runs;
}
