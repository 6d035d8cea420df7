import { and, eq, inArray, lte, sql } from "drizzle-orm";
import { networkOf } from "../addresses.ts";
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
export const failureMemory = 24 * 3_600_000;

/** Seconds to wait after so many failures. */
export const delayAfter = (kind: FailureSource["kind"], failures: number): number => {
  const beyond = failures - toleratedFailures[kind];
  return beyond < 0 ? 0 : Math.min(2 ** beyond, longestDelaySeconds);
};

/** Failed tries to sign in to one realm. Only hashes of names and networks are stored. */
export class SignInFailures {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  /**
   * Asks for a try and counts it as failed before it is made, so that guesses sent at once cannot share one. Returns 0 when the try is
   * permitted, and then `succeeded` or `refund` takes the count back if it was no failure; otherwise the seconds to wait, and nothing is
   * counted.
   */
  async charge(sources: readonly FailureSource[]): Promise<number> {
    const charged: FailureSource[] = [];
    for (const source of sources) if (await this.#charge(source)) charged.push(source);
    if (charged.length === sources.length) return 0;
    await this.refund(charged);
    return Math.max(1, await this.#secondsToWait(sources));
  }

  /** Takes one try back for each source: it was neither right nor wrong. */
  async refund(sources: readonly FailureSource[]): Promise<void> {
    const { database } = this.#scope;
    for (const source of sources) {
      const failures = sql`max(${signInFailures.failures} - 1, 0)`;
      const stillDelayed = sql`${signInFailures.failures} - 1 >= ${toleratedFailures[source.kind]}`;
      const blockedUntil = sql`(case when ${stillDelayed} then ${signInFailures.blockedUntil} else 0 end)`;
      await database
        .update(signInFailures)
        .set({ failures, blockedUntil })
        .where(await this.#is(source));
    }
  }

  /**
   * Settles a try that was right. A name's failures are forgotten; an address only gets this one try back, since an attacker may own an
   * account too.
   */
  async succeeded(sources: readonly FailureSource[]): Promise<void> {
    await this.refund(sources.filter((source) => source.kind === "address"));
    for (const source of sources) if (source.kind === "name") await this.forget(source.name);
  }

  /** Forgets a name's failures. */
  async forget(name: string): Promise<void> {
    await this.#scope.database.delete(signInFailures).where(await this.#is({ kind: "name", name }));
  }

  async #charge(source: FailureSource): Promise<boolean> {
    const { database, realm, clock } = this.#scope;
    const now = clock();
    const tolerated = toleratedFailures[source.kind];
    const failures = sql`(case when ${signInFailures.lastAt} < ${now - failureMemory} then 1 else ${signInFailures.failures} + 1 end)`;
    const delay = sql`(case when ${failures} < ${tolerated} then 0 else min(1 << min(${failures} - ${tolerated}, 20), ${longestDelaySeconds}) end)`;
    const counted = await database
      .insert(signInFailures)
      .values({ realm, key: await this.#key(source), failures: 1, blockedUntil: 0, lastAt: now })
      .onConflictDoUpdate({
        target: [signInFailures.realm, signInFailures.key],
        set: { failures, blockedUntil: sql`${now} + 1000 * ${delay}`, lastAt: now },
        setWhere: lte(signInFailures.blockedUntil, now),
      })
      .returning({ failures: signInFailures.failures });
    return counted.length > 0;
  }

  async #secondsToWait(sources: readonly FailureSource[]): Promise<number> {
    const { database, realm, clock } = this.#scope;
    const keys = await Promise.all(sources.map((source) => this.#key(source)));
    const rows = await database
      .select({ blockedUntil: signInFailures.blockedUntil })
      .from(signInFailures)
      .where(and(eq(signInFailures.realm, realm), inArray(signInFailures.key, keys)));
    return Math.ceil((Math.max(0, ...rows.map((row) => row.blockedUntil)) - clock()) / 1000);
  }

  async #is(source: FailureSource) {
    return and(eq(signInFailures.realm, this.#scope.realm), eq(signInFailures.key, await this.#key(source)));
  }

  #key(source: FailureSource): Promise<string> {
    return hashSecret(`sign-in-failure-${source.kind}`, source.kind === "name" ? source.name : networkOf(source.address));
  }
}
