// The operator restores a backup. Devices that know more than the restored server are told so, and each recovers in the way its app chose.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import { create, set, type ClientReset } from "../support/notation.ts";
import { Edits, Random, thingSchema, writeIfPossible } from "../support/random.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage, type Partition } from "../support/stage.ts";

const stage = new Stage();
const modes: readonly ClientReset[] = ["manual", "discard", "recover", "recoverOrDiscard"];

const seed = Date.now() % 1_000_000;
const random = new Random(seed);
let generation = 0;

interface Case {
  readonly partition: Partition;
  /** The device whose history is lost. */
  readonly ahead: DeviceRealm;
}

let server: ServerProcess;
let cases: Readonly<Record<ClientReset, Case>>;
/** Devices that recover random edits of every kind. */
let editors: { readonly partition: Partition; readonly realms: readonly DeviceRealm[] };

beforeAll(async () => {
  server = await ServerProcess.start();
  const made = await Promise.all(modes.map(async (mode) => [mode, await prepare(mode)] as const));
  cases = Object.fromEntries(made) as Record<ClientReset, Case>;
  editors = await prepareEditors();
  // What the backup holds: one task. What is lost: an update of it and a second task.
  await server.stop();
  const backup = server.copyState();
  await server.restart();
  for (const { ahead } of Object.values(cases)) {
    await ahead.device.reconnect();
    await ahead.write(
      set(["Task", "kept", "title"], "lost update"),
      create("Task", { _id: "lost", title: "acknowledged after the backup" }),
    );
    await ahead.upload();
    await ahead.pause();
    await ahead.write(create("Task", { _id: "unsent", title: "made offline" }));
  }
  await editAtRandom(10);
  await settle(editors.realms);
  await Promise.all(editors.realms.map((realm) => realm.pause()));
  await editAtRandom(20);
  await server.stop();
  server.rollBack(backup);
  await server.restart();
  // Another device writes first, so that the server's history goes on in another direction.
  for (const { partition } of Object.values(cases)) {
    const other = await partition.join();
    for (const n of [1, 2, 3]) await other.write(create("Task", { _id: `after the restore ${n}`, title: "" }));
    await other.upload();
    await other.device.stop();
  }
  for (const realm of [...Object.values(cases).map(({ ahead }) => ahead), ...editors.realms]) await realm.resume();
});
afterAll(() => server.kill());

async function prepare(mode: ClientReset): Promise<Case> {
  const partition = stage.partition(taskSchema, { url: server.url });
  const ahead = await partition.join({ clientReset: mode });
  await ahead.write(create("Task", { _id: "kept", title: "in the backup" }));
  await settle([ahead]);
  return { partition, ahead };
}

async function prepareEditors(): Promise<typeof editors> {
  const partition = stage.partition(thingSchema, { url: server.url });
  const realms = await Promise.all([1, 2, 3].map(() => partition.join({ clientReset: "recover" })));
  editors = { partition, realms };
  await editAtRandom(10);
  await settle(realms);
  return editors;
}

async function editAtRandom(times: number): Promise<void> {
  for (const [index, realm] of editors.realms.entries()) {
    const edits = new Edits(random, `${"abc"[index]}${++generation}-`);
    for (let i = 0; i < times; i += 1) await writeIfPossible(realm, edits);
  }
}

const afterTheRestore = [1, 2, 3].map((n) => `after the restore ${n}`);

describe("after a restore from a backup", () => {
  test("manual: the app is told, and where its unsent changes are", async () => {
    const { ahead } = cases.manual;
    const error = await ahead.event("error", ({ clientReset }) => clientReset);
    expect(error.fatal).toBe(true);
    expect(error.recoveryFile).toMatch(/recover/i);
    expect(await ahead.count("Task", "_id == 'unsent'")).toBe(1);
  });

  test("discard: the device starts over from the server's state", async () => {
    const { partition, ahead } = cases.discard;
    expect(await ahead.event("resetDone")).toMatchObject({ recovered: false });
    const { Task: tasks } = await partition.expectSame([ahead]);
    expect(tasks?.map((task) => task["_id"])).toEqual([...afterTheRestore, "kept"]);
    expect(tasks?.at(-1)).toMatchObject({ title: "in the backup" });
  });

  test.for(["recover", "recoverOrDiscard"] as const)("%s: the device starts over and sends its unsent changes again", async (mode) => {
    const { partition, ahead } = cases[mode];
    expect(await ahead.event("resetDone")).toMatchObject({ recovered: true });
    const { Task: tasks } = await partition.expectSame([ahead]);
    expect(tasks?.map((task) => task["_id"])).toEqual([...afterTheRestore, "kept", "unsent"]);
  });

  test.for(["discard", "recover", "recoverOrDiscard"] as const)(
    "%s: the device goes on syncing both ways, without a second reset",
    async (mode) => {
      const { partition, ahead } = cases[mode];
      const other = await partition.join();
      await ahead.write(set(["Task", "kept", "title"], "after the reset"));
      await ahead.upload();
      await other.waitForCount("Task", 1, { query: "title == 'after the reset'" });
      await other.write(set(["Task", "kept", "count"], 5));
      await ahead.waitForCount("Task", 1, { query: "count == 5" });
      await partition.expectSame([ahead, other]);
      expect(ahead.events().filter((event) => event.event === "resetStarted" || (event.event === "error" && event.fatal))).toHaveLength(1);
    },
  );

  test(`recover: devices with random unsent edits end equal (seed ${seed})`, async () => {
    const { partition, realms } = editors;
    for (const realm of realms) expect(await realm.event("resetDone")).toMatchObject({ recovered: true });
    expect((await partition.expectSame(realms))["Thing"]?.length).toBeGreaterThan(0);
    await partition.expectServerObjects(realms[0]!);
  });
});
