import type { AccessChange, AccessListener } from "../accounts/database.ts";
import { objectName, type PartitionAddress } from "../durable-objects/address.ts";
import { partitionsVisited, partitionsVisitedBy } from "../durable-objects/visitors.ts";
import type { Environment } from "./environment.ts";
import { createLog, parseLogSetting } from "../platform/logging.ts";

/** Partitions that are told at one time. */
const pageSize = 100;
/** A partition that does not hear is told again after these waits (milliseconds). */
const waits = [50, 250, 1000] as const;

const tell = async (environment: Environment, address: PartitionAddress, userId: string | undefined): Promise<void> => {
  const name = environment.PARTITIONS.idFromName(objectName(address));
  for (const wait of waits) {
    try {
      // A new stub each time: one that failed stays broken.
      await environment.PARTITIONS.get(name).reauthorise(userId);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  await environment.PARTITIONS.get(name).reauthorise(userId);
};

/** The partitions that a change may concern, page by page: the one it names, those the user visited, or all that anybody visited. */
async function* concerned(environment: Environment, { realm, userId, partition }: AccessChange): AsyncGenerator<readonly string[]> {
  if (partition !== undefined) {
    yield [partition];
    return;
  }
  let after = "";
  let page: readonly string[];
  do {
    page =
      userId === undefined
        ? await partitionsVisited(environment.DB, realm, after, pageSize)
        : await partitionsVisitedBy(environment.DB, realm, userId, after, pageSize);
    yield page;
    after = page.at(-1) ?? after;
  } while (page.length === pageSize);
}

/**
 * Makes open sessions follow a change of grants, rules, users or realms at once: every partition where the user, or anybody concerned, may
 * have a connection decides again. Rejects when some could not be told, after all others were; those catch up at the user's next BIND, and
 * with the daily maintenance.
 */
export const followAccessChange = async (environment: Environment, change: AccessChange): Promise<void> => {
  const { realm, userId } = change;
  const failures: unknown[] = [];
  for await (const page of concerned(environment, change)) {
    const told = await Promise.allSettled(page.map((key) => tell(environment, { realm, key }, userId)));
    for (const result of told) if (result.status === "rejected") failures.push(result.reason);
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} partitions did not hear of a change of access`);
};

/** Lets what an account store announces reach open sessions. `outlast` keeps the work alive after the answer is given. */
export const accessListener =
  (environment: Environment, outlast: (work: Promise<void>) => void): AccessListener =>
  (change) =>
    outlast(
      followAccessChange(environment, change).catch((error: unknown) =>
        createLog(parseLogSetting(environment.LOG_LEVEL), "access").log("error", "a change of access did not reach every partition", {
          realm: change.realm,
          reason: String(error),
        }),
      ),
    );
