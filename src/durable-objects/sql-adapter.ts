import type { Sql, SqlValue } from "../store/sql.ts";

/** The platform wants blobs as ArrayBuffers of exactly the value's bytes. */
const toPlatform = (value: SqlValue): SqlStorageValue => {
  if (!(value instanceof Uint8Array)) return value;
  const { buffer, byteLength } = value;
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) return buffer;
  return value.slice().buffer;
};

const fromPlatform = <Row extends Record<string, SqlValue>>(row: Record<string, SqlStorageValue>): Row => {
  const values: Record<string, SqlValue> = row as Record<string, string | number | null>;
  for (const [column, value] of Object.entries(row)) if (value instanceof ArrayBuffer) values[column] = new Uint8Array(value);
  return values as Row;
};

/** A Durable Object's SQLite as the partition's rooms see it. */
export const sqlOf = (storage: DurableObjectStorage): Sql => ({
  all: <Row extends Record<string, SqlValue>>(statement: string, ...parameters: SqlValue[]): Row[] =>
    storage.sql
      .exec(statement, ...parameters.map(toPlatform))
      .toArray()
      .map((row) => fromPlatform<Row>(row)),
  run: (statement, ...parameters) => {
    storage.sql.exec(statement, ...parameters.map(toPlatform));
  },
  transaction: (work) => storage.transactionSync(work),
});
