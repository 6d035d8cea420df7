import { and, asc, eq, ne } from "drizzle-orm";
import { only, violatedTable, type AccessListener, type Database } from "../database.ts";
import { isRealmName, newId, type RealmName } from "../ids.ts";
import { applications, oneTimeCodes, realmProviders, realms, type JsonObject } from "../schema.ts";
import { realmSettings, type RealmSettings, type RealmSettingsInput } from "../settings.ts";

/** A realm with its settings read and completed by their defaults. */
export interface Realm {
  readonly name: RealmName;
  /** 24 hex digits; stands in tokens and profiles as the domain. */
  readonly id: string;
  readonly isDefault: boolean;
  /** An inactive realm admits nobody and keeps everything. */
  readonly active: boolean;
  /** The name of the entity that its users have. */
  readonly entity: string;
  readonly settings: RealmSettings;
  readonly createdAt: number;
}

export interface NewRealm {
  readonly name: RealmName;
  readonly active?: boolean;
  readonly entity?: string;
  readonly settings?: RealmSettingsInput;
  /** Sign-in providers and their settings, by type. Default: none besides `local-userpass`, which is always on. */
  readonly providers?: Readonly<Record<string, { readonly disabled?: boolean; readonly config?: JsonObject }>>;
}

export interface RealmPatch {
  readonly active?: boolean;
  readonly entity?: string;
  /** Merged into the stored settings, member by member. */
  readonly settings?: RealmSettingsInput;
}

type RealmRow = typeof realms.$inferSelect;

/** The realms themselves: the one part of the account store that is not inside a realm. */
export class Realms {
  readonly #database: Database;
  readonly #clock: () => number;
  readonly #changed: AccessListener;
  readonly #defaults: RealmSettingsInput;

  constructor(database: Database, clock: () => number, changed: AccessListener, defaults: RealmSettingsInput = {}) {
    this.#database = database;
    this.#clock = clock;
    this.#changed = changed;
    this.#defaults = defaults;
  }

  #read(row: RealmRow): Realm {
    if (!isRealmName(row.name)) throw new Error("a stored realm has a name that is none");
    return { ...row, name: row.name, settings: realmSettings.parse({ ...this.#defaults, ...row.settings }) };
  }

  async find(name: RealmName): Promise<Realm | undefined> {
    const row = only(await this.#database.select().from(realms).where(eq(realms.name, name)));
    return row === undefined ? undefined : this.#read(row);
  }

  /** The realm that an App ID stands for: the realm of this name, or the one to which the application of this id belongs. */
  async findByAppId(appId: string): Promise<Realm | undefined> {
    if (!isRealmName(appId)) return undefined;
    const named = await this.find(appId);
    if (named !== undefined) return named;
    const rows = await this.#database
      .select({ realm: realms })
      .from(applications)
      .innerJoin(realms, eq(realms.name, applications.realm))
      .where(eq(applications.id, appId));
    const row = only(rows);
    return row === undefined ? undefined : this.#read(row.realm);
  }

  /** The realm in which a one-time code was made: links are opened under the URL that the app knows, which may be the default realm's. */
  async findByCode(codeId: string): Promise<Realm | undefined> {
    const rows = await this.#database
      .select({ realm: realms })
      .from(oneTimeCodes)
      .innerJoin(realms, eq(realms.name, oneTimeCodes.realm))
      .where(eq(oneTimeCodes.id, codeId));
    const row = only(rows);
    return row === undefined ? undefined : this.#read(row.realm);
  }

  /** The default realm. It always exists: a migration made it and nothing deletes it. */
  async default(): Promise<Realm> {
    const row = only(await this.#database.select().from(realms).where(eq(realms.isDefault, true)));
    if (row === undefined) throw new Error("there is no default realm: apply the migrations");
    return this.#read(row);
  }

  /** All realms, by name; at most 10,000. */
  async list(): Promise<readonly Realm[]> {
    return (await this.#database.select().from(realms).orderBy(asc(realms.name)).limit(10_000)).map((row) => this.#read(row));
  }

  /** Makes a realm. Undefined when the name is taken by a realm or stands for an application. */
  async create({ name, providers = {}, settings = {}, ...rest }: NewRealm): Promise<Realm | undefined> {
    const now = this.#clock();
    const taken = await this.#database.select({ id: applications.id }).from(applications).where(eq(applications.id, name));
    if (taken.length > 0) return undefined;
    realmSettings.parse(settings);
    const row = { ...rest, name, id: newId(now), settings, createdAt: now };
    const providerRows = Object.entries(providers).map(([type, provider]) => ({
      ...provider,
      realm: name,
      type,
      name: type,
      id: newId(now),
      createdAt: now,
    }));
    try {
      const [inserted] = await this.#database.batch([
        this.#database.insert(realms).values(row).returning(),
        ...providerRows.map((provider) => this.#database.insert(realmProviders).values(provider)),
      ]);
      const created = only(inserted);
      return created === undefined ? undefined : this.#read(created);
    } catch (error) {
      if (violatedTable(error) === "realms") return undefined;
      throw error;
    }
  }

  /** Changes a realm; undefined when there is none of this name. Open sessions of the whole realm are decided again. */
  async update(name: RealmName, { settings, ...rest }: RealmPatch): Promise<Realm | undefined> {
    const found = only(await this.#database.select().from(realms).where(eq(realms.name, name)));
    if (found === undefined) return undefined;
    const merged = { ...found.settings, ...settings };
    realmSettings.parse(merged);
    const rows = await this.#database
      .update(realms)
      .set({ ...rest, settings: merged })
      .where(eq(realms.name, name))
      .returning();
    this.#changed({ realm: name, userId: undefined, partition: undefined });
    const row = only(rows);
    return row === undefined ? undefined : this.#read(row);
  }

  /** Makes this realm the default one. False when there is no such realm. */
  async makeDefault(name: RealmName): Promise<boolean> {
    if ((await this.find(name)) === undefined) return false;
    await this.#database.batch([
      this.#database.update(realms).set({ isDefault: false }).where(ne(realms.name, name)),
      this.#database.update(realms).set({ isDefault: true }).where(eq(realms.name, name)),
    ]);
    return true;
  }

  /** Deletes a realm with its users, grants and settings. The default realm cannot be deleted. Partitions' data is not touched. */
  async delete(name: RealmName): Promise<boolean> {
    const deletable = and(eq(realms.name, name), eq(realms.isDefault, false));
    const deleted = await this.#database.delete(realms).where(deletable).returning({ name: realms.name });
    if (deleted.length > 0) this.#changed({ realm: name, userId: undefined, partition: undefined });
    return deleted.length > 0;
  }
}
