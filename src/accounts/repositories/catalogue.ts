import { and, asc, eq } from "drizzle-orm";
import { only, violatedTable, type RealmScope } from "../database.ts";
import { applications, entities, realms, type JsonObject } from "../schema.ts";

export type Application = typeof applications.$inferSelect;
export type EntityRow = typeof entities.$inferSelect;

/** The applications of one realm. Their ids are unique across realms, since they may stand in URLs. */
export class Applications {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Undefined when the id is taken by an application or a realm, or the name is taken in this realm. */
  async create(id: string, name: string): Promise<Application | undefined> {
    const { database, realm, clock } = this.#scope;
    const row = { id, realm, name, createdAt: clock() };
    const taken = await database.select({ name: realms.name }).from(realms).where(eq(realms.name, id));
    if (taken.length > 0) return undefined;
    try {
      await database.insert(applications).values(row);
      return row;
    } catch (error) {
      if (violatedTable(error) === "applications") return undefined;
      throw error;
    }
  }

  async list(): Promise<readonly Application[]> {
    const { database, realm } = this.#scope;
    return database.select().from(applications).where(eq(applications.realm, realm)).orderBy(asc(applications.name));
  }

  async delete(id: string): Promise<boolean> {
    const { database, realm } = this.#scope;
    const is = and(eq(applications.realm, realm), eq(applications.id, id));
    return (await database.delete(applications).where(is).returning({ id: applications.id })).length > 0;
  }
}

/** The entity definitions of one realm, as written; reading them is the entity room's. */
export class Entities {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async find(name: string): Promise<EntityRow | undefined> {
    const { database, realm } = this.#scope;
    return only(
      await database
        .select()
        .from(entities)
        .where(and(eq(entities.realm, realm), eq(entities.name, name))),
    );
  }

  async list(): Promise<readonly EntityRow[]> {
    const { database, realm } = this.#scope;
    return database.select().from(entities).where(eq(entities.realm, realm)).orderBy(asc(entities.name));
  }

  /** Adds the definition or replaces it. Users are not touched: the caller has checked that they fit. */
  async set(name: string, definition: JsonObject): Promise<void> {
    const { database, realm, clock } = this.#scope;
    await database
      .insert(entities)
      .values({ realm, name, definition, createdAt: clock() })
      .onConflictDoUpdate({ target: [entities.realm, entities.name], set: { definition } });
  }

  async delete(name: string): Promise<boolean> {
    const { database, realm } = this.#scope;
    const is = and(eq(entities.realm, realm), eq(entities.name, name));
    return (await database.delete(entities).where(is).returning({ name: entities.name })).length > 0;
  }
}
