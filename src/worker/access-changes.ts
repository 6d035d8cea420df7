import type { AccessChange, AccessListener } from "../accounts/database.ts";
import { openAccounts } from "../accounts/accounts.ts";
import { objectName, type PartitionAddress } from "../durable-objects/address.ts";
import type { Environment } from "./environment.ts";

/** Partitions that are told at one time. */
const pageSize = 100;

const tell = (environment: Environment, address: PartitionAddress): Promise<void> =>
  environment.PARTITIONS.get(environment.PARTITIONS.idFromName(objectName(address))).reauthorise();

/**
 * Makes open sessions follow a change of grants, rules or users at once. A change on one partition is told to that one; a change of a user or
 * of the realm to all its partitions, page by page, of which those without open sockets have nothing to do.
 */
export const followAccessChange = async (environment: Environment, { realm, partition }: AccessChange): Promise<void> => {
  if (partition !== undefined) {
    await tell(environment, { realm, key: partition });
    return;
  }
  const { partitions } = openAccounts(environment.DB).inRealm(realm);
  const failures: unknown[] = [];
  let after: string | undefined;
  do {
    const page = await partitions.list({ limit: pageSize, ...(after === undefined ? {} : { after }) });
    const told = await Promise.allSettled(page.map(({ key }) => tell(environment, { realm, key })));
    for (const result of told) if (result.status === "rejected") failures.push(result.reason);
    after = page.length < pageSize ? undefined : page.at(-1)?.key;
  } while (after !== undefined);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} partitions did not hear of a change of access`);
};

/** Lets what an account store announces reach open sessions. `outlast` keeps the work alive after the answer is given. */
export const accessListener =
  (environment: Environment, outlast: (work: Promise<void>) => void): AccessListener =>
  (change) =>
    outlast(followAccessChange(environment, change));
