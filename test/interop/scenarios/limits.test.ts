// A realm or user that reaches a limit waits: nothing is lost, nobody is signed out, and work goes on where it was once there is room.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CommandError, type DeviceRealm } from "../support/client.ts";
import { Management } from "../support/management.ts";
import { create } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();
let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});
afterAll(() => server.kill());

/** A realm of its own, so that the limits of one scenario touch no other. */
async function limitedRealm(name: string, limits: Readonly<Record<string, number>>) {
  const management = new Management(server, name);
  await management.createRealm({ "anon-user": {} });
  await management.setLimits(limits);
  return { management, address: { url: server.url, appId: name } };
}

const write = (realm: DeviceRealm, id: string) => realm.write(create("Task", { _id: id, title: "" }));

const isTimeout = (error: unknown): true => {
  if (error instanceof CommandError && error.refusal.name === "Timeout") return true;
  throw error;
};

/** Nothing that an app would have to act on: no fatal error, no reset, nobody signed out. */
async function expectUnharmed(realms: readonly DeviceRealm[]): Promise<void> {
  for (const realm of realms) {
    const harm = realm.events().filter((event) => event.event === "resetStarted" || (event.event === "error" && event.fatal));
    expect(harm).toEqual([]);
    expect((await realm.device.user())?.state).toBe("logged_in");
  }
}

const connectAll = (realms: readonly DeviceRealm[]) => Promise.all(realms.map((realm) => realm.device.reconnect()));

/** How long something that waits for room is watched (milliseconds). */
const patience = 1500;

/** Expects that what a device has written does not reach the server. */
const expectWaiting = (realm: DeviceRealm) => expect(realm.upload(patience)).rejects.toMatchObject({ refusal: { name: "Timeout" } });

test.each([
  ["connections", { connections: 1 }],
  ["connections of a user", { connectionsPerUser: 1 }],
])("[E11] a device beyond the limit of %s waits, the one before goes on, and both meet when there is room", async (what, limits) => {
  const { management, address } = await limitedRealm(what.replaceAll(" ", "-"), limits);
  const credentials = await stage.newAccount(address);
  const partition = stage.partition(taskSchema, address);
  const first = await partition.open(await stage.device({ ...address, credentials }));
  await write(first, "of the first");
  await first.upload();
  const second = await partition.open(await stage.device({ ...address, credentials }));
  await write(second, "of the second");
  await expectWaiting(second);
  await write(first, "meanwhile");
  await first.upload();

  // The place of a device that leaves is free for the next.
  await first.device.stop();
  await connectAll([second]);
  await second.waitForCount("Task", 3);
  await management.setLimits({ connections: null, connectionsPerUser: null });
  expect((await partition.expectSame([second]))["Task"]).toHaveLength(3);
  await expectUnharmed([second]);
});

test.each([
  ["bytes uploaded by a user", "uploadedBytesPerDayPerUser", 200_000],
  ["bytes downloaded in a day", "downloadedBytesPerDay", 200_000],
  ["bytes stored", "storedBytes", 400_000],
])("[E11] devices beyond the limit of %s wait with what they have not sent, and go on when it is raised", async (_what, limit, allowed) => {
  const { management, address } = await limitedRealm(limit.toLowerCase(), { [limit]: allowed });
  const partition = stage.partition(taskSchema, address);
  const [writer, reader] = await partition.joined(2);
  const written: string[] = [];
  const writeOne = async () => {
    written.push(`t${written.length}`);
    await writer!.write(create("Task", { _id: written.at(-1) ?? "", title: randomBytes(20_000).toString("hex") }));
    await writer!.upload(patience);
  };
  // Traffic is reported every two seconds: some more goes through meanwhile.
  while ((await management.exceeded()).length === 0 && written.length < 200) await writeOne().catch(isTimeout);
  expect(await management.exceeded()).toEqual([limit]);
  const deadline = performance.now() + 10_000;
  let isWaiting = false;
  while (!isWaiting && performance.now() < deadline) isWaiting = await writeOne().then(() => false, isTimeout);
  expect(isWaiting).toBe(true);
  expect(await writer!.count("Task")).toBe(written.length);
  expect((await management.objects(partition.value, "Task", 200)).length).toBeLessThan(written.length);

  await management.setLimits({ [limit]: null });
  await connectAll([writer!, reader!]);
  expect((await partition.expectSame([writer!, reader!]))["Task"]).toHaveLength(written.length);
  await expectUnharmed([writer!, reader!]);
});

test("[E11] a partition beyond the limit waits with what was written there; those that exist go on", async () => {
  const { management, address } = await limitedRealm("partitions", { partitions: 1 });
  const [allowed, beyond] = [stage.partition(taskSchema, address), stage.partition(taskSchema, address)];
  const device = await stage.device(address);
  const first = await allowed.open(device);
  await settle([first]);
  const second = await beyond.open(device);
  await write(second, "waiting");
  await expectWaiting(second);
  await write(first, "not touched");
  await allowed.expectSame([first]);
  await management.setLimits({ partitions: null });
  await device.reconnect();
  expect((await beyond.expectSame([second]))["Task"]).toHaveLength(1);
  await expectUnharmed([first, second]);
});

test("[E11] a minute's requests used up refuse the next with a name, keep whoever is signed in, and leave sync alone", async () => {
  const { management, address } = await limitedRealm("requests", {});
  const partition = stage.partition(taskSchema, address);
  const realm = await partition.join();
  await management.setLimits({ requestsPerMinute: 0 });
  await expect(stage.device(address)).rejects.toMatchObject({ refusal: { name: "AppError", http: 429 } });
  await write(realm, "t");
  await realm.upload();
  await management.setLimits({ requestsPerMinute: null });
  await partition.expectSame([realm]);
  await expectUnharmed([realm]);
});
