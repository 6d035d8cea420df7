import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, primaryKey, sqliteTable, text, unique, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * The account store in D1: who may sign in to which realm, and who may do what with which partition.
 *
 * Isolation of realms is part of the model: whatever belongs to a user refers to `(realm, user)` and not to the user alone, so that no
 * row can tie the users of two realms together. Times are milliseconds since 1970; ids are 24 lower-case hex digits. Secrets are stored as
 * hashes only, except those that have to be used again (`realm_secrets`, and links that wait in `outbox` for delivery).
 */

/** A JSON object whose shape the realm's entity or the application decides. */
export type JsonObject = { readonly [key: string]: unknown };

export const userStates = ["normal", "pending", "locked", "disabled"] as const;
/** Only `normal` users may sign in and sync; `pending` waits for confirmation, `locked` and `disabled` were shut out. */
export type UserState = (typeof userStates)[number];

export const userTypes = ["normal", "server"] as const;
/** `server` users stand for programs that sign in with a realm's own API key. */
export type UserType = (typeof userTypes)[number];

export const codePurposes = ["confirm-email", "reset-password", "sign-in-link", "sign-in-code"] as const;
/** What a one-time code may be used for; a code is never good for another purpose. */
export type CodePurpose = (typeof codePurposes)[number];

export const messageTemplates = [...codePurposes, "sign-in-numbers"] as const;
/** What a message to a person is about; whoever delivers it writes the text. */
export type MessageTemplate = (typeof messageTemplates)[number];

const createdAt = () => integer("created_at").notNull();
const json = (name: string) => text(name, { mode: "json" }).$type<JsonObject>();

/** Tenants. `name` is the App ID that SDKs put into URLs, `id` the stable id inside tokens. */
export const realms = sqliteTable(
  "realms",
  {
    name: text("name").primaryKey(),
    id: text("id").notNull().unique(),
    isDefault: integer("is_default", { mode: "boolean" }).notNull().default(false),
    active: integer("active", { mode: "boolean" }).notNull().default(true),
    /** The entity whose fields a user of this realm has. */
    entity: text("entity").notNull().default("users"),
    settings: json("settings").notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("realms_one_default")
      .on(table.isDefault)
      .where(sql`${table.isDefault} = 1`),
  ],
);

const realmColumn = () =>
  text("realm")
    .notNull()
    .references(() => realms.name, { onDelete: "cascade" });

/** Programs of a realm. The id may stand in URLs in place of the realm's name; it leads to exactly one realm. */
export const applications = sqliteTable(
  "applications",
  { id: text("id").primaryKey(), realm: realmColumn(), name: text("name").notNull(), createdAt: createdAt() },
  (table) => [unique("applications_name").on(table.realm, table.name)],
);

/** Definitions of user entities: fields, validations and attributes. */
export const entities = sqliteTable(
  "entities",
  { realm: realmColumn(), name: text("name").notNull(), definition: json("definition").notNull(), createdAt: createdAt() },
  (table) => [primaryKey({ columns: [table.realm, table.name] })],
);

/** Sign-in providers of a realm and their settings. `type` is the segment of the sign-in URL. */
export const realmProviders = sqliteTable(
  "realm_providers",
  {
    realm: realmColumn(),
    type: text("type").notNull(),
    id: text("id").notNull().unique(),
    name: text("name").notNull(),
    disabled: integer("disabled", { mode: "boolean" }).notNull().default(false),
    config: json("config").notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.realm, table.type] })],
);

/** Named secrets that providers and functions of the realm use (keys of foreign tokens). No route gives a value back. */
export const realmSecrets = sqliteTable(
  "realm_secrets",
  {
    realm: realmColumn(),
    name: text("name").notNull(),
    id: text("id").notNull().unique(),
    value: text("value").notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.realm, table.name] })],
);

