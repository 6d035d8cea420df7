import { bodyFields, packBody, unpackBody, type EncodedBody } from "../body.ts";
import { readEntries, writeEntries } from "../entries.ts";
import type { FieldReader } from "../field-reader.ts";
import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { DownloadCursor, SaltedVersion, UploadCursor } from "../progress.ts";
import { ProtocolError } from "../protocol-error.ts";
import { featuresOf } from "../version.ts";
import type { Wire, Zlib } from "../wire.ts";

/** `<server version> <client version> <origin timestamp> <origin file ident> <original size> <size> <changeset>` */
export interface DownloadEntry {
  /** The version the entry produced: ≥ 1, growing (in flexible sync not falling), ≤ the head's download cursor (P10). */
  readonly serverVersion: number;
  /** The receiver's last client version integrated at that point: not falling, ≤ the head's download cursor (P11). */
  readonly clientVersion: number;
  /** Milliseconds since 2015-01-01T00:00:00Z on the author's clock, passed through unchanged. */
  readonly originTimestamp: number;
  /** The author, 1 for the server. Never 0, never the receiver (P12). */
  readonly originFileIdent: number;
  /** Size before compaction on the server; statistics only. */
  readonly originalSize: number;
  /** May be empty. A view into the received frame, or into its inflated body. */
  readonly changeset: Uint8Array;
}

interface DownloadHeadBase {
  readonly session: number;
  /** The receiver's cursor after this message. */
  readonly download: DownloadCursor;
  /** The newest version of the server file, now. */
  readonly latest: SaltedVersion;
  /** What the server has durably integrated of the receiver's history. */
  readonly upload: UploadCursor;
}

export interface PartitionDownloadHead extends DownloadHeadBase {
  readonly mode: "partition";
  /** Bytes of changesets still to come after this message; for progress displays. */
  readonly downloadableBytes: number;
}

/** `more` of this bootstrap follows, its `last` message, or `steady` state outside of bootstraps. */
export type BatchState = "more" | "last" | "steady";

export interface FlexibleDownloadHead extends DownloadHeadBase {
  readonly mode: "flexible";
  /** The subscription set this message belongs to. */
  readonly queryVersion: number;
  readonly batchState: BatchState;
  /** 0 … 1 of the bootstrap; 1 when done. */
  readonly progress: number;
}

/** What a DOWNLOAD says besides its changesets: the receiver's own, while the body may be shared by several receivers. */
export type DownloadHead = PartitionDownloadHead | FlexibleDownloadHead;

/**
 * DOWNLOAD (§6.2), from the server: changesets and progress.
 *
 * `download <session> <dl server version> <dl client version> <latest server version> <latest salt> <ul client version> <ul server version>`,
 * then `<downloadable bytes>` or in flexible sync `<query version> <batch state> <progress>`, then `<is compressed> <uncompressed size>
 * <compressed size>⏎<entries>`. After IDENT, at least once in a session; without entries it acknowledges uploads.
 */
export type Download = DownloadHead & { readonly type: "download"; readonly entries: readonly DownloadEntry[] };

const batchStates = ["more", "last", "steady"] as const satisfies readonly BatchState[];

export const decodeDownload = (reader: FrameReader, wire: Wire): Download => {
  const base = {
    type: "download",
    session: reader.session(),
    download: { serverVersion: reader.integer(), clientVersion: reader.integer() },
    latest: { version: reader.integer(), salt: reader.salt() },
    upload: { clientVersion: reader.integer(), serverVersion: reader.integer() },
  } as const;
  const head: DownloadHead =
    wire.mode === "partition"
      ? { ...base, mode: "partition", downloadableBytes: reader.integer() }
      : {
          ...base,
          mode: "flexible",
          queryVersion: reader.integer(),
          batchState: readBatchState(reader),
          progress: readProgress(reader, wire),
        };
  const sizes = { compressed: reader.flag(), uncompressedSize: reader.integer(), compressedSize: reader.lastInteger() };
  const body = unpackBody(reader, sizes, wire);
  return { ...head, type: "download", entries: readEntries(body, wire.limits.entries, readEntry) };
};

const readBatchState = (reader: FrameReader): BatchState => {
  const state = batchStates[reader.integer()];
  if (state === undefined) throw new ProtocolError("outOfRange", "the batch state is 0, 1 or 2");
  return state;
};

/** Below version 12 the field counts bytes, which says nothing of an estimate. */
const readProgress = (reader: FrameReader, wire: Wire): number => {
  if (featuresOf(wire.version).fractionalProgress) return reader.fraction();
  reader.integer();
  return 0;
};

const readEntry = (fields: FieldReader, changeset: () => Uint8Array): DownloadEntry => {
  const serverVersion = fields.integer();
  if (serverVersion === 0) throw new ProtocolError("badEntryHead", "an entry of server version 0");
  return {
    serverVersion,
    clientVersion: fields.integer(),
    originTimestamp: fields.integer(),
    originFileIdent: fields.integer(),
    originalSize: fields.integer(),
    changeset: changeset(),
  };
};

/** Encodes and, when it pays, compresses the entries once, for all receivers to whom the same entries are due. */
export const encodeDownloadBody = (entries: readonly DownloadEntry[], zlib: Zlib): EncodedBody =>
  packBody(
    writeEntries(
      entries,
      (entry) => `${entry.serverVersion} ${entry.clientVersion} ${entry.originTimestamp} ${entry.originFileIdent} ${entry.originalSize}`,
    ),
    zlib,
  );

/** One receiver's frame around an encoded body. */
export const encodeDownloadFrame = (head: DownloadHead, body: EncodedBody, wire: Wire): Uint8Array<ArrayBuffer> => {
  const { session, download, latest, upload } = head;
  const own =
    head.mode === "partition"
      ? [head.downloadableBytes]
      : [
          head.queryVersion,
          batchStates.indexOf(head.batchState),
          featuresOf(wire.version).fractionalProgress ? formatProgress(head.progress) : 0,
        ];
  const cursors = [download.serverVersion, download.clientVersion, latest.version, latest.salt, upload.clientVersion, upload.serverVersion];
  return frame(["download", session, ...cursors, ...own, ...bodyFields(body)], body.bytes);
};

/** At most four digits after the point: clients end the connection over anything outside 0 … 1 (§18.1). */
const formatProgress = (progress: number): number => Math.round(Math.min(Math.max(progress, 0), 1) * 10_000) / 10_000;

export const encodeDownload = (download: Download, wire: Wire): Uint8Array<ArrayBuffer> =>
  encodeDownloadFrame(download, encodeDownloadBody(download.entries, wire.zlib), wire);
