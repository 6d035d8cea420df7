import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { writeBirth } from "../../../src/durable-objects/birth.ts";
import { stringPartition, type Partition } from "../../../src/protocol/partition.ts";
import { defaultRealm } from "../support/sign-in.ts";
import { foundPartition, goOnline, objectOf, share, untilIdle } from "../support/partition.ts";

/** Loses all that the object holds, as a wrong binding or a deleted namespace would. */
const loseStorage = async (partition: Partition): Promise<void> => {
  const stub = objectOf(partition);
  await runInDurableObject(stub, (_object, state) => state.storage.deleteAll());
  await evictDurableObject(stub, { webSockets: "close" });
};

const birthsOf = async ({ key }: Partition): Promise<readonly unknown[]> => {
  const { results } = await env.DB.prepare("SELECT created_at FROM partition_births WHERE key = ?").bind(key).all();
  return results;
};

test("a partition is registered at its first opening, and asking about one makes none", async () => {
  const partition = stringPartition("born");
  expect(await objectOf(partition).inspect()).toBeUndefined();
  expect(await birthsOf(partition)).toHaveLength(0);
  await foundPartition(partition);
  expect(await objectOf(partition).inspect()).toMatchObject({ realm: "users", key: "s:born", serving: true });
  expect(await birthsOf(partition)).toHaveLength(1);
});

test("a crash between the two stores leaves a birth that is registered at the next opening", async () => {
  const partition = stringPartition("half-born");
  await runInDurableObject(objectOf(partition), (_object, state) =>
    writeBirth(state.storage, { address: { realm: defaultRealm, key: partition.key }, createdAt: 1, registered: false }),
  );
  await foundPartition(partition);
  expect(await birthsOf(partition)).toEqual([{ created_at: 1 }]);
});

test("[IN6] after the storage was lost no device is reset: known and new ones wait with 229", async () => {
  const partition = stringPartition("lost");
  const one = await foundPartition(partition);
  await untilIdle(partition);
  one.connection.close();
  await one.ended;
  await loseStorage(partition);
  await expect(goOnline(partition, "one", one)).rejects.toThrow("json_error 229");
  await expect(goOnline(partition, "new")).rejects.toThrow("json_error 229");
  expect(await objectOf(partition).inspect()).toMatchObject({ serving: false });
});

test("[IN6] once the loss is declared final, devices are told to start over and new ones are served", async () => {
  const partition = stringPartition("lost-for-good");
  const one = await foundPartition(partition);
  await untilIdle(partition);
  one.connection.close();
  await one.ended;
  await loseStorage(partition);
  await expect(goOnline(partition, "new")).rejects.toThrow("json_error 229");
  await objectOf(partition).declareLost();
  await expect(goOnline(partition, "one", one)).rejects.toThrow("json_error 208");
  await share(await foundPartition(partition));
});

test("a partition written by newer code is left alone: its devices wait, and nothing in it changes", async () => {
  const partition = stringPartition("from-the-future");
  const one = await foundPartition(partition);
  await untilIdle(partition);
  one.connection.close();
  await one.ended;
  const stub = objectOf(partition);
  await runInDurableObject(stub, (_object, state) => {
    state.storage.sql.exec("UPDATE partition_meta SET value = 999 WHERE name = 'schema'");
  });
  await evictDurableObject(stub, { webSockets: "close" });
  await expect(goOnline(partition, "one", one)).rejects.toThrow("json_error 229");
  await runInDurableObject(stub, (_object, state) => {
    state.storage.sql.exec("UPDATE partition_meta SET value = 1 WHERE name = 'schema'");
  });
  await share(await goOnline(partition, "one", one));
});
