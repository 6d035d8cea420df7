import { and, asc, eq, sql } from "drizzle-orm";
import type { GrantFlags } from "../../rules/grants.ts";
import { isMissingReference, only, type RealmScope } from "../database.ts";
import { grants } from "../schema.ts";

export type Grant = typeof grants.$inferSelect;

/** Whom a grant is for. */
export type GrantSubject = { readonly kind: "user"; readonly userId: string } | { readonly kind: "everybody" };

const subjectText = (subject: GrantSubject): string => (subject.kind === "user" ? subject.userId : "*");

/** The grants of one realm. Only the server writes them; every change reaches open sessions. */
export class Grants {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /**
   * Sets flags; those that are absent from `flags` stay as they are, and null unsets one. A grant whose flags are all unset is removed.
   * Undefined when there is no such user in this realm.
   */
  async set(partition: string, subject: GrantSubject, flags: Partial<GrantFlags>): Promise<Grant | undefined> {
    const { database, realm, clock, accessChanged } = this.#scope;
    const userId = subject.kind === "user" ? subject.userId : null;
    const values = { realm, partition, subject: subjectText(subject), userId, ...flags, updatedAt: clock() };
    const upsert = database
      .insert(grants)
      .values(values)
      .onConflictDoUpdate({ target: [grants.realm, grants.partition, grants.subject], set: { ...flags, updatedAt: values.updatedAt } })
      .returning();
    const unset = sql`coalesce(${grants.mayRead}, ${grants.mayWrite}, ${grants.mayManage}) is null`;
    const sweep = database.delete(grants).where(and(this.#is(partition, subject), unset));
    try {
      const [rows] = await database.batch([upsert, sweep]);
      accessChanged(userId ?? undefined, partition);
      return only(rows);
    } catch (error) {
      if (isMissingReference(error)) return undefined;
      throw error;
    }
  }

  /** False when there was no such grant. */
  async remove(partition: string, subject: GrantSubject): Promise<boolean> {
    const { database, accessChanged } = this.#scope;
    const removed = await database.delete(grants).where(this.#is(partition, subject)).returning({ subject: grants.subject });
    if (removed.length > 0) accessChanged(subject.kind === "user" ? subject.userId : undefined, partition);
    return removed.length > 0;
  }

  async find(partition: string, subject: GrantSubject): Promise<Grant | undefined> {
    return only(await this.#scope.database.select().from(grants).where(this.#is(partition, subject)));
  }

  /** All grants on a partition; at most 1,000. */
  async listForPartition(partition: string): Promise<readonly Grant[]> {
    const { database, realm } = this.#scope;
    const here = and(eq(grants.realm, realm), eq(grants.partition, partition));
    return database.select().from(grants).where(here).orderBy(asc(grants.subject)).limit(1000);
  }

  /** All grants of a user, or those for everybody; at most 1,000. */
  async listForSubject(subject: GrantSubject): Promise<readonly Grant[]> {
    const { database, realm } = this.#scope;
    const here = and(eq(grants.realm, realm), eq(grants.subject, subjectText(subject)));
    return database.select().from(grants).where(here).orderBy(asc(grants.partition)).limit(1000);
  }

  #is(partition: string, subject: GrantSubject) {
    return and(eq(grants.realm, this.#scope.realm), eq(grants.partition, partition), eq(grants.subject, subjectText(subject)));
  }
}
