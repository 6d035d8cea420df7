import { maxValueBytes, type Sql } from "../sql.ts";
import { maxKeyBytes } from "./admission.ts";
import { fittingCount, type ObjectChange, type ObjectStorage, type StorageChanges, type StorageHead, type StoragePage } from "./storage.ts";

/** A row holds the key and one part of the object; some room is left for the rest of the row. */
const partBytes = maxValueBytes - maxKeyBytes - 1000;

// Few, fat rows: an object is one row, and further ones only where it exceeds a row. `bytes` is its whole size in part 0 and 0 elsewhere.
const schema = [
  `CREATE TABLE IF NOT EXISTS object_view (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    cursor INTEGER NOT NULL,
    next_class_id INTEGER NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS object_class (
    id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (id, part)
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS object_row (
    class INTEGER NOT NULL,
    key BLOB NOT NULL,
    part INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (class, key, part)
  ) WITHOUT ROWID`,
];

interface PartRow {
  [column: string]: Uint8Array | number;
  readonly part: number;
  readonly data: Uint8Array;
}

/** Objects in the rows of a partition's SQLite. */
export class SqlObjectStorage implements ObjectStorage {
  readonly #sql: Sql;

  /** Creates the tables when they are missing. Reads nothing else, so that waking stays cheap. */
  constructor(sql: Sql) {
    this.#sql = sql;
    for (const statement of schema) sql.run(statement);
  }

  head(): StorageHead {
    const [view] = this.#sql.all<{ cursor: number; next_class_id: number }>("SELECT cursor, next_class_id FROM object_view");
    const parts = this.#sql.all<{ id: number; data: Uint8Array }>("SELECT id, data FROM object_class ORDER BY id, part");
    const byClass = Map.groupBy(parts, (part) => part.id);
    const classes = [...byClass].map(([id, rows]) => ({ id, data: joined(rows.map((row) => row.data)) }));
    return { cursor: view?.cursor ?? 0, nextClassId: view?.next_class_id ?? 1, classes };
  }

  read(classId: number, key: Uint8Array): Uint8Array | undefined {
    const rows = this.#sql.all<PartRow>("SELECT part, data FROM object_row WHERE class = ? AND key = ? ORDER BY part", classId, key);
    return rows.length === 0 ? undefined : joined(rows.map((row) => row.data));
  }

  has(classId: number, key: Uint8Array): boolean {
    return this.#sql.all("SELECT 1 AS present FROM object_row WHERE class = ? AND key = ? AND part = 0", classId, key).length > 0;
  }

  page(classId: number, after: Uint8Array | undefined, limit: number, maxBytes: number): StoragePage {
    // Sizes first: a page of huge objects must not be read before it is known where it ends.
    const from = after ?? new Uint8Array(0);
    const sizes = this.#sql.all<{ key: Uint8Array; bytes: number }>(
      "SELECT key, bytes FROM object_row WHERE class = ? AND key > ? AND part = 0 ORDER BY key LIMIT ?",
      classId,
      from,
      limit + 1,
    );
    const count = fittingCount(
      sizes.slice(0, limit).map((row) => row.bytes),
      maxBytes,
    );
    const last = sizes[count - 1];
    if (last === undefined) return { objects: [], more: false };
    const rows = this.#sql.all<{ key: Uint8Array; part: number; data: Uint8Array }>(
      "SELECT key, part, data FROM object_row WHERE class = ? AND key > ? AND key <= ? ORDER BY key, part",
      classId,
      from,
      last.key,
    );
    const objects: { key: Uint8Array; parts: Uint8Array[] }[] = [];
    for (const row of rows) {
      if (row.part === 0) objects.push({ key: row.key, parts: [row.data] });
      else objects.at(-1)?.parts.push(row.data);
    }
    return { objects: objects.map(({ key, parts }) => ({ key, data: joined(parts) })), more: sizes.length > count };
  }

  write(changes: StorageChanges): void {
    this.#sql.transaction(() => {
      this.#sql.run("INSERT OR REPLACE INTO object_view (id, cursor, next_class_id) VALUES (1, ?, ?)", changes.cursor, changes.nextClassId);
      for (const id of changes.erasedClasses) {
        this.#sql.run("DELETE FROM object_class WHERE id = ?", id);
        this.#sql.run("DELETE FROM object_row WHERE class = ?", id);
      }
      for (const { id, data } of changes.classes) {
        const parts = split(data);
        parts.forEach((part, index) => {
          this.#sql.run("INSERT OR REPLACE INTO object_class (id, part, data) VALUES (?, ?, ?)", id, index, part);
        });
        this.#sql.run("DELETE FROM object_class WHERE id = ? AND part >= ?", id, parts.length);
      }
      for (const change of changes.objects) this.#writeObject(change);
    });
  }

  #writeObject(change: ObjectChange): void {
    const { classId, key } = change;
    if (change.kind === "remove") {
      this.#sql.run("DELETE FROM object_row WHERE class = ? AND key = ?", classId, key);
      return;
    }
    const parts = split(change.data);
    parts.forEach((part, index) => {
      this.#sql.run(
        "INSERT OR REPLACE INTO object_row (class, key, part, bytes, data) VALUES (?, ?, ?, ?, ?)",
        classId,
        key,
        index,
        index === 0 ? change.data.length : 0,
        part,
      );
    });
    if (change.replaces) this.#sql.run("DELETE FROM object_row WHERE class = ? AND key = ? AND part >= ?", classId, key, parts.length);
  }
}

const split = (data: Uint8Array): readonly Uint8Array[] => {
  if (data.length <= partBytes) return [data];
  const parts: Uint8Array[] = [];
  for (let start = 0; start < data.length; start += partBytes) parts.push(data.subarray(start, start + partBytes));
  return parts;
};

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
};
