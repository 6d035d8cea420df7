// Connections that are shared, paused, cut and restored.
import { expect, onTestFinished, test } from "vitest";
import { append, create, increment, texts } from "../support/notation.ts";
import { Network } from "../support/proxy.ts";
import { taskSchema } from "../support/schemas.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();

async function network(): Promise<Network> {
  const made = await Network.to(stage.serverUrl);
  onTestFinished(() => made.close());
  return made;
}

test("several partitions share one connection of a device and stay apart", async () => {
  const partitions = Array.from({ length: 4 }, () => stage.partition(taskSchema));
  const [a, b] = [await stage.device({ multiplex: true }), await stage.device({ multiplex: true })];
  const onA = await Promise.all(partitions.map((partition) => partition.open(a)));
  const onB = await Promise.all(partitions.map((partition) => partition.open(b)));
  await settle([...onA, ...onB]);
  for (const [index, realm] of onA.entries()) await realm.write(create("Task", { _id: `of partition ${index}`, title: "a" }));
  for (const [index, realm] of onB.entries()) await realm.write(create("Task", { _id: `of b in ${index}`, title: "b" }));
  for (const [index, partition] of partitions.entries()) {
    const { Task: tasks } = await partition.expectSame([onA[index]!, onB[index]!]);
    expect(tasks?.map((task) => task["_id"])).toEqual([`of b in ${index}`, `of partition ${index}`]);
  }
});

test("a paused or closed partition does not disturb the others on the connection", async () => {
  const partitions = Array.from({ length: 3 }, () => stage.partition(taskSchema));
  const device = await stage.device({ multiplex: true });
  const [first, second, third] = await Promise.all(partitions.map((partition) => partition.open(device)));
  await settle([first!, second!, third!]);
  await first!.pause();
  await second!.close();
  await first!.write(create("Task", { _id: "while paused", title: "" }));
  await third!.write(create("Task", { _id: "while others are away", title: "" }));
  await third!.upload();
  await first!.resume();
  const reopened = await partitions[1]!.open(device);
  await reopened.write(create("Task", { _id: "after reopening", title: "" }));
  for (const [index, realm] of [first!, reopened, third!].entries())
    expect((await partitions[index]!.expectSame([realm]))["Task"]).toHaveLength(1);
});

test("a device whose connection is cut sends what it could not send, once", async () => {
  const flaky = await network();
  const partition = stage.partition(taskSchema);
  const steady = await partition.join();
  const device = await stage.device({ url: flaky.url });
  const realm = await partition.open(device);
  await realm.write(create("Task", { _id: "t", title: "", count: 0 }));
  await settle([realm, steady]);
  const rounds = 5;
  for (let round = 0; round < rounds; round += 1) {
    const change = (who: string) => [increment(["Task", "t", "count"], 1), append(["Task", "t", "tags"], `${who}${round}`)];
    // Cut while the upload is under way: whether the server had it already must not matter.
    await realm.write(...change("flaky"));
    flaky.fail();
    await steady.write(...change("steady"));
    await realm.write(...change("offline"));
    flaky.restore();
    await device.reconnect();
  }
  const { Task: tasks } = await partition.expectSame([realm, steady]);
  expect(tasks).toHaveLength(1);
  expect(tasks?.[0]).toMatchObject({ count: 3 * rounds });
  expect(texts(tasks?.[0]?.["tags"]).toSorted()).toEqual(
    ["flaky", "offline", "steady"].flatMap((who) => Array.from({ length: rounds }, (_, round) => `${who}${round}`)),
  );
});

test("what a device had not sent when it was switched off is sent when it starts again", async () => {
  const flaky = await network();
  const partition = stage.partition(taskSchema);
  const before = await stage.device({ url: flaky.url });
  const realm = await partition.open(before);
  await realm.write(create("Task", { _id: "sent", title: "" }));
  await settle([realm]);
  flaky.fail();
  await realm.write(create("Task", { _id: "not sent", title: "" }));
  await before.stop();
  flaky.restore();
  const after = await stage.client.device({ url: flaky.url }, { folder: before.folder });
  expect(after.restoredUser?.state).toBe("logged_in");
  const again = await partition.open(after);
  expect((await partition.expectSame([again]))["Task"]).toHaveLength(2);
});
