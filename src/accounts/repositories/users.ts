import { and, asc, count, eq, gt, inArray, or, sql, type SQL } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { only, violatedTable, type RealmScope } from "../database.ts";
import { newId } from "../ids.ts";
import { apiKeys, credentials, identities, sessions, userKeys, users, type JsonObject, type UserState, type UserType } from "../schema.ts";

export type User = typeof users.$inferSelect;
export type Identity = typeof identities.$inferSelect;

/** A value under which a user is unique in the realm or can be found, already normalised. */
export interface UserKey {
  readonly field: string;
  readonly value: string;
}

/**
 * How a provider knows a user. `subject` is the provider's name for the person; absent for one made of the user's own id (anonymous users).
 */
export interface NewIdentity {
  readonly provider: string;
  readonly subject?: string;
  readonly data?: JsonObject;
}

/** A user to be made. Everything is optional: `{}` is a user without fields who has no way yet to sign in. */
export interface NewUser {
  /** Keeps the id of an imported user; unique across all realms. */
  readonly id?: string;
  readonly type?: UserType;
  readonly state?: UserState;
  readonly fields?: JsonObject;
  readonly profile?: Readonly<Record<string, string>>;
  readonly customData?: JsonObject | null;
  readonly tags?: readonly string[];
  readonly meta?: JsonObject;
  readonly properties?: JsonObject;
  readonly keys?: readonly UserKey[];
  readonly identities?: readonly NewIdentity[];
  /** A name and password, confirmed unless said otherwise; adds the identity `local-userpass` too. */
  readonly password?: {
    readonly username: string;
    readonly displayName: string;
    readonly passwordHash: string;
    readonly confirmed?: boolean;
  };
}

/** What of a user may change later. Absent members stay as they are. */
export type UserPatch = Partial<Pick<User, "fields" | "profile" | "customData" | "tags" | "meta" | "properties">>;

/** Why a user or identity cannot be stored: its id, one of its keys, its name or its identity is taken. */
export type Conflict = "id" | "key" | "name" | "identity";

export type Stored<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly conflict: Conflict };

export interface UserFilter {
  /** Part of the id, of a key, a login name or an identity's subject; compared without regard to upper and lower case. */
  readonly search?: string;
  readonly states?: readonly UserState[];
  /** Users behind this id in the order of ids. */
  readonly after?: string;
  /** At most 200; default 50. */
  readonly limit?: number;
}

const conflicts: Readonly<Record<string, Conflict>> = { users: "id", user_keys: "key", credentials: "name", identities: "identity" };

const storeUnlessTaken = async <Value>(work: () => Promise<Value>): Promise<Stored<Value>> => {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const conflict = conflicts[violatedTable(error) ?? ""];
    if (conflict === undefined) throw error;
    return { ok: false, conflict };
  }
};

