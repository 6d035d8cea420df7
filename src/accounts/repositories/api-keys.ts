import { and, asc, eq } from "drizzle-orm";
import { only, violatedTable, type RealmScope } from "../database.ts";
import { newId } from "../ids.ts";
import { apiKeys } from "../schema.ts";
import { hashSecret, newSecret } from "../secrets.ts";

export type ApiKey = Omit<typeof apiKeys.$inferSelect, "keyHash">;

const columns = {
  id: apiKeys.id,
  realm: apiKeys.realm,
  userId: apiKeys.userId,
  name: apiKeys.name,
  disabled: apiKeys.disabled,
  createdAt: apiKeys.createdAt,
};

/** API keys of one realm. Reads and changes name the owner, so that nobody reaches another user's key by its id. */
export class ApiKeys {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Makes a key; its text is returned here and never again. Undefined when the user has a key of this name. */
  async create(userId: string, name: string): Promise<{ readonly apiKey: ApiKey; readonly key: string } | undefined> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const key = newSecret();
    const row = { id: newId(now), realm, userId, name, disabled: false, createdAt: now };
    try {
      await database.insert(apiKeys).values({ ...row, keyHash: await hashSecret("api-key", key) });
      return { apiKey: row, key };
    } catch (error) {
      if (violatedTable(error) === "api_keys") return undefined;
      throw error;
    }
  }

  /** The key with this text, disabled or not. Found by its hash: the text itself is compared nowhere. */
  async findByKey(key: string): Promise<ApiKey | undefined> {
    const { database, realm } = this.#scope;
    const keyHash = await hashSecret("api-key", key);
    return only(
      await database
        .select(columns)
        .from(apiKeys)
        .where(and(eq(apiKeys.realm, realm), eq(apiKeys.keyHash, keyHash))),
    );
  }

  async list(userId: string): Promise<readonly ApiKey[]> {
    const { database, realm } = this.#scope;
    const own = and(eq(apiKeys.realm, realm), eq(apiKeys.userId, userId));
    return database.select(columns).from(apiKeys).where(own).orderBy(asc(apiKeys.createdAt), asc(apiKeys.id)).limit(200);
  }

  async find(userId: string, id: string): Promise<ApiKey | undefined> {
    return only(await this.#scope.database.select(columns).from(apiKeys).where(this.#is(userId, id)));
  }

  /** False when the user has no such key. */
  async setDisabled(userId: string, id: string, disabled: boolean): Promise<boolean> {
    const changed = await this.#scope.database.update(apiKeys).set({ disabled }).where(this.#is(userId, id)).returning({ id: apiKeys.id });
    return changed.length > 0;
  }

  /** False when the user has no such key. */
  async delete(userId: string, id: string): Promise<boolean> {
    const deleted = await this.#scope.database.delete(apiKeys).where(this.#is(userId, id)).returning({ id: apiKeys.id });
    return deleted.length > 0;
  }

  #is(userId: string, id: string) {
    return and(eq(apiKeys.realm, this.#scope.realm), eq(apiKeys.userId, userId), eq(apiKeys.id, id));
  }
}
