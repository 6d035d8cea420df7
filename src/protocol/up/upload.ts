import { bodyFields, packBody, unpackBody, type EncodedBody } from "../body.ts";
import type { FieldReader } from "../field-reader.ts";
import { readEntries, writeEntries } from "../entries.ts";
import { frame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { UploadCursor } from "../progress.ts";
import type { Wire, Zlib } from "../wire.ts";

/**
 * One change of the client: `<client version> <server version> <origin timestamp> <origin file ident> <size> <changeset>`.
 */
export interface UploadEntry {
  /** The number of the local commit. */
  readonly clientVersion: number;
  /** The last server version integrated when the change was made: its base for merging. */
  readonly serverVersion: number;
  /** Milliseconds since 2015-01-01T00:00:00Z on the author's clock. */
  readonly originTimestamp: number;
  /** 0, "the sender": anything else is refused by the session (216). */
  readonly originFileIdent: number;
  /** A view into the received frame, or into its inflated body. */
  readonly changeset: Uint8Array;
}

/** What an UPLOAD says besides its changesets. */
export interface UploadHead {
  readonly session: number;
  /** The scan position: all up to this client version was uploaded or needs no upload; ≥ every entry. */
  readonly progress: UploadCursor;
  /** The client's download cursor; history newer than this must be kept for it. */
  readonly lockedServerVersion: number;
}

/**
 * UPLOAD (§5.4), from the client: send changesets, or only acknowledge (no entries).
 *
 * `upload <session> <is compressed> <uncompressed size> <compressed size> <progress client version> <progress server version> <locked
 * server version>⏎<entries>`. After IDENT, usually after the first MARK was answered.
 */
export interface Upload extends UploadHead {
  readonly type: "upload";
  readonly entries: readonly UploadEntry[];
}

export const decodeUpload = (reader: FrameReader, wire: Wire): Upload => {
  const session = reader.session();
  const sizes = { compressed: reader.flag(), uncompressedSize: reader.integer(), compressedSize: reader.integer() };
  const progress = { clientVersion: reader.integer(), serverVersion: reader.integer() };
  const lockedServerVersion = reader.lastInteger();
  const body = unpackBody(reader, sizes, wire);
  return { type: "upload", session, progress, lockedServerVersion, entries: readEntries(body, wire.limits.entries, readEntry) };
};

const readEntry = (fields: FieldReader, changeset: () => Uint8Array): UploadEntry => ({
  clientVersion: fields.integer(),
  serverVersion: fields.integer(),
  originTimestamp: fields.integer(),
  originFileIdent: fields.integer(),
  changeset: changeset(),
});

const encodeUploadBody = (entries: readonly UploadEntry[], zlib: Zlib): EncodedBody =>
  packBody(
    writeEntries(entries, (entry) => `${entry.clientVersion} ${entry.serverVersion} ${entry.originTimestamp} ${entry.originFileIdent}`),
    zlib,
  );

export const encodeUpload = (upload: Upload, wire: Wire): Uint8Array<ArrayBuffer> => {
  const { session, progress, lockedServerVersion } = upload;
  const body = encodeUploadBody(upload.entries, wire.zlib);
  const sizes = bodyFields(body);
  return frame(["upload", session, ...sizes, progress.clientVersion, progress.serverVersion, lockedServerVersion], body.bytes);
};
