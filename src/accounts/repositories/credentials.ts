import { and, asc, eq, inArray, isNull } from "drizzle-orm";
import { only, violatedTable, type RealmScope } from "../database.ts";
import type { LoginName } from "../names.ts";
import { credentials, identities } from "../schema.ts";

export type Credential = typeof credentials.$inferSelect;

/** Names with passwords of one realm. Names are given in their normalised form. */
export class Credentials {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Registers a name that has no user yet. False when the name is taken. */
  async register(name: LoginName, passwordHash: string, confirmed: boolean): Promise<boolean> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    try {
      await database
        .insert(credentials)
        .values({ realm, username: name.key, displayName: name.display, confirmed, passwordHash, createdAt: now, updatedAt: now });
      return true;
    } catch (error) {
      if (violatedTable(error) === "credentials") return false;
      throw error;
    }
  }

  async find(username: string): Promise<Credential | undefined> {
    return only(await this.#scope.database.select().from(credentials).where(this.#is(username)));
  }

  /** Those of these names that are registered; at most 90. */
  async findMany(usernames: readonly string[]): Promise<readonly Credential[]> {
    const { database, realm } = this.#scope;
    if (usernames.length === 0) return [];
    const among = inArray(credentials.username, [...usernames]);
    return database
      .select()
      .from(credentials)
      .where(and(eq(credentials.realm, realm), among));
  }

  /** A user's names, oldest first. All of them have a password of their own. */
  async listOfUser(userId: string): Promise<readonly Credential[]> {
    const { database, realm } = this.#scope;
    const own = and(eq(credentials.realm, realm), eq(credentials.userId, userId));
    return database.select().from(credentials).where(own).orderBy(asc(credentials.createdAt)).limit(20);
  }

  /** Names that were registered and not yet confirmed, oldest first; at most 200. */
  async listUnconfirmed(): Promise<readonly Credential[]> {
    const { database, realm } = this.#scope;
    const unconfirmed = and(eq(credentials.realm, realm), eq(credentials.confirmed, false));
    return database.select().from(credentials).where(unconfirmed).orderBy(asc(credentials.createdAt)).limit(200);
  }

  /** Marks a name as confirmed. False when there is no such name. */
  async confirm(username: string): Promise<boolean> {
    const { database, clock } = this.#scope;
    const set = { confirmed: true, updatedAt: clock() };
    const changed = await database.update(credentials).set(set).where(this.#is(username)).returning({ username: credentials.username });
    return changed.length > 0;
  }

  /** Replaces the password. False when there is no such name. */
  async setPassword(username: string, passwordHash: string): Promise<boolean> {
    const { database, clock } = this.#scope;
    const set = { passwordHash, updatedAt: clock() };
    const changed = await database.update(credentials).set(set).where(this.#is(username)).returning({ username: credentials.username });
    return changed.length > 0;
  }

  /** Gives a name's password another name, and the identity with it. False when the new name is taken. */
  async rename(username: string, name: LoginName): Promise<boolean> {
    const { database, realm, clock } = this.#scope;
    const isIdentity = and(eq(identities.realm, realm), eq(identities.provider, "local-userpass"), eq(identities.subject, username));
    try {
      await database.batch([
        database.update(credentials).set({ username: name.key, displayName: name.display, updatedAt: clock() }).where(this.#is(username)),
        database.update(identities).set({ subject: name.key }).where(isIdentity),
      ]);
      return true;
    } catch (error) {
      if (violatedTable(error) === "credentials" || violatedTable(error) === "identities") return false;
      throw error;
    }
  }

  /** Ties a registered name to its user. False when it belongs to a user already. */
  async claim(username: string, userId: string): Promise<boolean> {
    const { database, clock } = this.#scope;
    const changed = await database
      .update(credentials)
      .set({ userId, updatedAt: clock() })
      .where(and(this.#is(username), isNull(credentials.userId)))
      .returning({ username: credentials.username });
    return changed.length > 0;
  }

  /** Removes a name. A user keeps existing without it. */
  async delete(username: string): Promise<boolean> {
    const deleted = await this.#scope.database.delete(credentials).where(this.#is(username)).returning({ username: credentials.username });
    return deleted.length > 0;
  }

  #is(username: string) {
    return and(eq(credentials.realm, this.#scope.realm), eq(credentials.username, username));
  }
}