/** The users of one realm. */
export class Users {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Makes a user with keys, identities and password, all or nothing. */
  async create(input: NewUser): Promise<Stored<User>> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const { id = newId(now), keys = [], identities: given = [], password, ...rest } = input;
    const row = { ...rest, id, realm, createdAt: now, updatedAt: now };
    const own = { realm, userId: id, createdAt: now };
    const own_identities = password === undefined ? given : [...given, { provider: "local-userpass", subject: password.username }];
    const statements: BatchItem<"sqlite">[] = [
      ...(keys.length === 0 ? [] : [database.insert(userKeys).values(keys.map((key) => ({ ...key, realm, userId: id })))]),
      ...own_identities.map(({ provider, subject = id, data = {} }) =>
        database.insert(identities).values({ ...own, id: newId(now), provider, subject, data }),
      ),
    ];
    if (password !== undefined) {
      statements.push(database.insert(credentials).values({ ...own, confirmed: true, ...password, updatedAt: now }));
    }
    return storeUnlessTaken(async () => {
      const [inserted] = await database.batch([database.insert(users).values(row).returning(), ...statements]);
      const user = only(inserted);
      if (user === undefined) throw new Error("the store did not return the user that it inserted");
      return user;
    });
  }

  /** A user in any state. */
  async find(id: string): Promise<User | undefined> {
    return only(await this.#scope.database.select().from(users).where(this.#is(id)));
  }

  /** The user who has this value in one of these fields. */
  async findByKey(fields: readonly string[], value: string): Promise<User | undefined> {
    if (fields.length === 0) return undefined;
    const { database, realm } = this.#scope;
    const rows = await database
      .select({ user: users })
      .from(userKeys)
      .innerJoin(users, and(eq(users.realm, userKeys.realm), eq(users.id, userKeys.userId)))
      .where(and(eq(userKeys.realm, realm), inArray(userKeys.field, [...fields]), eq(userKeys.value, value)))
      .limit(1);
    return only(rows)?.user;
  }

  async findByIdentity(provider: string, subject: string): Promise<User | undefined> {
    const { database, realm } = this.#scope;
    const rows = await database
      .select({ user: users })
      .from(identities)
      .innerJoin(users, and(eq(users.realm, identities.realm), eq(users.id, identities.userId)))
      .where(and(eq(identities.realm, realm), eq(identities.provider, provider), eq(identities.subject, subject)));
    return only(rows)?.user;
  }

  /** Every key that has one of these values in one of these fields, with the user whose it is. Together they are at most 90. */
  async ownersOf(fields: readonly string[], values: readonly string[]): Promise<readonly (UserKey & { readonly userId: string })[]> {
    const { database, realm } = this.#scope;
    if (fields.length === 0 || values.length === 0) return [];
    return database
      .select({ field: userKeys.field, value: userKeys.value, userId: userKeys.userId })
      .from(userKeys)
      .where(and(eq(userKeys.realm, realm), inArray(userKeys.field, [...fields]), inArray(userKeys.value, [...values])));
  }

  /** The keys of up to 200 users, by user. */
  async keysOfMany(ids: readonly string[]): Promise<ReadonlyMap<string, readonly UserKey[]>> {
    const { database, realm } = this.#scope;
    const keys = new Map<string, UserKey[]>();
    // A statement takes 100 parameters; one JSON text carries all ids.
    const among = sql`${userKeys.userId} in (select value from json_each(${JSON.stringify(ids.slice(0, 200))}))`;
    for (const { userId, field, value } of await database
      .select()
      .from(userKeys)
      .where(and(eq(userKeys.realm, realm), among))) {
      const known = keys.get(userId);
      if (known === undefined) keys.set(userId, [{ field, value }]);
      else known.push({ field, value });
    }
    return keys;
  }

  /** Replaces all keys of these users, of whom there are at most 200, at once. Fails when a value belongs to somebody else. */
  async replaceKeysOfMany(keysByUser: ReadonlyMap<string, readonly UserKey[]>): Promise<void> {
    const { database, realm } = this.#scope;
    const ids = JSON.stringify([...keysByUser.keys()]);
    const rows = JSON.stringify([...keysByUser].flatMap(([userId, keys]) => keys.map(({ field, value }) => [field, value, userId])));
    const old = and(eq(userKeys.realm, realm), sql`${userKeys.userId} in (select value from json_each(${ids}))`);
    await database.batch([
      database.delete(userKeys).where(old),
      // In the order of the table's columns.
      database.insert(userKeys).select(sql`select ${realm}, value ->> 0, value ->> 1, value ->> 2 from json_each(${rows})`),
    ]);
  }

  /** A page of users in the order of their ids. */
  async list(filter: UserFilter = {}): Promise<readonly User[]> {
    const { states, after, limit = 50 } = filter;
    const conditions = [this.#matching(filter.search)];
    if (states !== undefined) conditions.push(inArray(users.state, [...states]));
    if (after !== undefined) conditions.push(gt(users.id, after));
    return this.#scope.database
      .select()
      .from(users)
      .where(and(...conditions))
      .orderBy(asc(users.id))
      .limit(Math.min(Math.max(limit, 1), 200));
  }

  async count(): Promise<number> {
    const rows = await this.#scope.database.select({ total: count() }).from(users).where(eq(users.realm, this.#scope.realm));
    return only(rows)?.total ?? 0;
  }

  /** Changes a user's data; undefined when there is no such user. With `keys`, they replace all keys of the user. */
  async update(id: string, patch: UserPatch, keys?: readonly UserKey[]): Promise<Stored<User | undefined>> {
    const { database, realm, clock } = this.#scope;
    if ((await this.find(id)) === undefined) return { ok: true, value: undefined };
    const statements: BatchItem<"sqlite">[] =
      keys === undefined
        ? []
        : [
            database.delete(userKeys).where(and(eq(userKeys.realm, realm), eq(userKeys.userId, id))),
            ...keys.map((key) => database.insert(userKeys).values({ ...key, realm, userId: id })),
          ];
    const stored = await storeUnlessTaken(async () => {
      const change = database
        .update(users)
        .set({ ...patch, updatedAt: clock() })
        .where(this.#is(id))
        .returning();
      const [updated] = await database.batch([change, ...statements]);
      return only(updated);
    });
    if (stored.ok) this.#scope.accessChanged(id, undefined);
    return stored;
  }

  /** Locks, disables, confirms or readmits a user; open sessions learn of it at once. False when there is no such user. */
  async setState(id: string, state: UserState): Promise<boolean> {
    const { database, clock } = this.#scope;
    const changed = await database.update(users).set({ state, updatedAt: clock() }).where(this.#is(id)).returning({ id: users.id });
    if (changed.length > 0) this.#scope.accessChanged(id, undefined);
    return changed.length > 0;
  }

  /**
   * Deletes a user with identities, password, sessions, keys and grants. Data elsewhere refers to the id only and stays. False when there
   * is no such user.
   */
  async delete(id: string): Promise<boolean> {
    const deleted = await this.#scope.database.delete(users).where(this.#is(id)).returning({ id: users.id });
    if (deleted.length > 0) this.#scope.accessChanged(id, undefined);
    return deleted.length > 0;
  }

  /** Removes every way to sign in: identities, passwords, API keys and sessions. The user stays. */
  async removeWaysToSignIn(id: string): Promise<void> {
    const { database, realm } = this.#scope;
    await database.batch([
      database.delete(identities).where(and(eq(identities.realm, realm), eq(identities.userId, id))),
      database.delete(credentials).where(and(eq(credentials.realm, realm), eq(credentials.userId, id))),
      database.delete(apiKeys).where(and(eq(apiKeys.realm, realm), eq(apiKeys.userId, id))),
      database.delete(sessions).where(and(eq(sessions.realm, realm), eq(sessions.userId, id))),
    ]);
    this.#scope.accessChanged(id, undefined);
  }

  async noteSignIn(id: string): Promise<void> {
    await this.#scope.database.update(users).set({ lastSignInAt: this.#scope.clock() }).where(this.#is(id));
  }

  /** The user's identities, oldest first: SDKs show the first one as the user's provider. */
  async identitiesOf(userId: string): Promise<readonly Identity[]> {
    const { database, realm } = this.#scope;
    return database
      .select()
      .from(identities)
      .where(and(eq(identities.realm, realm), eq(identities.userId, userId)))
      .orderBy(asc(identities.createdAt), sql`${identities}.rowid`);
  }

  /** Gives the user one more way to sign in, and adds what the provider knows to the profile. */
  async addIdentity(userId: string, identity: NewIdentity, profile: Readonly<Record<string, string>>): Promise<Stored<Identity>> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const { provider, subject = userId, data = {} } = identity;
    const insert = database
      .insert(identities)
      .values({ id: newId(now), realm, userId, provider, subject, data, createdAt: now })
      .returning();
    const merge = database
      .update(users)
      .set({ profile: sql`json_patch(${users.profile}, ${JSON.stringify(profile)})`, updatedAt: now })
      .where(this.#is(userId));
    const stored = await storeUnlessTaken(async () => {
      const [inserted] = await database.batch([insert, merge]);
      const row = only(inserted);
      if (row === undefined) throw new Error("the store did not return the identity that it inserted");
      return row;
    });
    if (stored.ok) this.#scope.accessChanged(userId, undefined);
    return stored;
  }

  #is(id: string): SQL | undefined {
    return and(eq(users.realm, this.#scope.realm), eq(users.id, id));
  }

  #matching(search: string | undefined): SQL | undefined {
    const { database, realm } = this.#scope;
    const here = eq(users.realm, realm);
    if (search === undefined || search === "") return here;
    const needle = search.normalize("NFC").toLowerCase();
    const contains = (column: typeof userKeys.value | typeof credentials.username | typeof identities.subject) =>
      sql`instr(lower(${column}), ${needle}) > 0`;
    const found = or(
      sql`instr(${users.id}, ${needle}) > 0`,
      inArray(
        users.id,
        database
          .select({ id: userKeys.userId })
          .from(userKeys)
          .where(and(eq(userKeys.realm, realm), contains(userKeys.value))),
      ),
      inArray(
        users.id,
        database
          .select({ id: identities.userId })
          .from(identities)
          .where(and(eq(identities.realm, realm), contains(identities.subject))),
      ),
    );
    return and(here, found);
  }
}
