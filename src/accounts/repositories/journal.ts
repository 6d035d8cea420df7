import { and, asc, desc, eq, gt, lt } from "drizzle-orm";
import { ulid } from "ulid";
import { only, violatedTable, type Database, type RealmScope } from "../database.ts";
import { newId, type RealmName } from "../ids.ts";
import { auditLog, idempotencyKeys, outbox, type JsonObject, type MessageTemplate } from "../schema.ts";

export type AuditEntry = typeof auditLog.$inferSelect;
export type OutboxMessage = typeof outbox.$inferSelect;

export interface NewAuditEntry {
  /** Id of the user who acted, `system`, or the name of a tool. */
  readonly actor: string;
  /** What was done, as `noun.verb`: `user.disable`, `grant.set`. */
  readonly action: string;
  /** Id of what it was done to. */
  readonly target: string;
  readonly detail?: JsonObject;
}

/** The audit log: of one realm, or with `realm` null of the server as a whole. */
export class AuditLog {
  readonly #database: Database;
  readonly #realm: RealmName | null;
  readonly #clock: () => number;

  constructor(database: Database, realm: RealmName | null, clock: () => number) {
    this.#database = database;
    this.#realm = realm;
    this.#clock = clock;
  }

  async append(entry: NewAuditEntry): Promise<void> {
    const now = this.#clock();
    await this.#database.insert(auditLog).values({ ...entry, id: ulid(now), realm: this.#realm, createdAt: now });
  }

  /** Newest first; a log of the server as a whole shows all realms. `before`: entries older than this id. */
  async list(before: string | undefined, limit = 50): Promise<readonly AuditEntry[]> {
    const mine = this.#realm === null ? undefined : eq(auditLog.realm, this.#realm);
    const older = before === undefined ? undefined : lt(auditLog.id, before);
    return this.#database
      .select()
      .from(auditLog)
      .where(and(mine, older))
      .orderBy(desc(auditLog.id))
      .limit(Math.min(Math.max(limit, 1), 200));
  }
}

/** A message to a person that carries a one-time code. */
export interface NewMessage {
  readonly channel: "email" | "sms";
  readonly recipient: string;
  readonly template: MessageTemplate;
  /** What the template needs, such as the link. Holds the secret: never log it. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly lifeSeconds: number;
}

/** Where messages to people go. The stored outbox keeps them until a delivery fetches them. */
export interface Outbox {
  send(message: NewMessage): Promise<void>;
}

/** The outbox of one realm in the account store. */
export class StoredOutbox implements Outbox {
  readonly #scope: RealmScope;
  readonly #stored: () => void;

  constructor(scope: RealmScope, stored: () => void = () => {}) {
    this.#scope = scope;
    this.#stored = stored;
  }

  async send({ lifeSeconds, ...message }: NewMessage): Promise<void> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    await database.insert(outbox).values({ ...message, id: newId(now), realm, createdAt: now, expiresAt: now + lifeSeconds * 1000 });
    this.#stored();
  }

  /** Messages still worth delivering, oldest first. */
  async pending(limit = 50): Promise<readonly OutboxMessage[]> {
    const { database, realm, clock } = this.#scope;
    const worth = and(eq(outbox.realm, realm), gt(outbox.expiresAt, clock()));
    return database.select().from(outbox).where(worth).orderBy(asc(outbox.createdAt), asc(outbox.id)).limit(Math.min(limit, 200));
  }

  /** Forgets a delivered message, with the secret in it. */
  async delivered(id: string): Promise<void> {
    const { database, realm } = this.#scope;
    await database.delete(outbox).where(and(eq(outbox.realm, realm), eq(outbox.id, id)));
  }
}

/** What the store knows of a request that carries an idempotency key. */
export type IdempotencyState =
  /** The caller is the first and has to carry the request out, then `finish` or `abandon` it. */
  | { readonly kind: "first" }
  | { readonly kind: "under way" }
  | { readonly kind: "done"; readonly status: number; readonly body: string }
  /** The key was used for another request. */
  | { readonly kind: "mismatch" };

/** Requests of one realm that must not be carried out twice. */
export class IdempotencyKeys {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Claims a key for a request; `requestHash` tells requests apart. Keys are forgotten after `lifeSeconds`. */
  async begin(key: string, requestHash: string, lifeSeconds: number): Promise<IdempotencyState> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const expired = and(this.#is(key), lt(idempotencyKeys.expiresAt, now));
    try {
      const row = { realm, key, requestHash, expiresAt: now + lifeSeconds * 1000, createdAt: now };
      await database.batch([database.delete(idempotencyKeys).where(expired), database.insert(idempotencyKeys).values(row)]);
      return { kind: "first" };
    } catch (error) {
      if (violatedTable(error) !== "idempotency_keys") throw error;
    }
    const found = only(await database.select().from(idempotencyKeys).where(this.#is(key)));
    if (found === undefined || found.requestHash !== requestHash) return { kind: "mismatch" };
    return found.status === null ? { kind: "under way" } : { kind: "done", status: found.status, body: found.body ?? "" };
  }

  async finish(key: string, status: number, body: string): Promise<void> {
    await this.#scope.database.update(idempotencyKeys).set({ status, body }).where(this.#is(key));
  }

  /** Gives the key back after a fault, so that the request may be sent again. */
  async abandon(key: string): Promise<void> {
    await this.#scope.database.delete(idempotencyKeys).where(this.#is(key));
  }

  #is(key: string) {
    return and(eq(idempotencyKeys.realm, this.#scope.realm), eq(idempotencyKeys.key, key));
  }
}
