import { expect, test, vi } from "vitest";
import { intPartition, stringPartition } from "../../src/protocol/partition.ts";
import { attach } from "./support/attach.ts";
import { connect, signIn } from "./support/client.ts";
import { Device } from "./support/device.ts";
import { startServer, withState, type ServerProcess } from "./support/server.ts";

const patience = { timeout: 30_000, interval: 5 };

/** A user's app: one connection, one client file in each of two partitions. */
interface App {
  readonly token: string;
  readonly devices: readonly Device[];
}

const partitions = [stringPartition("shared"), intPartition(42n)];

/** Connects all apps; every device writes one more thing each time it hears something, as long as `writing` says so. */
const runApps = async (server: ServerProcess, apps: readonly App[], writing: () => boolean) => {
  const connections = await Promise.all(apps.map(({ token }) => connect(server.origin, token)));
  const ends = apps.map(({ devices }, index) => {
    const connection = connections[index];
    if (connection === undefined) throw new Error("a connection for each app");
    return attach(connection, devices, () => {
      for (const device of devices) {
        if (!device.isCaughtUp) continue;
        if (writing() && device.isDone) device.make();
        device.uploadAll();
      }
    });
  });
  return { connections, ended: Promise.all(ends) };
};

/** The first device of each partition brings the schema. */
const foundPartitions = async (server: ServerProcess, token: string): Promise<void> => {
  const founders = partitions.map((partition) => new Device("founder", partition));
  const connection = await connect(server.origin, token);
  const ended = attach(connection, founders, () => {
    for (const founder of founders) if (founder.isCaughtUp) founder.uploadAll();
  });
  for (const founder of founders) founder.found();
  await vi.waitFor(() => expect(founders.every(({ isDone }) => isDone)).toBe(true), patience);
  connection.close();
  await ended;
};

const acknowledgedBy = (devices: readonly Device[]): number => devices.reduce((sum, device) => sum + device.acknowledged, 0);

test("[CR1] killed in the middle of traffic, twice, nothing acknowledged is lost, nothing is integrated twice, and all converge", async () => {
  await withState(async (state) => {
    let server = await startServer(state);
    const tokens = await Promise.all(Array.from({ length: 4 }, () => signIn(server.origin)));
    const apps = tokens.map((token, app): App => ({ token, devices: partitions.map((partition) => new Device(`app${app}`, partition)) }));
    const devices = apps.flatMap((app) => app.devices);
    await foundPartitions(server, tokens[0] ?? "");

    for (const kill of ["kill", "killParent"] as const) {
      const before = acknowledgedBy(devices);
      const { ended } = await runApps(server, apps, () => true);
      await vi.waitFor(() => expect(acknowledgedBy(devices)).toBeGreaterThan(before + 120), patience);
      expect(
        devices.some(({ isDone }) => !isDone),
        "there is traffic under way when the server is killed",
      ).toBe(true);
      // The orphaned runtime goes on serving until the next start ends it.
      const port = Number(new URL(server.origin).port);
      await server[kill]();
      server = await startServer(state, port);
      await ended;
    }

    const { connections, ended } = await runApps(server, apps, () => false);
    await vi.waitFor(() => expect(devices.every(({ isDone, isCaughtUp }) => isDone && isCaughtUp)).toBe(true), patience);
    const reader = await signIn(server.origin);
    for (const partition of partitions) {
      const writers = devices.filter((device) => device.partition.key === partition.key);
      const made = writers.flatMap(({ name, made }) => Array.from({ length: made }, (_, index) => `${name}-${index}`));
      const fresh = new Device("reader", partition);
      const connection = await connect(server.origin, reader);
      const reading = attach(connection, [fresh], () => {});
      await vi.waitFor(() => expect(fresh.isCaughtUp).toBe(true), patience);
      for (const device of [fresh, ...writers]) {
        await vi.waitFor(() => expect(device.counter).toBe(BigInt(made.length)), patience);
        expect([...device.creations.keys()].sort()).toEqual(["counter", ...made].sort());
        expect([...device.creations.values()].filter((times) => times !== 1)).toEqual([]);
      }
      connection.close();
      await reading;
    }
    for (const connection of connections) connection.close();
    await ended;
    expect(await server.stop()).toBe(0);
  });
});
