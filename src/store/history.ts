import type { HistoryEntry } from "./entry.ts";
import { readMeta, writeMeta } from "./migrations.ts";
import { packMore, packSegment, unpackSegment } from "./segment.ts";
import { joinParts } from "./split-values.ts";
import { maxValueBytes, type Sql } from "./sql.ts";

export interface HistoryLimits {
  /** Changeset bytes of the newest entries kept in memory. */
  readonly tailBytes: number;
  /** Of those, the changeset bytes whose decoded form is kept too (some ten times as large). */
  readonly decodedBytes: number;
  /** Bytes of older segments kept in memory after a read. */
  readonly readCacheBytes: number;
  /** A segment is lengthened in place up to this size, so that many small turns do not make many small rows. */
  readonly smallSegmentBytes: number;
  /** Many entries appended at once are cut into segments of about this size, so that a reader need not take more at a time. */
  readonly segmentBytes: number;
}

export const defaultHistoryLimits: HistoryLimits = {
  tailBytes: 8 * 1024 * 1024,
  decodedBytes: 512 * 1024,
  readCacheBytes: 4 * 1024 * 1024,
  smallSegmentBytes: 8 * 1024,
  segmentBytes: 256 * 1024,
};

/** What a new entry is made of; its version and running size follow from its place. */
export type NewEntry = Omit<HistoryEntry, "version" | "sizeUpTo">;

interface Segment {
  readonly first: number;
  readonly last: number;
  readonly salt: number;
  readonly entries: readonly HistoryEntry[];
  readonly bytes: number;
}

/**
 * The ordered changesets of a partition (server-semantics §1.1, §1.2). New entries are appended in memory and become durable with
 * `flush`, which the caller runs inside its transaction. The newest entries stay in memory,
 * older ones are read segment by segment.
 */
export class History {
  readonly #sql: Sql;
  readonly #limits: HistoryLimits;
  /** Salt of all versions made since this object started (IN5): two continuations of one history must differ in it. */
  readonly #salt: number;

  #base: number;
  #baseSalt: number;
  /** Newest durable version. */
  #durable: number;
  #durableSalt: number;
  #sizeBeforeTail: number;
  /** Entries #tailFirst … current. */
  #tail: HistoryEntry[] = [];
  #tailFirst: number;
  /** No entry below holds its decoded form. */
  #decodedFrom = 0;
  /** The newest author's ident and the newest entry that is not theirs: answers the common question without a scan. */
  #lastForeign = { author: -1, version: 0 };
  /** The stored segment that may still be lengthened. */
  #open: { first: number; sizeBefore: number; body: Uint8Array } | undefined;
  readonly #segments = new Map<number, Segment>();
  #segmentBytes = 0;
  #latestRead: Segment | undefined;

  constructor(sql: Sql, salt: number, limits: HistoryLimits = defaultHistoryLimits) {
    this.#sql = sql;
    this.#limits = limits;
    this.#salt = salt;
    this.#base = readMeta(sql, "base_version") ?? 0;
    this.#baseSalt = readMeta(sql, "base_salt") ?? 0;
    const newest = sql.all<{ position: number; last_version: number; salt: number }>(
      "SELECT position, last_version, salt FROM history_segment ORDER BY position DESC LIMIT 1",
    )[0];
    this.#durable = newest?.last_version ?? this.#base;
    this.#durableSalt = newest?.salt ?? this.#baseSalt;
    this.#tailFirst = this.#durable + 1;
    this.#sizeBeforeTail = newest === undefined ? 0 : this.#lastEntryOf(newest.position).sizeUpTo;
    // What was written by an earlier run counts as foreign to everybody: the shortcut starts afresh.
    this.#lastForeign = { author: -1, version: this.#durable };
  }

  /** Entries up to here are gone; the first one kept is `base + 1`. */
  get base(): number {
    return this.#base;
  }

  /** The newest version, durable or not. */
  get current(): number {
    return this.#tailFirst + this.#tail.length - 1;
  }

  /** The newest version that survives a crash. */
  get durable(): number {
    return this.#durable;
  }

  /** Bytes of all changesets from the beginning. */
  get totalSize(): number {
    return this.#tail.at(-1)?.sizeUpTo ?? this.#sizeBeforeTail;
  }

  /** A version above which all entries are the author's own: known for the newest author only, for all others it is the current version. */
  lastForeignTo(ident: number): number {
    return this.#lastForeign.author === ident ? this.#lastForeign.version : this.current;
  }

