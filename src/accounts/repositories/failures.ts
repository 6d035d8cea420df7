import { and, eq, inArray, lt, sql } from "drizzle-orm";
import type { RealmScope } from "../database.ts";
import { signInFailures } from "../schema.ts";
import { hashSecret } from "../secrets.ts";

/** Whose failures are counted: the name that was tried, whether it exists or not, and the address that it was tried from. */
export type FailureSource = { readonly kind: "name"; readonly name: string } | { readonly kind: "address"; readonly address: string };

/** Failures before the first delay. An address may be shared by many people. */
export const toleratedFailures = { name: 5, address: 50 } as const satisfies Record<FailureSource["kind"], number>;

/** The delay doubles from one second to this, in seconds. */
export const longestDelaySeconds = 15 * 60;

/** After this time without a failure, in milliseconds, counting begins anew. */
const memory = 24 * 3_600_000;

/** Seconds to wait after so many failures. */
export const delayAfter = (kind: FailureSource["kind"], failures: number): number => {
  const beyond = failures - toleratedFailures[kind];
  return beyond < 0 ? 0 : Math.min(2 ** beyond, longestDelaySeconds);
};

/** Failed tries to sign in to one realm. Only hashes of names and addresses are stored. */
export class SignInFailures {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /** Seconds until a try is permitted; 0 when it is permitted now. */
  async secondsToWait(sources: readonly FailureSource[]): Promise<number> {
    const { database, realm, clock } = this.#scope;
    const keys = await Promise.all(sources.map((source) => this.#key(source)));
    if (keys.length === 0) return 0;
    const rows = await database
      .select({ blockedUntil: signInFailures.blockedUntil })
      .from(signInFailures)
      .where(and(eq(signInFailures.realm, realm), inArray(signInFailures.key, keys)));
    const until = Math.max(0, ...rows.map((row) => row.blockedUntil));
    return Math.max(0, Math.ceil((until - clock()) / 1000));
  }

  /** Counts a failure for each source. */
  async note(sources: readonly FailureSource[]): Promise<void> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    for (const source of sources) {
      const tolerated = toleratedFailures[source.kind];
      const failures = sql`(case when ${signInFailures.lastAt} < ${now - memory} then 1 else ${signInFailures.failures} + 1 end)`;
      const delay = sql`(case when ${failures} < ${tolerated} then 0 else min(1 << min(${failures} - ${tolerated}, 20), ${longestDelaySeconds}) end)`;
      await database
        .insert(signInFailures)
        .values({ realm, key: await this.#key(source), failures: 1, blockedUntil: now + delayAfter(source.kind, 1) * 1000, lastAt: now })
        .onConflictDoUpdate({
          target: [signInFailures.realm, signInFailures.key],
          set: { failures, blockedUntil: sql`${now} + 1000 * ${delay}`, lastAt: now },
        });
    }
  }

  /** Forgets a name's failures after it signed in. An address keeps its count: an attacker may own an account too. */
  async forget(name: string): Promise<void> {
    const { database, realm } = this.#scope;
    const key = await this.#key({ kind: "name", name });
    await database.delete(signInFailures).where(and(eq(signInFailures.realm, realm), eq(signInFailures.key, key)));
  }

  /** Forgets failures older than `before` (milliseconds since 1970). */
  async forgetOld(before: number): Promise<void> {
    const { database, realm } = this.#scope;
    await database.delete(signInFailures).where(and(eq(signInFailures.realm, realm), lt(signInFailures.lastAt, before)));
  }

  async #key(source: FailureSource): Promise<string> {
    return hashSecret(`sign-in-failure-${source.kind}`, source.kind === "name" ? source.name : source.address);
  }
}
