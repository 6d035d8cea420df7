import { lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { failureMemory } from "./repositories/failures.ts";
import { signInFlows } from "./providers/schema.ts";
import { idempotencyKeys, oneTimeCodes, outbox, sessions, signInFailures } from "./schema.ts";

/**
 * Forgets, in all realms, what has lost its meaning with time: expired sessions, codes, messages and idempotency keys, and failures that no
 * longer count. Nothing depends on it but the size of the store; once a day is often enough.
 * @param now milliseconds since 1970
 */
export const forgetExpired = async (database: Database, now: number): Promise<void> => {
  await database.batch([
    database.delete(sessions).where(lt(sessions.expiresAt, now)),
    database.delete(oneTimeCodes).where(lt(oneTimeCodes.expiresAt, now)),
    database.delete(signInFlows).where(lt(signInFlows.expiresAt, now)),
    database.delete(outbox).where(lt(outbox.expiresAt, now)),
    database.delete(idempotencyKeys).where(lt(idempotencyKeys.expiresAt, now)),
    database.delete(signInFailures).where(lt(signInFailures.lastAt, now - failureMemory)),
  ]);
};
