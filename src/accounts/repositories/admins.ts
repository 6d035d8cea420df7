import { and, asc, eq, sql } from "drizzle-orm";
import { isMissingReference, only, type RealmScope } from "../database.ts";
import { adminRights, type AdminScope } from "../schema.ts";

export type AdminRight = typeof adminRights.$inferSelect;

/** Who administers: users of this realm who may do everything in it, or in every realm. */
export class Admins {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async scopeOf(userId: string): Promise<AdminScope | undefined> {
    return only(await this.#scope.database.select({ scope: adminRights.scope }).from(adminRights).where(this.#is(userId)))?.scope;
  }

  async list(): Promise<readonly AdminRight[]> {
    const { database, realm } = this.#scope;
    return database.select().from(adminRights).where(eq(adminRights.realm, realm)).orderBy(asc(adminRights.createdAt)).limit(1000);
  }

  /** Gives the right or changes its scope. False when there is no such user in this realm. */
  async grant(userId: string, scope: AdminScope, grantedBy: string | null): Promise<boolean> {
    const { database, realm, clock, accessChanged } = this.#scope;
    try {
      await database
        .insert(adminRights)
        .values({ realm, userId, scope, grantedBy, createdAt: clock() })
        .onConflictDoUpdate({ target: [adminRights.realm, adminRights.userId], set: { scope, grantedBy } });
    } catch (error) {
      if (isMissingReference(error)) return false;
      throw error;
    }
    accessChanged(userId, undefined);
    return true;
  }

  /**
   * Gives a user of this realm the right over the server, if nobody has it in any realm yet. False when somebody has. One statement, so
   * that two first visits cannot both win.
   */
  async grantFirst(userId: string): Promise<boolean> {
    const { database, realm, clock, accessChanged } = this.#scope;
    const result = await database.all<{ user_id: string }>(
      sql`insert into ${adminRights} (realm, user_id, scope, granted_by, created_at)
          select ${realm}, ${userId}, 'server', null, ${clock()} where not exists (select 1 from ${adminRights} where scope = 'server')
          on conflict do nothing returning user_id`,
    );
    if (result.length > 0) accessChanged(userId, undefined);
    return result.length > 0;
  }

  async revoke(userId: string): Promise<boolean> {
    const revoked = await this.#scope.database.delete(adminRights).where(this.#is(userId)).returning({ userId: adminRights.userId });
    if (revoked.length > 0) this.#scope.accessChanged(userId, undefined);
    return revoked.length > 0;
  }

  #is(userId: string) {
    return and(eq(adminRights.realm, this.#scope.realm), eq(adminRights.userId, userId));
  }
}