export const users = sqliteTable(
  "users",
  {
    id: text("id").primaryKey(),
    realm: realmColumn(),
    type: text("type", { enum: userTypes }).notNull().default("normal"),
    state: text("state", { enum: userStates }).notNull().default("normal"),
    /** The entity's fields, validated and computed by the realm's entity; never a password. */
    fields: json("fields").notNull().default({}),
    /** What SDKs show as the profile; its values are strings (app-services-api §0, rule 10). */
    profile: text("profile", { mode: "json" }).$type<Readonly<Record<string, string>>>().notNull().default({}),
    /** `%%user.custom_data` and the claim `user_data`; null when there is none. */
    customData: json("custom_data"),
    tags: text("tags", { mode: "json" }).$type<readonly string[]>().notNull().default([]),
    meta: json("meta").notNull().default({}),
    properties: json("properties").notNull().default({}),
    createdAt: createdAt(),
    updatedAt: integer("updated_at").notNull(),
    lastSignInAt: integer("last_sign_in_at"),
  },
  (table) => [unique("users_in_realm").on(table.realm, table.id), index("users_by_creation").on(table.realm, table.createdAt, table.id)],
);

/** The values by which a user is unique or can be found: every field of the entity marked unique, for authentication or for identity. */
export const userKeys = sqliteTable(
  "user_keys",
  { realm: realmColumn(), field: text("field").notNull(), value: text("value").notNull(), userId: text("user_id").notNull() },
  (table) => [
    primaryKey({ columns: [table.realm, table.field, table.value] }),
    index("user_keys_by_user").on(table.realm, table.userId),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

/** How a user signs in: the provider's type and the name under which the provider knows the user (`subject`). */
export const identities = sqliteTable(
  "identities",
  {
    id: text("id").primaryKey(),
    realm: realmColumn(),
    userId: text("user_id").notNull(),
    provider: text("provider").notNull(),
    subject: text("subject").notNull(),
    data: json("data").notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [
    unique("identities_subject").on(table.realm, table.provider, table.subject),
    index("identities_by_user").on(table.realm, table.userId),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

/**
 * Names with passwords. A registered name has no user yet: the user is made at the first sign-in, or the name is linked to a
 * user who is signed in already (app-services-api §3, Linking).
 */
export const credentials = sqliteTable(
  "credentials",
  {
    realm: realmColumn(),
    /** Normalised (`normaliseLoginName`). */
    username: text("username").notNull(),
    /** As it was typed when registering; what the profile shows. */
    displayName: text("display_name").notNull(),
    userId: text("user_id"),
    confirmed: integer("confirmed", { mode: "boolean" }).notNull(),
    /** `scrypt$N$r$p$salt$hash` (`hashPassword`). */
    passwordHash: text("password_hash").notNull(),
    createdAt: createdAt(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.realm, table.username] }),
    index("credentials_by_user").on(table.realm, table.userId),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

/** Sign-ins that have not ended: one row a refresh token. */
export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    realm: realmColumn(),
    userId: text("user_id").notNull(),
    /** The provider that was used. */
    provider: text("provider").notNull(),
    /** The key that was used, for sessions of the provider `api-key`. */
    apiKeyId: text("api_key_id"),
    deviceId: text("device_id").notNull(),
    device: json("device").notNull().default({}),
    createdAt: createdAt(),
    lastUsedAt: integer("last_used_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (table) => [
    index("sessions_by_user").on(table.realm, table.userId),
    index("sessions_by_expiry").on(table.expiresAt),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

/** API keys: of a person (`normal` user) or of the realm (`server` user). Only the hash of the key is kept. */
export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    realm: realmColumn(),
    userId: text("user_id").notNull(),
    name: text("name").notNull(),
    keyHash: text("key_hash").notNull(),
    disabled: integer("disabled", { mode: "boolean" }).notNull().default(false),
    createdAt: createdAt(),
  },
  (table) => [
    unique("api_keys_name").on(table.realm, table.userId, table.name),
    unique("api_keys_hash").on(table.realm, table.keyHash),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

/**
 * What a user, or everybody, may do with a partition. A flag that is null is not set and falls back (`decideGrant`).
 * `subject` is the user's id or `*`; `userId` repeats it for users, so that a deleted user's grants go too.
 */
export const grants = sqliteTable(
  "grants",
  {
    realm: realmColumn(),
    partition: text("partition").notNull(),
    subject: text("subject").notNull(),
    userId: text("user_id"),
    mayRead: integer("may_read", { mode: "boolean" }),
    mayWrite: integer("may_write", { mode: "boolean" }),
    mayManage: integer("may_manage", { mode: "boolean" }),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.realm, table.partition, table.subject] }),
    index("grants_by_subject").on(table.realm, table.subject),
    check("grants_subject", sql`${table.subject} = coalesce(${table.userId}, '*')`),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

export const adminScopes = ["realm", "server"] as const;
/** `realm`: everything in the user's own realm. `server`: everything in every realm, and the realms themselves. */
export type AdminScope = (typeof adminScopes)[number];

export const adminRights = sqliteTable(
  "admin_rights",
  {
    realm: realmColumn(),
    userId: text("user_id").notNull(),
    scope: text("scope", { enum: adminScopes }).notNull(),
    /** The id of the user who gave the right; null for the first admin. */
    grantedBy: text("granted_by"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.realm, table.userId] }),
    foreignKey({ columns: [table.realm, table.userId], foreignColumns: [users.realm, users.id] }).onDelete("cascade"),
  ],
);

/** Partitions that were ever opened. The owner stays an id after the user is gone: data outlives the user entity. */
export const partitions = sqliteTable(
  "partitions",
  {
    realm: realmColumn(),
    /** The canonical partition key. */
    key: text("key").notNull(),
    ownerId: text("owner_id"),
    createdAt: createdAt(),
    lastOpenedAt: integer("last_opened_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.realm, table.key] }), index("partitions_by_owner").on(table.realm, table.ownerId)],
);

/** What was done by whom to accounts and grants. Rows outlive users and realms, hold ids and never a secret. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    /** A ULID: sorting by it is sorting by time. */
    id: text("id").primaryKey(),
    /** Null for acts that concern the server as a whole. */
    realm: text("realm"),
    actor: text("actor").notNull(),
    action: text("action").notNull(),
    target: text("target").notNull(),
    detail: json("detail").notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [index("audit_by_realm").on(table.realm, table.id)],
);

/** One-time codes and links: hashed, for one purpose, with an end, a number of tries and a single use. */
export const oneTimeCodes = sqliteTable(
  "one_time_codes",
  {
    id: text("id").primaryKey(),
    realm: realmColumn(),
    purpose: text("purpose", { enum: codePurposes }).notNull(),
    /** Whom the code is for: a normalised login name, or a provider's subject. */
    subject: text("subject").notNull(),
    codeHash: text("code_hash").notNull(),
    triesLeft: integer("tries_left").notNull(),
    expiresAt: integer("expires_at").notNull(),
    usedAt: integer("used_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("one_time_codes_by_subject").on(table.realm, table.purpose, table.subject),
    index("one_time_codes_by_expiry").on(table.expiresAt),
  ],
);

/** Failed tries to sign in, by account name and by address. The key is a hash: an address is not kept. */
export const signInFailures = sqliteTable(
  "sign_in_failures",
  {
    realm: realmColumn(),
    key: text("key").notNull(),
    failures: integer("failures").notNull(),
    blockedUntil: integer("blocked_until").notNull(),
    lastAt: integer("last_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.realm, table.key] }), index("sign_in_failures_by_time").on(table.lastAt)],
);

/** Answers already given to requests that carry an idempotency key. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    realm: realmColumn(),
    key: text("key").notNull(),
    /** Hash of method, path and body: the same key with another request is refused. */
    requestHash: text("request_hash").notNull(),
    /** Null while the first request is under way. */
    status: integer("status"),
    body: text("body"),
    expiresAt: integer("expires_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.realm, table.key] }), index("idempotency_keys_by_expiry").on(table.expiresAt)],
);

/** Messages to people that wait for delivery; a delivered row is deleted, since it holds a link or a code. */
export const outbox = sqliteTable(
  "outbox",
  {
    id: text("id").primaryKey(),
    realm: realmColumn(),
    channel: text("channel", { enum: ["email", "sms"] }).notNull(),
    recipient: text("recipient").notNull(),
    template: text("template", { enum: messageTemplates }).notNull(),
    parameters: text("parameters", { mode: "json" }).$type<Readonly<Record<string, string>>>().notNull(),
    /** Tries to deliver so far. */
    tries: integer("tries").notNull().default(0),
    createdAt: createdAt(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("outbox_by_creation").on(table.createdAt)],
);
