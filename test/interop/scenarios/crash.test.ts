// The server loses power in the middle of traffic. Nothing that it acknowledged is lost, nothing is taken twice.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClientProcess, type DeviceRealm } from "../support/client.ts";
import { append, create, increment, texts } from "../support/notation.ts";
import { Edits, Random, thingSchema, writeIfPossible } from "../support/random.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();
let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});
afterAll(() => server.kill());

/** Writes numbered transactions until told to stop; answers how many. */
function keepWriting(realm: DeviceRealm, who: string): () => Promise<number> {
  const stopping = new AbortController();
  const work = (async () => {
    let written = 0;
    while (!stopping.signal.aborted) {
      await realm.write(
        increment(["Task", "shared", "count"], 1),
        append(["Task", "shared", "tags"], `${who}${written}`),
        create("Task", { _id: `${who}${written}`, title: "x".repeat(500) }),
      );
      written += 1;
    }
    return written;
  })();
  return () => {
    stopping.abort();
    return work;
  };
}

test("a server killed while devices write goes on with everything that it had acknowledged, and takes the rest once", async () => {
  const partition = stage.partition(taskSchema, { url: server.url });
  const realms = await partition.joined(3);
  await realms[0]!.write(create("Task", { _id: "shared", title: "", count: 0 }));
  await settle(realms);
  const expected: string[] = [];
  for (const kill of [1, 2]) {
    const writers = realms.map((realm, index) => keepWriting(realm, `${"abc"[index]}${kill}-`));
    await realms[1]!.waitForCount("Task", expected.length + 30, { orMore: true });
    await server.kill();
    const written = await Promise.all(writers.map((stop) => stop()));
    expected.push(...written.flatMap((count, index) => Array.from({ length: count }, (_, n) => `${"abc"[index]}${kill}-${n}`)));
    await server.restart();
    await Promise.all(realms.map((realm) => realm.device.reconnect()));
    await settle(realms);
  }
  const { Task: tasks } = await partition.expectSame(realms);
  const shared = tasks?.find((task) => task["_id"] === "shared");
  expect(shared?.["count"]).toBe(expected.length);
  expect(texts(shared?.["tags"]).toSorted()).toEqual(expected.toSorted());
  expect(tasks).toHaveLength(expected.length + 1);
});

test("a device killed while it writes sends everything that it had written, once, when it starts again", async () => {
  const partition = stage.partition(taskSchema, { url: server.url });
  const witness = await partition.join();
  await witness.write(create("Task", { _id: "shared", title: "", count: 0 }));
  await settle([witness]);
  let process = await ClientProcess.start();
  const first = await process.device(server);
  await first.signIn();
  let realm = await partition.open(first);
  await realm.download();
  let written = 0;
  for (const kill of [1, 2]) {
    const stop = keepWriting(realm, `life ${kill} `);
    await witness.waitForCount("Task", 1, { query: `_id == 'shared' AND count > ${written + 20}` });
    // The last of these is in the file and not yet on its way.
    written += await stop();
    await process.stop();
    process = await ClientProcess.start();
    realm = await partition.open(await process.device(server, { folder: first.folder }));
  }
  const { Task: tasks } = await partition.expectSame([realm, witness]);
  expect(tasks?.find((task) => task["_id"] === "shared")).toMatchObject({ count: written });
  expect(texts(tasks?.find((task) => task["_id"] === "shared")?.["tags"])).toHaveLength(written);
  await process.stop();
});

test("devices that edit at random while the server is killed again and again end equal", async () => {
  const partition = stage.partition(thingSchema, { url: server.url });
  const seed = Date.now() % 1_000_000;
  const realms = await partition.joined(3);
  for (let kill = 0; kill < 3; kill += 1) {
    const editing = realms.map(async (realm, index) => {
      const edits = new Edits(new Random(seed + 10 * kill + index), `${"abc"[index]}${kill}-`);
      for (let i = 0; i < 60; i += 1) await writeIfPossible(realm, edits);
    });
    await editing[kill];
    await server.kill();
    await Promise.all(editing);
    await server.restart();
    await Promise.all(realms.map((realm) => realm.device.reconnect()));
  }
  const { Thing: things } = await partition.expectSame(realms);
  expect(things?.length).toBeGreaterThan(0);
  await partition.expectServerObjects(realms[0]!);
});

test("what was acknowledged before the kill is there for a device that joins after it", async () => {
  const partition = stage.partition(taskSchema, { url: server.url });
  const author = await partition.join();
  await author.write(...Array.from({ length: 50 }, (_, n) => create("Task", { _id: `t${n}`, title: "acknowledged" })));
  await author.upload();
  await server.kill();
  await author.device.stop();
  await server.restart();
  const reader = await partition.join({ downloadFirst: true });
  expect(await reader.count("Task", "title == 'acknowledged'")).toBe(50);
});
