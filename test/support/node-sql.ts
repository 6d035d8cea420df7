import { DatabaseSync, type StatementSync } from "node:sqlite";
import { maxValueBytes, type Sql, type SqlValue } from "../../src/store/sql.ts";

const maxParameters = 100;
const maxTextBytes = 100_000;

/**
 * The SQL port over Node's own SQLite. It enforces the limits of a Durable Object's SQLite that no local runtime enforces: parameters a
 * statement, length of texts, size of values, and no transaction inside another.
 */
export class NodeSql implements Sql {
  /** Statements run so far, by kind of use: what a test needs to say how many rows were touched. */
  readonly counts = { reads: 0, writes: 0 };
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inTransaction = false;

  /** `path`: a file, or a database in memory. */
  constructor(path = ":memory:") {
    this.#database = new DatabaseSync(path);
  }

  all<Row extends Record<string, SqlValue>>(statement: string, ...parameters: SqlValue[]): Row[] {
    this.counts.reads++;
    // What columns a statement yields is known to its author only.
    return this.#prepared(statement, parameters).all(...parameters) as Row[];
  }

  run(statement: string, ...parameters: SqlValue[]): void {
    this.counts.writes++;
    this.#prepared(statement, parameters).run(...parameters);
  }

  transaction<Result>(work: () => Result): Result {
    if (this.#inTransaction) throw new Error("transactions do not nest");
    this.#inTransaction = true;
    this.#database.exec("BEGIN");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  close(): void {
    this.#database.close();
  }

  #prepared(statement: string, parameters: readonly SqlValue[]): StatementSync {
    if (parameters.length > maxParameters) throw new RangeError(`${parameters.length} bound parameters`);
    for (const parameter of parameters) {
      if (typeof parameter === "string" && Buffer.byteLength(parameter) > maxTextBytes) throw new RangeError("bound text is too long");
      if (parameter instanceof Uint8Array && parameter.byteLength > maxValueBytes) throw new RangeError("bound blob is too large");
    }
    const known = this.#statements.get(statement);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(statement);
    this.#statements.set(statement, prepared);
    return prepared;
  }
}
