import { count, eq } from "drizzle-orm";
import { openDatabase, only } from "../database.ts";
import { auditLog, partitions, realms, users } from "../schema.ts";

/** How much a server holds in all its realms. */
export interface ServerTotals {
  readonly realms: number;
  readonly users: number;
  readonly partitions: number;
}

/** The audit entry of the first admin's making. */
export const setUpAction = "server.setup";

/** What concerns the server as a whole and belongs to no realm. */
export class ServerFacts {
  readonly #database: ReturnType<typeof openDatabase>;

  constructor(binding: Parameters<typeof openDatabase>[0]) {
    this.#database = openDatabase(binding);
  }

  async totals(): Promise<ServerTotals> {
    const [realmRows, userRows, partitionRows] = await this.#database.batch([
      this.#database.select({ total: count() }).from(realms),
      this.#database.select({ total: count() }).from(users),
      this.#database.select({ total: count() }).from(partitions),
    ]);
    return { realms: only(realmRows)?.total ?? 0, users: only(userRows)?.total ?? 0, partitions: only(partitionRows)?.total ?? 0 };
  }

  /** Whether the first admin was ever made: deleting that user does not open the door again. */
  async wasSetUp(): Promise<boolean> {
    const made = this.#database.select({ id: auditLog.id }).from(auditLog).where(eq(auditLog.action, setUpAction)).limit(1);
    return (await made).length > 0;
  }
}
