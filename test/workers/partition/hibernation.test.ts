import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { accountsOf } from "../support/sign-in.ts";
import { foundPartition, goOnline, objectOf, patience, run, share, untilDone, untilIdle } from "../support/partition.ts";

test("[F2] an object evicted with sleeping sockets goes on with the same sessions", async () => {
  const partition = stringPartition("sleeps");
  const one = await foundPartition(partition);
  const two = await goOnline(partition, "two");
  for (let round = 0; round < 3; round++) {
    await share(two, one);
    await untilIdle(partition);
    await evictDurableObject(objectOf(partition));
    await share(one, two);
  }
  expect(one.device.creations).toEqual(two.device.creations);
  expect([one, two].map(({ connection }) => connection.isOpen)).toEqual([true, true]);
});

test("what was made while the object slept is integrated once, also by devices that reconnect", async () => {
  const partition = stringPartition("sleeps-and-returns");
  const one = await foundPartition(partition);
  const two = await goOnline(partition, "two");
  await untilIdle(partition);
  two.connection.close();
  await two.ended;
  two.device.make();
  two.device.make();
  await untilIdle(partition);
  await evictDurableObject(objectOf(partition));
  const again = await goOnline(partition, "two", two);
  again.device.uploadAll();
  await untilDone(again);
  await vi.waitFor(() => expect(one.device.counter).toBe(2n), patience);
  expect([...one.device.creations.values()]).toEqual([1, 1, 1]);
});

test("a socket whose attachment cannot be understood is closed, and its session comes back by itself", async () => {
  const partition = stringPartition("forgets");
  const one = await foundPartition(partition);
  await untilIdle(partition);
  await runInDurableObject(objectOf(partition), (_object, state) => {
    for (const socket of state.getWebSockets()) socket.serializeAttachment({ format: 999 });
  });
  await evictDurableObject(objectOf(partition));
  await objectOf(partition).inspect();
  await expect(one.ended).rejects.toThrow("json_error 200");
  one.connection.send({ type: "unbind", session: 1 });
  const session = run(one.device, one.connection);
  await vi.waitFor(() => expect(one.device.isCaughtUp).toBe(true), patience);
  await share(one);
  one.connection.close();
  await session;
});

test("maintenance is due a day after the first traffic, runs, and is due again only after new traffic", async () => {
  const partition = stringPartition("maintained");
  const stub = objectOf(partition);
  const alarmOf = (): Promise<number | null> => runInDurableObject(stub, (_object, state) => state.storage.getAlarm());
  const one = await foundPartition(partition);
  await vi.waitFor(async () => expect(await alarmOf()).toBeGreaterThan(Date.now() + 23 * 3_600_000), patience);
  await vi.waitFor(async () => expect(await accountsOf().partitions.find(partition.key)).toBeDefined(), patience);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  expect(await alarmOf()).toBeNull();
  await share(one);
  await vi.waitFor(async () => expect(await alarmOf()).not.toBeNull(), patience);
});
