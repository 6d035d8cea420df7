import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { objectName } from "../../../src/durable-objects/address.ts";
import type { Partition as PartitionObject } from "../../../src/durable-objects/partition.ts";
import type { Partition } from "../../../src/protocol/partition.ts";
import { attach } from "../../process/support/attach.ts";
import { Device } from "../../process/support/device.ts";
import type { WireConnection } from "../../support/wire/connection.ts";
import { connect } from "./connect.ts";
import { defaultRealm, signIn, type SignedIn } from "./sign-in.ts";

export const patience = { timeout: 10_000, interval: 10 };

/** The Durable Object of a partition of the default realm. */
export const objectOf = ({ key }: Partition): DurableObjectStub<PartitionObject> =>
  env.PARTITIONS.get(env.PARTITIONS.idFromName(objectName({ realm: defaultRealm, key })));

/** Waits until the object has nothing left to do, as before it hibernates. */
export const untilIdle = (partition: Partition): Promise<void> =>
  vi.waitFor(async () => expect((await objectOf(partition).inspect())?.idle).toBe(true), patience);

/** A signed-in user's device on a connection of its own, which uploads what it makes by itself. */
export interface Online {
  readonly device: Device;
  readonly user: SignedIn;
  readonly connection: WireConnection;
  /** Settles when the connection has closed; rejects when the device was told of an error. */
  readonly ended: Promise<void>;
}

/** Lets a device sync over a connection. */
export const run = (device: Device, connection: WireConnection): Promise<void> =>
  attach(connection, [device], () => {
    if (device.isCaughtUp) device.uploadAll();
  });

/** A new device, or one that comes back, that has caught up. */
export const goOnline = async (partition: Partition, name: string, returning?: Online): Promise<Online> => {
  const user = returning?.user ?? (await signIn());
  const device = returning?.device ?? new Device(name, partition);
  const connection = await connect({ token: user.token });
  const ended = run(device, connection);
  await Promise.race([vi.waitFor(() => expect(device.isCaughtUp).toBe(true), patience), ended]);
  return { device, user, connection, ended };
};

/** The device that opens the partition: it brings the schema. */
export const foundPartition = async (partition: Partition): Promise<Online> => {
  const founder = await goOnline(partition, "founder");
  founder.device.found();
  founder.device.uploadAll();
  await untilDone(founder);
  return founder;
};

/** Waits until everything that a device made is acknowledged. */
export const untilDone = ({ device }: Online): Promise<void> => vi.waitFor(() => expect(device.isDone).toBe(true), patience);

/** Makes one thing on a device and waits until it was acknowledged and the others have it. */
export const share = async (from: Online, ...others: readonly Online[]): Promise<void> => {
  const name = `${from.device.name}-${from.device.made}`;
  from.device.make();
  from.device.uploadAll();
  await untilDone(from);
  for (const { device } of others) await vi.waitFor(() => expect(device.creations.get(name)).toBe(1), patience);
};
