import { maxValueBytes, type Sql } from "./sql.ts";

/** A table whose rows hold one value in one or more parts: key columns, then `part` (0 …) and `body`. */
export interface SplitTable {
  readonly name: string;
  readonly keys: readonly string[];
}

/** Writes a value of any size, replacing the one under the key. One row a part of `maxValueBytes`. */
export function putSplit(sql: Sql, table: SplitTable, key: readonly number[], body: Uint8Array, partBytes = maxValueBytes): void {
  const parts = Math.max(1, Math.ceil(body.length / partBytes));
  const columns = [...table.keys, "part", "body"];
  const insert = `INSERT OR REPLACE INTO ${table.name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
  for (let part = 0; part < parts; part++) sql.run(insert, ...key, part, body.subarray(part * partBytes, (part + 1) * partBytes));
  sql.run(`DELETE FROM ${table.name} WHERE ${matching(table)} AND part >= ?`, ...key, parts);
}

export function getSplit(sql: Sql, table: SplitTable, key: readonly number[]): Uint8Array | undefined {
  const rows = sql.all<{ body: Uint8Array }>(`SELECT body FROM ${table.name} WHERE ${matching(table)} ORDER BY part`, ...key);
  return joinParts(rows.map((row) => row.body));
}

const matching = (table: SplitTable): string => table.keys.map((key) => `${key} = ?`).join(" AND ");

/** One value from its parts; undefined when there are none. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array | undefined {
  const first = parts[0];
  if (first === undefined || parts.length === 1) return first;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
