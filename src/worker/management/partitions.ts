import { isStoreFault } from "../../accounts/database.ts";
import type { RealmName } from "../../accounts/ids.ts";
import { ManagementError } from "../../errors/management.ts";
import { objectName } from "../../durable-objects/address.ts";
import type { Partition } from "../../durable-objects/partition.ts";
import type { Environment } from "../environment.ts";

/** Asks a partition's object. A failure of the object says nothing about the request: it is answered as 503. */
export const askPartition = async <Result>(
  environment: Environment,
  realm: RealmName,
  key: string,
  ask: (partition: DurableObjectStub<Partition>) => Promise<Result>,
): Promise<Result> => {
  const stub = environment.PARTITIONS.get(environment.PARTITIONS.idFromName(objectName({ realm, key })));
  try {
    return await ask(stub);
  } catch (error) {
    if (isStoreFault(error)) throw error;
    throw new ManagementError("PartitionUnavailable");
  }
};
