import { and, asc, eq } from "drizzle-orm";
import { only, violatedTable, type RealmScope } from "../database.ts";
import { newId } from "../ids.ts";
import { realmProviders, realmSecrets, type JsonObject } from "../schema.ts";

export type ProviderRow = typeof realmProviders.$inferSelect;

export interface ProviderSettings {
  readonly name?: string;
  readonly disabled?: boolean;
  /** Replaces the stored settings as a whole; merge before if that is meant. */
  readonly config?: JsonObject;
}

/** The sign-in providers that one realm has configured. */
export class Providers {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async find(type: string): Promise<ProviderRow | undefined> {
    const { database, realm } = this.#scope;
    const is = and(eq(realmProviders.realm, realm), eq(realmProviders.type, type));
    return only(await database.select().from(realmProviders).where(is));
  }

  async findById(id: string): Promise<ProviderRow | undefined> {
    const { database, realm } = this.#scope;
    const is = and(eq(realmProviders.realm, realm), eq(realmProviders.id, id));
    return only(await database.select().from(realmProviders).where(is));
  }

  async list(): Promise<readonly ProviderRow[]> {
    const { database, realm } = this.#scope;
    return database.select().from(realmProviders).where(eq(realmProviders.realm, realm)).orderBy(asc(realmProviders.createdAt));
  }

  /** Adds or changes a provider; members that are absent stay as they are. */
  async set(type: string, settings: ProviderSettings): Promise<ProviderRow> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const rows = await database
      .insert(realmProviders)
      .values({ name: type, ...settings, realm, type, id: newId(now), createdAt: now })
      .onConflictDoUpdate({ target: [realmProviders.realm, realmProviders.type], set: { type, ...settings } })
      .returning();
    const row = only(rows);
    if (row === undefined) throw new Error("the store did not return the provider that it set");
    return row;
  }

  async remove(type: string): Promise<boolean> {
    const { database, realm } = this.#scope;
    const is = and(eq(realmProviders.realm, realm), eq(realmProviders.type, type));
    const removed = await database.delete(realmProviders).where(is).returning({ type: realmProviders.type });
    return removed.length > 0;
  }
}

/** Secrets that providers and functions of one realm refer to by name. Values leave this room only to be used. */
export class RealmSecrets {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Undefined when the name is taken. */
  async create(name: string, value: string): Promise<{ readonly id: string; readonly name: string } | undefined> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const id = newId(now);
    try {
      await database.insert(realmSecrets).values({ id, realm, name, value, createdAt: now });
      return { id, name };
    } catch (error) {
      if (violatedTable(error) === "realm_secrets") return undefined;
      throw error;
    }
  }

  /** Writes a secret, new or in place of the value before; whoever refers to it by name uses the new value from then on. */
  async set(name: string, value: string): Promise<{ readonly id: string; readonly name: string }> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const rows = await database
      .insert(realmSecrets)
      .values({ id: newId(now), realm, name, value, createdAt: now })
      .onConflictDoUpdate({ target: [realmSecrets.realm, realmSecrets.name], set: { value } })
      .returning({ id: realmSecrets.id, name: realmSecrets.name });
    const row = only(rows);
    if (row === undefined) throw new Error("the store did not return the secret that it set");
    return row;
  }

  async reveal(name: string): Promise<string | undefined> {
    const { database, realm } = this.#scope;
    const is = and(eq(realmSecrets.realm, realm), eq(realmSecrets.name, name));
    return only(await database.select({ value: realmSecrets.value }).from(realmSecrets).where(is))?.value;
  }

  /** Names and ids, never values. */
  async list(): Promise<readonly { readonly id: string; readonly name: string }[]> {
    const { database, realm } = this.#scope;
    return database
      .select({ id: realmSecrets.id, name: realmSecrets.name })
      .from(realmSecrets)
      .where(eq(realmSecrets.realm, realm))
      .orderBy(asc(realmSecrets.name));
  }

  async delete(id: string): Promise<boolean> {
    const { database, realm } = this.#scope;
    const is = and(eq(realmSecrets.realm, realm), eq(realmSecrets.id, id));
    return (await database.delete(realmSecrets).where(is).returning({ id: realmSecrets.id })).length > 0;
  }
}
