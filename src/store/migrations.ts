import type { Sql } from "./sql.ts";

/** One step of the partition's own schema. Steps are never edited once released, only added; they never drop what a client file needs. */
interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * Tables of a partition's history. Every row is written rarely and holds much, since rows written are what the platform bills:
 * - `history_segment`: entries appended in one turn. `position` = first version · 4096 + part; the columns of part 0 describe the whole.
 * - `client_file`: one device's copy (server-semantics §1.3). Rows are never deleted, so that no file ident is used twice (HX6).
 * - `reciprocal`: foreign entries as transformed against one client file's uploads, 256 versions a row.
 * - `snapshot_piece`: compact states that were sent to new clients instead of the history (NB2–NB4).
 * - `correction`: restoring entries for one client file and their undelivered notices (FX12, FX13).
 */
const migrations: readonly Migration[] = [
  {
    name: "history, client files, reciprocals, snapshots, corrections",
    statements: [
      `CREATE TABLE history_segment (
        position INTEGER PRIMARY KEY,
        last_version INTEGER NOT NULL,
        salt INTEGER NOT NULL,
        size_before INTEGER NOT NULL,
        body BLOB NOT NULL)`,
      `CREATE TABLE client_file (
        ident INTEGER PRIMARY KEY,
        salt INTEGER NOT NULL,
        owner TEXT NOT NULL,
        mode TEXT NOT NULL,
        client_version INTEGER NOT NULL,
        base_version INTEGER NOT NULL,
        locked_version INTEGER NOT NULL,
        snapshot_version INTEGER NOT NULL,
        bad_reports INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        expired INTEGER NOT NULL)`,
      `CREATE TABLE reciprocal (
        file_ident INTEGER NOT NULL,
        bucket INTEGER NOT NULL,
        part INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (file_ident, bucket, part)) WITHOUT ROWID`,
      `CREATE TABLE snapshot_piece (
        version INTEGER NOT NULL,
        piece INTEGER NOT NULL,
        part INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (version, piece, part)) WITHOUT ROWID`,
      `CREATE TABLE correction (
        file_ident INTEGER NOT NULL,
        version INTEGER NOT NULL,
        part INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (file_ident, version, part)) WITHOUT ROWID`,
    ],
  },
];

/** The version of the schema this code writes. */
export const newestSchema = migrations.length;

/**
 * Brings the partition's tables up to `newestSchema`, in one transaction, without touching what is stored. Cheap when there is nothing to do.
 * Throws when the tables were written by newer code: going on would damage them.
 */
export function migrate(sql: Sql): void {
  sql.run("CREATE TABLE IF NOT EXISTS partition_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID");
  const present = readMeta(sql, "schema") ?? 0;
  if (present > newestSchema) throw new Error(`This partition was written by newer code (schema ${present}, known ${newestSchema})`);
  if (present === newestSchema) return;
  sql.transaction(() => {
    for (const { statements } of migrations.slice(present)) for (const statement of statements) sql.run(statement);
    writeMeta(sql, "schema", newestSchema);
  });
}

/** Facts about the partition as a whole; all are safe integers. */
export type MetaName = "schema" | "base_version" | "base_salt" | "loss_is_final";

export const readMeta = (sql: Sql, name: MetaName): number | undefined =>
  sql.all<{ value: number }>("SELECT value FROM partition_meta WHERE name = ?", name)[0]?.value;

export const writeMeta = (sql: Sql, name: MetaName, value: number): void =>
  sql.run("INSERT OR REPLACE INTO partition_meta (name, value) VALUES (?, ?)", name, value);
