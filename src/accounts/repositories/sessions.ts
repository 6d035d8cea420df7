import { and, desc, eq, gt, isNull, ne } from "drizzle-orm";
import { only, type RealmScope } from "../database.ts";
import { sessions, type JsonObject } from "../schema.ts";

export type Session = typeof sessions.$inferSelect;

export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly provider: string;
  readonly apiKeyId: string | null;
  readonly deviceId: string;
  /** What the device said of itself; shown to operators, never relied on. */
  readonly device: JsonObject;
  /** Milliseconds since 1970: the refresh token's end. */
  readonly expiresAt: number;
}

/**
 * The sign-ins of one realm's users. Ending one makes its refresh token worthless and closes what it has open; whoever accepts its access
 * tokens until their own end asks `isOpen` where that matters.
 */
export class Sessions {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async create(session: NewSession): Promise<void> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    await database.insert(sessions).values({ ...session, realm, createdAt: now, lastUsedAt: now });
  }

  /** The session if it has neither ended nor expired. */
  async findLive(id: string): Promise<Session | undefined> {
    const { database, realm, clock } = this.#scope;
    const live = and(eq(sessions.realm, realm), eq(sessions.id, id), isNull(sessions.revokedAt), gt(sessions.expiresAt, clock()));
    return only(await database.select().from(sessions).where(live));
  }

  /** A user's live sessions, the last used one first. */
  async list(userId: string): Promise<readonly Session[]> {
    const { database, clock } = this.#scope;
    const live = and(this.#of(userId), isNull(sessions.revokedAt), gt(sessions.expiresAt, clock()));
    return database.select().from(sessions).where(live).orderBy(desc(sessions.lastUsedAt)).limit(200);
  }

  async noteUse(id: string): Promise<void> {
    const { database, realm, clock } = this.#scope;
    await database
      .update(sessions)
      .set({ lastUsedAt: clock() })
      .where(and(eq(sessions.realm, realm), eq(sessions.id, id)));
  }

  /** Whether the session has not been ended; one that has run out by itself counts as open until it is forgotten. */
  async isOpen(id: string): Promise<boolean> {
    const { database, realm } = this.#scope;
    const open = and(eq(sessions.realm, realm), eq(sessions.id, id), isNull(sessions.revokedAt));
    return (await database.select({ id: sessions.id }).from(sessions).where(open)).length > 0;
  }

  /** Ends one session; its open connections learn of it at once. False when it was not live. */
  async revoke(id: string): Promise<boolean> {
    const { database, realm, clock, accessChanged } = this.#scope;
    const ended = await database
      .update(sessions)
      .set({ revokedAt: clock() })
      .where(and(eq(sessions.realm, realm), eq(sessions.id, id), isNull(sessions.revokedAt)))
      .returning({ userId: sessions.userId });
    for (const { userId } of ended) accessChanged(userId, undefined);
    return ended.length > 0;
  }

  /** Ends all sessions of a user, except perhaps one. Returns how many. */
  async revokeAll(userId: string, exceptId?: string): Promise<number> {
    const { database, clock, accessChanged } = this.#scope;
    const others = exceptId === undefined ? undefined : ne(sessions.id, exceptId);
    const ended = await database
      .update(sessions)
      .set({ revokedAt: clock() })
      .where(and(this.#of(userId), isNull(sessions.revokedAt), others))
      .returning({ id: sessions.id });
    if (ended.length > 0) accessChanged(userId, undefined);
    return ended.length;
  }

  #of(userId: string) {
    return and(eq(sessions.realm, this.#scope.realm), eq(sessions.userId, userId));
  }
}
