import { sql } from "drizzle-orm";
import { foreignKey, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { realms, users, type JsonObject } from "../schema.ts";

const realmColumn = () =>
  text("realm")
    .notNull()
    .references(() => realms.name, { onDelete: "cascade" });

/** Sign-ins that take more than one step (`flows.ts`). Migration 0200. */
export const signInFlows = sqliteTable(
  "sign_in_flows",
  {
    id: text("id").primaryKey(),
    realm: realmColumn(),
    kind: text("kind").notNull(),
    secretHash: text("secret_hash").notNull(),
    state: text("state", { mode: "json" }).$type<JsonObject>().notNull(),
    triesLeft: integer("tries_left").notNull(),
    expiresAt: integer("expires_at").notNull(),
    usedAt: integer("used_at"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [index("sign_in_flows_by_expiry").on(table.expiresAt)],
);

/** Authenticator apps, one a user, and whether a user needs one. The secret has to be used again, so it is kept as it is. */
export const secondFactors = sqliteTable(
  "second_factors",
  {
    realm: realmColumn(),
    userId: text("user_id").notNull(),
    /** Base32; null when the user only has to set one up. */
    secret: text("secret"),
    confirmedAt: integer("confirmed_at"),
    /** The time step of the last code that was used: no code is good twice. */
    lastStep: integer("last_step").notNull().default(0),
    required: integer("required", { mode: "boolean" })
      .notNull()
      .default(sql`0`),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.realm, table.userId] }),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

/** What stands in for a lost authenticator app, each once. */
export const recoveryCodes = sqliteTable(
  "recovery_codes",
  { realm: realmColumn(), userId: text("user_id").notNull(), codeHash: text("code_hash").notNull() },
  (table) => [
    primaryKey({ columns: [table.realm, table.userId, table.codeHash] }),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);
