import { ByteReader, ByteWriter } from "./bytes.ts";
import type { HistoryEntry } from "./entry.ts";

/** First byte of every segment body, so that the packing can change later. */
const format = 1;

/** Packs consecutive entries into the body of one stored segment. Versions follow from the first one. */
export function packSegment(entries: Iterable<HistoryEntry>): Uint8Array<ArrayBuffer> {
  writer.unsigned(format);
  packEntries(entries);
  return writer.take();
}

/** The same without the leading format byte: what is put behind a body to lengthen it. */
export function packMore(entries: Iterable<HistoryEntry>): Uint8Array<ArrayBuffer> {
  packEntries(entries);
  return writer.take();
}

function packEntries(entries: Iterable<HistoryEntry>): void {
  for (const entry of entries) {
    writer.unsigned(entry.origin);
    writer.unsigned(entry.clientVersion);
    writer.unsigned(entry.timestamp);
    writer.block(entry.footprint);
    writer.block(entry.changeset);
  }
}

/** The entries of a stored segment; their changesets are views of `body`. */
export function unpackSegment(body: Uint8Array, firstVersion: number, sizeBefore: number): HistoryEntry[] {
  const reader = new ByteReader(body);
  const found = reader.unsigned();
  if (found !== format) throw new RangeError(`History segment ${firstVersion} has the unknown format ${found}`);
  const entries: HistoryEntry[] = [];
  let sizeUpTo = sizeBefore;
  for (let version = firstVersion; !reader.atEnd; version++) {
    const origin = reader.unsigned();
    const clientVersion = reader.unsigned();
    const timestamp = reader.unsigned();
    const footprint = reader.block();
    const changeset = reader.block();
    sizeUpTo += changeset.length;
    entries.push({ version, origin, clientVersion, timestamp, footprint, changeset, sizeUpTo, instructions: undefined });
  }
  return entries;
}

const writer = new ByteWriter();
