import type { Instruction } from "../changeset/model.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { getSplit, putSplit, type SplitTable } from "./split-values.ts";
import type { Sql } from "./sql.ts";

/** How changesets are turned into bytes and back; the changeset room's codec. */
export interface ChangesetCodec {
  encode(instructions: readonly Instruction[]): Uint8Array;
  decode(bytes: Uint8Array): readonly Instruction[];
}

/** Server versions whose reciprocals share a row. */
const bucketVersions = 256;
const table: SplitTable = { name: "reciprocal", keys: ["file_ident", "bucket"] };

/**
 * The reciprocal history of one client file (server-semantics §1.3, MG3): foreign entries as transformed against what this client
 * uploaded, where they differ from the stored entry. An entry that became empty is kept as an empty list, which is not the same as
 * having none: the recorded form must not come back.
 */
export class Reciprocals {
  readonly #sql: Sql;
  readonly #codec: ChangesetCodec;
  readonly #fileIdent: number;
  /** Changesets by server version, encoded: an offline client may have as many as the history has entries. */
  readonly #forms = new Map<number, Uint8Array>();
  readonly #dirty = new Set<number>();
  /** Everything up to here was, or may be, dropped. */
  #trimmed = 0;
  #rowsFrom = 0;

  constructor(sql: Sql, codec: ChangesetCodec, fileIdent: number) {
    this.#sql = sql;
    this.#codec = codec;
    this.#fileIdent = fileIdent;
    const rows = sql.all<{ bucket: number }>("SELECT DISTINCT bucket FROM reciprocal WHERE file_ident = ? ORDER BY bucket", fileIdent);
    this.#rowsFrom = rows[0]?.bucket ?? Number.POSITIVE_INFINITY;
    for (const { bucket } of rows) this.#unpack(getSplit(sql, table, [fileIdent, bucket]) ?? new Uint8Array());
  }

  /** Number of versions that have one. */
  get size(): number {
    return this.#forms.size;
  }

  /** Undefined: none is stored, the recorded entry counts. */
  get(version: number): readonly Instruction[] | undefined {
    const bytes = this.#forms.get(version);
    return bytes && this.#codec.decode(bytes);
  }

  /** `changeset`: encoded; of length 0 when nothing is left of the entry. */
  set(version: number, changeset: Uint8Array): void {
    this.#forms.set(version, changeset);
    this.#dirty.add(Math.floor(version / bucketVersions));
  }

  /** Versions up to `base` are integrated by the client: their reciprocals can meet nothing any more. True: there are rows to remove. */
  trim(base: number): boolean {
    if (base <= this.#trimmed) return false;
    this.#trimmed = base;
    for (const version of this.#forms.keys()) if (version <= base) this.#forms.delete(version);
    return this.#rowsFrom < Math.floor((base + 1) / bucketVersions);
  }

  /** Writes the rows that changed and removes those below what was trimmed; inside the caller's transaction. */
  flush(): void {
    const keepFrom = Math.floor((this.#trimmed + 1) / bucketVersions);
    if (this.#rowsFrom < keepFrom) {
      this.#sql.run("DELETE FROM reciprocal WHERE file_ident = ? AND bucket < ?", this.#fileIdent, keepFrom);
      this.#rowsFrom = this.#forms.size === 0 ? Number.POSITIVE_INFINITY : keepFrom;
    }
    for (const bucket of this.#dirty) {
      if (bucket < keepFrom) continue;
      putSplit(this.#sql, table, [this.#fileIdent, bucket], this.#pack(bucket));
      this.#rowsFrom = Math.min(this.#rowsFrom, bucket);
    }
    this.#dirty.clear();
  }

  #pack(bucket: number): Uint8Array {
    for (let version = bucket * bucketVersions; version < (bucket + 1) * bucketVersions; version++) {
      const changeset = this.#forms.get(version);
      if (changeset === undefined) continue;
      writer.unsigned(version);
      writer.block(changeset);
    }
    return writer.take();
  }

  #unpack(body: Uint8Array): void {
    const reader = new ByteReader(body);
    while (!reader.atEnd) {
      const version = reader.unsigned();
      this.#forms.set(version, reader.block());
    }
  }
}

const writer = new ByteWriter();
