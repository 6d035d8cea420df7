import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Miniflare } from "miniflare";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

// The table that `wrangler d1 migrations apply` keeps as well, so that both may be used on one database.
const bookkeeping = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

/**
 * Applies the migrations of `folder` that the database has not seen, in the order of their names, each in one transaction.
 * @returns the names of those it applied
 */
export const migrate = async (database: Database, folder: string): Promise<readonly string[]> => {
  if (!existsSync(folder)) return [];
  await database.prepare(bookkeeping).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const missing = (await readdir(folder)).filter((name) => name.endsWith(".sql") && !applied.has(name)).sort();
  if (missing.length === 0) return [];
  // Loaded only when there is something to do: it takes most of a second.
  const { unstable_splitSqlQuery: split } = await import("wrangler");
  for (const name of missing) {
    const statements = split(await readFile(join(folder, name), "utf8"));
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
  return missing;
};
