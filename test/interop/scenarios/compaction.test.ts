// The operator drops old history. Devices that are known go on as if nothing had happened, those offline too.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Management } from "../support/management.ts";
import { append, create, increment, insert, removeIndex, set } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();
let server: ServerProcess;
let management: Management;

beforeAll(async () => {
  server = await ServerProcess.start();
  management = new Management(server);
});
afterAll(() => server.kill());

test("devices online, offline and new hold the same after history was dropped, also when the server starts again", async () => {
  const partition = stage.partition(taskSchema, { url: server.url });
  const [online, offline] = await partition.joined(2);
  const tags = ["Task", "t", "tags"] as const;
  await online!.write(create("Task", { _id: "t", title: "", count: 0, tags: ["a", "b", "c"] }));
  for (let n = 0; n < 50; n += 1) await online!.write(increment(["Task", "t", "count"], 1), create("Task", { _id: `${n}`, title: "x" }));
  await settle([online!, offline!]);
  await partition.lengthenHistory();
  await settle([online!, offline!]);
  await offline!.pause();
  await offline!.write(
    insert(tags, 1, "made offline"),
    increment(["Task", "t", "count"], 100),
    set(["Task", "7", "title"], "made offline"),
  );
  await online!.write(removeIndex(tags, 0), append(tags, "made online"));
  await online!.upload();
  expect(await management.compact(partition.value)).toBeGreaterThan(50);
  await online!.write(increment(["Task", "t", "count"], 1000));
  const newcomer = await partition.join();
  await newcomer.write(append(tags, "by the newcomer"));
  await newcomer.upload();
  await server.kill();
  await server.restart();
  await Promise.all([online!, newcomer].map((realm) => realm.device.reconnect()));
  await offline!.resume();
  await offline!.device.reconnect();
  const { Task: tasks } = await partition.expectSame([online!, offline!, newcomer]);
  expect(tasks?.find((task) => task["_id"] === "t")).toMatchObject({
    count: 1150,
    tags: ["made offline", "b", "c", "made online", "by the newcomer"],
  });
  expect(tasks?.find((task) => task["_id"] === "7")).toMatchObject({ title: "made offline" });
});
