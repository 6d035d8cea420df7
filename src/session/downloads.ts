import type { EncodedBody } from "../protocol/body.ts";
import { encodeDownloadBody, encodeDownloadFrame } from "../protocol/down/download.ts";
import type { Zlib } from "../protocol/wire.ts";
import type { History } from "../store/history.ts";
import type { Scan } from "../store/receiver-view.ts";
import type { VersionPair } from "../store/upload-checks.ts";
import type { RunningSession } from "./session.ts";

interface Batch {
  readonly scan: Scan;
  readonly body: EncodedBody;
  /** Whole frames by what their heads say: clients at the same place often get the same bytes to the last one. */
  readonly frames: Map<string, Uint8Array>;
}

export interface DownloadFrame {
  readonly frame: Uint8Array;
  readonly scan: Pick<Scan, "entries" | "cursor">;
  /** Bytes of memory it took; 0 when the frame was made for somebody else already. */
  readonly cost: number;
}

/**
 * Makes DOWNLOADs from what the sessions scan. What readers at the same place are due is scanned, encoded and compressed once.
 * Valid for one state of the history: make a new one each turn.
 */
export class Downloads {
  readonly #zlib: Zlib;
  readonly #maxBytes: number;
  readonly #end: number;
  readonly #salt: bigint;
  readonly #shared = new Map<string, Batch>();

  constructor(history: History, zlib: Zlib, maxBytes: number) {
    this.#zlib = zlib;
    this.#maxBytes = maxBytes;
    this.#end = history.current;
    this.#salt = BigInt(history.salt(this.#end) ?? 0);
  }

  /** The next message of a session. `upload`: what is durable of its uploads (DL1). */
  next(session: RunningSession, upload: VersionPair): DownloadFrame {
    const passed = session.view.passOwn(session.cursor, this.#end);
    const batch = passed === undefined ? this.#batch(session) : emptyBatch(passed);
    return this.#frame(session, batch, upload);
  }

  /** A message without entries that leaves the cursor where it is: only the upload cursor is news. */
  acknowledgement(session: RunningSession, upload: VersionPair): Uint8Array {
    return this.#frame(session, emptyBatch(session.cursor), upload).frame;
  }

  #batch(session: RunningSession): Batch {
    const { cursor, view, file } = session;
    const key = `${cursor.serverVersion}/${cursor.clientVersion}`;
    const personal = view.isPersonalAfter(cursor);
    const known = personal ? undefined : this.#shared.get(key);
    if (known !== undefined && !known.scan.authors.has(file.ident)) return known;
    const scan = view.scan(cursor, this.#end, this.#maxBytes);
    const batch: Batch = { scan, body: this.#encode(scan), frames: new Map() };
    if (!personal && !scan.authors.has(file.ident)) this.#shared.set(key, batch);
    return batch;
  }

  #encode(scan: Scan): EncodedBody {
    if (scan.entries.length === 0) return noBody;
    const entries = scan.entries.map(({ serverVersion, clientVersion, timestamp, author, changeset }) => ({
      serverVersion,
      clientVersion,
      originTimestamp: timestamp,
      originFileIdent: author,
      originalSize: changeset.length,
      changeset,
    }));
    return encodeDownloadBody(entries, this.#zlib);
  }

  #frame(session: RunningSession, { scan, body, frames }: Batch, upload: VersionPair): DownloadFrame {
    const { cursor } = scan;
    const downloadableBytes = cursor.serverVersion === this.#end ? 0 : session.view.bytesAfter(cursor.serverVersion);
    // The head of a partition's DOWNLOAD is the same in every version of the protocol.
    const key = `${session.ident}/${upload.clientVersion}/${upload.serverVersion}`;
    const known = frames.get(key);
    if (known !== undefined) return { frame: known, scan, cost: 0 };
    const frame = encodeDownloadFrame(
      {
        mode: "partition",
        session: session.ident,
        download: cursor,
        latest: { version: this.#end, salt: this.#salt },
        upload,
        downloadableBytes,
      },
      body,
      session.connection.wire,
    );
    frames.set(key, frame);
    return { frame, scan, cost: frame.length };
  }
}

const noBody: EncodedBody = { bytes: new Uint8Array(), compressed: false, uncompressedSize: 0 };
const emptyBatch = (cursor: Scan["cursor"]): Batch => ({
  scan: { entries: [], cursor, authors: new Set() },
  body: noBody,
  frames: new Map(),
});