  append(entry: NewEntry): HistoryEntry {
    if (this.#lastForeign.author !== entry.origin) this.#lastForeign = { author: entry.origin, version: this.current };
    const { origin, clientVersion, timestamp, changeset, footprint, instructions } = entry;
    const whole: HistoryEntry = {
      version: this.current + 1,
      origin,
      clientVersion,
      timestamp,
      changeset,
      sizeUpTo: this.totalSize + changeset.length,
      footprint,
      instructions,
    };
    this.#tail.push(whole);
    return whole;
  }

  /** Writes what was appended since the last flush: usually one row. */
  flush(): void {
    const fresh = this.#tail.slice(this.#durable + 1 - this.#tailFirst);
    if (fresh.length === 0) return;
    let from = 0;
    let bytes = 0;
    for (let index = 0; index < fresh.length; index++) {
      bytes += fresh[index]!.changeset.length;
      if (bytes < this.#limits.segmentBytes && index < fresh.length - 1) continue;
      this.#write(fresh.slice(from, index + 1));
      from = index + 1;
      bytes = 0;
    }
    this.#durable = this.current;
    this.#durableSalt = this.#salt;
    this.#forgetOldTail();
  }

  entry(version: number): HistoryEntry {
    if (version >= this.#tailFirst) {
      const entry = this.#tail[version - this.#tailFirst];
      if (entry !== undefined) return entry;
    } else if (version > this.#base) {
      const segment = this.#segment(version);
      const entry = segment.entries[version - segment.first];
      if (entry !== undefined) return entry;
    }
    throw new RangeError(`The history has no entry ${version} (${this.#base + 1} … ${this.current})`);
  }

  /** Entries `from` … `to` in order, read piece by piece. */
  *entries(from: number, to: number): Generator<HistoryEntry, void, undefined> {
    for (let version = from; version <= to; version++) yield this.entry(version);
  }

  /** The salt of a version that exists: 0 for version 0 (IDENT check 8). Undefined below the base, where nothing is known any more. */
  salt(version: number): number | undefined {
    if (version > this.#durable) return version <= this.current ? this.#salt : undefined;
    if (version === this.#base) return this.#baseSalt;
    if (version < this.#base) return undefined;
    if (version === this.#durable) return this.#durableSalt;
    return this.#header(version)?.salt;
  }

  /** Bytes of all changesets up to and including `version`; versions below the base count as the base. */
  sizeUpTo(version: number): number {
    if (version >= this.current) return this.totalSize;
    if (version > this.#base) return this.entry(version).sizeUpTo;
    if (this.#base === this.current) return this.totalSize;
    const first = this.entry(this.#base + 1);
    return first.sizeUpTo - first.changeset.length;
  }

  /** Keeps the decoded form of an entry as long as it is among the newest. */
  remember(entry: HistoryEntry, instructions: HistoryEntry["instructions"]): void {
    if (this.totalSize - entry.sizeUpTo <= this.#limits.decodedBytes) entry.instructions = instructions;
  }

  /**
   * Drops whole segments that end at or below `version`. The caller has made sure that nobody needs them (HX1). Returns the new base.
   */
  dropUpTo(version: number): number {
    const last = this.#sql.all<{ last_version: number; salt: number }>(
      "SELECT last_version, salt FROM history_segment WHERE position % 4096 = 0 AND last_version <= ? ORDER BY position DESC LIMIT 1",
      Math.min(version, this.#durable),
    )[0];
    if (last === undefined) return this.#base;
    this.#sql.run("DELETE FROM history_segment WHERE position < ?", (last.last_version + 1) * partsPerSegment);
    writeMeta(this.#sql, "base_version", last.last_version);
    writeMeta(this.#sql, "base_salt", last.salt);
    this.#base = last.last_version;
    this.#baseSalt = last.salt;
    this.#segments.clear();
    this.#latestRead = undefined;
    this.#segmentBytes = 0;
    if (this.#open !== undefined && this.#open.first <= this.#base) this.#open = undefined;
    return this.#base;
  }

  #write(entries: readonly HistoryEntry[]): void {
    const first = entries[0]!;
    const last = entries.at(-1)!;
    if (this.#open !== undefined) {
      const more = packMore(entries);
      const body = joinParts([this.#open.body, more])!;
      if (body.length <= this.#limits.smallSegmentBytes) {
        this.#open.body = body;
        const position = this.#open.first * partsPerSegment;
        this.#sql.run("UPDATE history_segment SET last_version = ?, body = ? WHERE position = ?", last.version, body, position);
        return;
      }
    }
    const body = packSegment(entries);
    const sizeBefore = first.sizeUpTo - first.changeset.length;
    for (let part = 0; part * maxValueBytes < body.length; part++) {
      this.#sql.run(
        "INSERT INTO history_segment (position, last_version, salt, size_before, body) VALUES (?, ?, ?, ?, ?)",
        first.version * partsPerSegment + part,
        last.version,
        this.#salt,
        sizeBefore,
        body.subarray(part * maxValueBytes, (part + 1) * maxValueBytes),
      );
    }
    this.#open = body.length < this.#limits.smallSegmentBytes ? { first: first.version, sizeBefore, body } : undefined;
  }

  /** Lets go of the oldest durable half of the tail once it is over its budget; and of decoded forms sooner. */
  #forgetOldTail(): void {
    const total = this.totalSize;
    this.#decodedFrom = Math.max(this.#decodedFrom, this.#tailFirst);
    for (; this.#decodedFrom <= this.current; this.#decodedFrom++) {
      const entry = this.#tail[this.#decodedFrom - this.#tailFirst]!;
      if (total - entry.sizeUpTo <= this.#limits.decodedBytes) break;
      entry.instructions = undefined;
    }
    // An entry costs memory beside its changeset, so empty ones count as well.
    const cost = total - this.#sizeBeforeTail + this.#tail.length * entryOverhead;
    if (cost <= this.#limits.tailBytes) return;
    const drop = Math.min(Math.ceil(this.#tail.length / 2), this.#durable + 1 - this.#tailFirst);
    if (drop <= 0) return;
    this.#sizeBeforeTail = this.#tail[drop - 1]!.sizeUpTo;
    this.#tail = this.#tail.slice(drop);
    this.#tailFirst += drop;
  }

  #header(version: number): { position: number; salt: number } | undefined {
    return this.#sql.all<{ position: number; salt: number }>(
      "SELECT position, salt FROM history_segment WHERE position < ? ORDER BY position DESC LIMIT 1",
      (version + 1) * partsPerSegment,
    )[0];
  }

  #segment(version: number): Segment {
    // Reads go on where they were, nearly always.
    const latest = this.#latestRead;
    if (latest !== undefined && latest.first <= version && version <= latest.last) return latest;
    for (const segment of this.#segments.values()) {
      if (segment.first <= version && version <= segment.last) return (this.#latestRead = segment);
    }
    const header = this.#header(version);
    if (header === undefined) throw new RangeError(`The history has lost version ${version}`);
    const segment = this.#readSegment(Math.floor(header.position / partsPerSegment));
    this.#segments.set(segment.first, segment);
    this.#segmentBytes += segment.bytes;
    for (const [first, oldest] of this.#segments) {
      if (this.#segmentBytes <= this.#limits.readCacheBytes || first === segment.first) break;
      this.#segments.delete(first);
      this.#segmentBytes -= oldest.bytes;
    }
    this.#latestRead = segment;
    return segment;
  }

  #readSegment(first: number): Segment {
    const rows = this.#sql.all<{ last_version: number; salt: number; size_before: number; body: Uint8Array }>(
      "SELECT last_version, salt, size_before, body FROM history_segment WHERE position BETWEEN ? AND ? ORDER BY position",
      first * partsPerSegment,
      (first + 1) * partsPerSegment - 1,
    );
    const head = rows[0];
    const body = joinParts(rows.map((row) => row.body));
    if (head === undefined || body === undefined) throw new RangeError(`The history has lost version ${first}`);
    const entries = unpackSegment(body, first, head.size_before);
    if (entries.at(-1)?.version !== head.last_version) throw new RangeError(`History segment ${first} is damaged`);
    return { first, last: head.last_version, salt: head.salt, entries, bytes: body.length + entries.length * entryOverhead };
  }

  #lastEntryOf(position: number): HistoryEntry {
    return this.#readSegment(Math.floor(position / partsPerSegment)).entries.at(-1)!;
  }
}

/** Positions are first version · this + part: 7 GB a segment, and 2^41 versions below 2^53. */
const partsPerSegment = 4096;
/** Rough memory of one entry's object. */
const entryOverhead = 200;
