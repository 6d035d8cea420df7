// What a device receives: long downloads in batches with progress, resumed where they broke off, and a compact state instead of a long history.
import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import { create, remove, set } from "../support/notation.ts";
import { Network } from "../support/proxy.ts";
import { taskSchema } from "../support/schemas.ts";
import { Stage, type Partition } from "../support/stage.ts";

const stage = new Stage();
const OBJECTS = 3000;
const TEXT = 2000;

async function network(): Promise<Network> {
  const made = await Network.to(stage.serverUrl);
  onTestFinished(() => made.close());
  return made;
}

/** Text that compression cannot shrink much. */
function noise(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join("");
}

async function largePartition(): Promise<{ readonly partition: Partition; readonly author: DeviceRealm }> {
  const partition = stage.partition(taskSchema);
  const author = await partition.join();
  const perTransaction = 100;
  for (let first = 0; first < OBJECTS; first += perTransaction) {
    await author.write(
      ...Array.from({ length: perTransaction }, (_, n) => create("Task", { _id: `t${first + n}`, title: noise(TEXT), count: 1 })),
    );
  }
  await author.upload();
  return { partition, author };
}

test("a long download comes in batches with growing progress, and resumes where the connection broke", async () => {
  const { partition, author } = await largePartition();
  const flaky = await network();
  const device = await stage.device({ url: flaky.url });
  const realm = await partition.open(device);
  await flaky.hasDelivered((OBJECTS * TEXT) / 3);
  flaky.fail();
  flaky.restore();
  await device.reconnect();
  await realm.download();
  expect(await realm.count("Task")).toBe(OBJECTS);
  expect(await realm.dump()).toEqual(await author.dump());
  const estimates = realm
    .events()
    .flatMap((event) => (event.event === "progress" && event.direction === "download" ? [event.estimate] : []));
  expect(
    new Set(estimates.filter((estimate) => estimate > 0 && estimate < 1)).size,
    `steps on the way: ${estimates.join(" ")}`,
  ).toBeGreaterThanOrEqual(2);
  expect(estimates.at(-1)).toBe(1);
  // What was received before the break is not sent again, but for what was under way.
  expect(flaky.received).toBeLessThan(1.7 * OBJECTS * TEXT);
});

test("a transaction larger than the SDK's usual messages goes across whole", async () => {
  const schema = [{ name: "Photo", primaryKey: "_id", properties: { _id: "int", bytes: "data" } }];
  const partition = stage.partition(schema);
  const [a, b] = await partition.joined(2);
  const photo = () => randomBytes(8_500_000).toString("hex");
  await a!.write(create("Photo", { _id: 1, bytes: photo() }), create("Photo", { _id: 2, bytes: photo() }));
  await b!.waitForCount("Photo", 2);
  // Compared as text: a difference would be too long to show.
  expect(JSON.stringify(await b!.dump()) === JSON.stringify(await a!.dump())).toBe(true);
});

test("an upload reports its progress", async () => {
  const partition = stage.partition(taskSchema);
  const realm = await partition.join();
  await realm.pause();
  for (let n = 0; n < 40; n += 1) await realm.write(create("Task", { _id: `t${n}`, title: noise(50_000) }));
  await realm.resume();
  await realm.upload();
  const done = await realm.event("progress", (event) => event.direction === "upload" && event.estimate === 1);
  expect(done).toBeDefined();
  const estimates = realm.events().flatMap((event) => (event.event === "progress" && event.direction === "upload" ? [event.estimate] : []));
  expect(Math.min(...estimates)).toBeLessThan(1);
});

test("a new device gets the present state, not what was overwritten and deleted before", async () => {
  const partition = stage.partition(taskSchema);
  const author = await partition.join();
  const kept = 20;
  const text = 4000;
  for (let round = 0; round < 40; round += 1) {
    await author.write(
      ...Array.from({ length: kept }, (_, n) =>
        round === 0 ? create("Task", { _id: `kept ${n}`, title: noise(text) }) : set(["Task", `kept ${n}`, "title"], noise(text)),
      ),
      create("Task", { _id: `gone ${round}`, title: noise(text) }),
      ...(round === 0 ? [] : [remove("Task", `gone ${round - 1}`)]),
    );
  }
  await author.upload();
  const counted = await network();
  const device = await stage.device({ url: counted.url });
  const before = counted.received;
  const fresh = await partition.open(device, { downloadFirst: true });
  const received = counted.received - before;
  expect(await fresh.dump()).toEqual(await author.dump());
  expect(received, `bytes for a state of ${kept * text} after a history of ${40 * kept * text}`).toBeLessThan(5 * kept * text);
  // The newcomer is a device like any other.
  await fresh.write(set(["Task", "kept 0", "title"], "by the newcomer"));
  await partition.expectSame([fresh, author]);
});
