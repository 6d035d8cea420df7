import type { D1Database } from "@cloudflare/workers-types";
import { DrizzleQueryError } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import type { RealmName } from "./ids.ts";
import * as schema from "./schema.ts";

/** The account store. Statements are built by drizzle, so every value is bound and never part of the SQL text. */
export type Database = DrizzleD1Database<typeof schema>;

/** One for each binding, for as long as that lives: drizzle works the whole schema out each time it is asked. */
const opened = new WeakMap<D1Database, Database>();

export const openDatabase = (binding: D1Database): Database => {
  const known = opened.get(binding);
  if (known !== undefined) return known;
  const database = drizzle(binding, { schema });
  opened.set(binding, database);
  return database;
};

/**
 * Something that may change what open sessions are allowed: the gateway and the partitions decide again at once (requirement: a changed
 * grant or user state acts on open sessions). `userId` undefined: everybody in the realm; `partition` undefined: all of the user's
 * partitions.
 */
export interface AccessChange {
  readonly realm: RealmName;
  readonly userId: string | undefined;
  readonly partition: string | undefined;
}

/** Told after the change is stored. Must not throw; it may start work that outlasts the request. */
export type AccessListener = (change: AccessChange) => void;

/** What every repository of one realm works with. */
export interface RealmScope {
  readonly database: Database;
  readonly realm: RealmName;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Announces a change of access within this realm. */
  readonly accessChanged: (userId: string | undefined, partition: string | undefined) => void;
}

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "";
  return `${error.message}\n${messageOf(error.cause)}`;
};

/** The table whose uniqueness a failed statement would have broken; undefined for any other failure. */
export const violatedTable = (error: unknown): string | undefined => /UNIQUE constraint failed: ([a-z_]+)\./.exec(messageOf(error))?.[1];

/** Whether a failed statement referred to a row that is not there. */
export const isMissingReference = (error: unknown): boolean => messageOf(error).includes("FOREIGN KEY constraint failed");

/** Whether the store itself could not be asked, which says nothing about what was asked for. */
export const isStoreFault = (error: unknown): boolean =>
  error instanceof DrizzleQueryError || (error instanceof Error && error.message.startsWith("D1_"));

/**
 * A fault as it may be logged. The message of a failed statement quotes the values that were bound to it, hashes and addresses among them:
 * of such an error only the cause and the statement's text are told.
 */
export const describeFault = (error: unknown): string => {
  if (error instanceof DrizzleQueryError) return `${error.cause?.message ?? "failed"} in: ${error.query}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

/** One row or none, from a statement that can give at most one. */
export const only = <Row>(rows: readonly Row[]): Row | undefined => rows[0];
