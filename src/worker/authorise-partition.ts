import type { PartitionAddress } from "../durable-objects/address.ts";
import type { PartitionAccess } from "../session/ports.ts";
import type { Environment } from "./environment.ts";

/**
 * Decides what a user may do with a partition: asked when a session binds, and again for open sessions when something it rests on changed.
 * Every user of the realm may read and write its partitions.
 * @returns undefined when the user may do nothing there
 */
export const authorisePartition = async (
  _environment: Environment,
  _address: PartitionAddress,
  _userId: string,
): Promise<PartitionAccess | undefined> => ({ mayRead: true, mayWrite: true, mayManage: false });
