// Who may read and write: what a device without a right is told, and that a change acts on open sessions.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import { Management } from "../support/management.ts";
import { append, create, increment, remove, set } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { offline, settle, Stage, type Partition } from "../support/stage.ts";

const stage = new Stage();
let server: ServerProcess;
let management: Management;

beforeAll(async () => {
  server = await ServerProcess.start();
  management = new Management(server);
});
afterAll(() => server.kill());

/** A partition with one task, its author, and a reader whose id is known. */
async function authorAndReader(): Promise<{ partition: Partition; author: DeviceRealm; reader: DeviceRealm; readerId: string }> {
  const partition = stage.partition(taskSchema, { url: server.url });
  const [author, reader] = await partition.joined(2);
  await author!.write(create("Task", { _id: "t", title: "the author's", tags: ["x"], place: { street: "Main St" }, count: 1 }));
  await settle([author!, reader!]);
  // Without grants a partition is open to every user of the realm; with the first one it is open only to whom a grant names.
  await management.grant(partition.value, "*", { mayRead: true, mayWrite: true });
  const user = await reader!.device.user();
  return { partition, author: author!, reader: reader!, readerId: user?.id ?? "" };
}

test("what a user without the right to write changes is undone, and the app told which objects and why", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await management.grant(partition.value, readerId, { mayRead: true, mayWrite: false });
  await reader.write(create("Task", { _id: "mine", title: "refused" }), set(["Task", "t", "title"], "refused"));
  const { compensatingWrites, fatal } = await reader.event("error", ({ codeName }) => codeName === "CompensatingWrite");
  expect(fatal).toBe(false);
  expect(compensatingWrites.map(({ class: className, primaryKey }) => [className, primaryKey]).toSorted()).toEqual([
    ["Task", "mine"],
    ["Task", "t"],
  ]);
  for (const { reason } of compensatingWrites) expect(reason).not.toBe("");
  const { Task: tasks } = await partition.expectSame([author, reader]);
  expect(tasks).toMatchObject([{ _id: "t", title: "the author's" }]);
});

test("offline changes of a reader are undone whole, and those of others kept", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await management.grant(partition.value, readerId, { mayRead: true, mayWrite: false });
  await offline([author, reader], async () => {
    await reader.write(append(["Task", "t", "tags"], "refused"), increment(["Task", "t", "count"], 5), set(["Task", "t", "place"], null));
    await reader.write(remove("Task", "t"));
    await author.write(append(["Task", "t", "tags"], "kept"), increment(["Task", "t", "count"], 10));
  });
  const { Task: tasks } = await partition.expectSame([author, reader]);
  expect(tasks).toMatchObject([{ tags: ["x", "kept"], count: 11, place: { street: "Main St" } }]);
  await partition.expectServerObjects(author);
});

test("a right to write that is given later is there at once, on the open session", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await management.grant(partition.value, readerId, { mayRead: true, mayWrite: false });
  await management.grant(partition.value, readerId, { mayWrite: true });
  await reader.write(set(["Task", "t", "title"], "by the reader"));
  await author.waitForCount("Task", 1, { query: "title == 'by the reader'" });
  await partition.expectSame([author, reader]);
});

test("a user who may no longer read gets nothing more, and the others do not notice", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await management.grant(partition.value, readerId, { mayRead: false, mayWrite: false });
  expect(await reader.event("error", ({ fatal }) => fatal)).toMatchObject({ codeName: "SyncPermissionDenied" });
  await author.write(create("Task", { _id: "secret", title: "" }));
  await partition.expectSame([author]);
  expect(await reader.count("Task", "_id == 'secret'")).toBe(0);
});

test("a user who is disabled loses the session and cannot sign in", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await management.setUserState(readerId, "disabled");
  await reader.event("error");
  expect((await reader.device.user())?.state).not.toBe("logged_in");
  await partition.expectSame([author]);
});
