import { ByteReader, ByteWriter } from "./bytes.ts";
import { getSplit, putSplit, type SplitTable } from "./split-values.ts";
import type { Sql } from "./sql.ts";

/** One object whose change was refused, as the client is told of it (sync-protocol §12.5). */
export interface RejectedObject {
  readonly table: string;
  /** The canonical text of the key (`ObjectKey.text`): names the object among its class. */
  readonly keyText: string;
  /** The key as `rejectedUpdates` carries it, base64; empty for a class without primary key, which cannot be named there. */
  readonly keyBase64: string;
  readonly reason: string;
}

/**
 * A server-made entry for one client file only (FX12): at `version` the history has an empty entry for everybody else, while the author of
 * the refused change is sent `changeset`, which puts its objects back to what they are here.
 */
export interface Correction {
  readonly version: number;
  /** The newest client version that was refused. */
  readonly rejectedClientVersion: number;
  readonly changeset: Uint8Array;
  readonly objects: readonly RejectedObject[];
}

const table: SplitTable = { name: "correction", keys: ["file_ident", "version"] };

/**
 * Corrections of one client file in order of version. Each is kept until the client has integrated it, as its base shows: until then
 * what it uploads on these objects was made without knowledge of the correction and is dropped. Its notice (231) is repeated in each
 * session until the download cursor has passed it (E7, FX13).
 */
export class Corrections {
  readonly #sql: Sql;
  readonly #fileIdent: number;
  #all: Correction[];
  readonly #unwritten: Correction[] = [];
  /** The newest version that has rows to delete. */
  #dropUpTo = 0;

  constructor(sql: Sql, fileIdent: number) {
    this.#sql = sql;
    this.#fileIdent = fileIdent;
    const rows = sql.all<{ version: number }>("SELECT DISTINCT version FROM correction WHERE file_ident = ? ORDER BY version", fileIdent);
    this.#all = rows.map(({ version }) => unpack(version, getSplit(sql, table, [fileIdent, version]) ?? new Uint8Array()));
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Those with a version above `version`, in order. */
  above(version: number): readonly Correction[] {
    return this.#all.filter((correction) => correction.version > version);
  }

  at(version: number): Correction | undefined {
    return this.#all.find((correction) => correction.version === version);
  }

  add(correction: Correction): void {
    this.#all.push(correction);
    this.#unwritten.push(correction);
  }

  /** The client's base shows that it integrated everything up to here. True: there are rows to remove. */
  trim(base: number): boolean {
    const first = this.#all[0];
    if (first === undefined || first.version > base) return false;
    this.#all = this.#all.filter((correction) => correction.version > base);
    this.#dropUpTo = Math.max(this.#dropUpTo, base);
    return true;
  }

  flush(): void {
    for (const correction of this.#unwritten) {
      if (correction.version > this.#dropUpTo) putSplit(this.#sql, table, [this.#fileIdent, correction.version], pack(correction));
    }
    this.#unwritten.length = 0;
    if (this.#dropUpTo === 0) return;
    this.#sql.run("DELETE FROM correction WHERE file_ident = ? AND version <= ?", this.#fileIdent, this.#dropUpTo);
    this.#dropUpTo = 0;
  }
}

const writer = new ByteWriter();

function pack(correction: Correction): Uint8Array {
  writer.unsigned(correction.rejectedClientVersion);
  writer.block(correction.changeset);
  for (const object of correction.objects) {
    writer.text(object.table);
    writer.text(object.keyText);
    writer.text(object.keyBase64);
    writer.text(object.reason);
  }
  return writer.take();
}

function unpack(version: number, body: Uint8Array): Correction {
  const reader = new ByteReader(body);
  const rejectedClientVersion = reader.unsigned();
  const changeset = reader.block();
  const objects: RejectedObject[] = [];
  while (!reader.atEnd) objects.push({ table: reader.text(), keyText: reader.text(), keyBase64: reader.text(), reason: reader.text() });
  return { version, rejectedClientVersion, changeset, objects };
}
