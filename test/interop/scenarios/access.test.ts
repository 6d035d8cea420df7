// Who may read and write: what a device without a right is told, and that a change acts on open sessions.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeviceRealm } from "../support/client.ts";
import { Management } from "../support/management.ts";
import { append, create, increment, remove, set } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { offline, settle, Stage, type Partition } from "../support/stage.ts";

/** What a change of grants may take to reach an open session (milliseconds). */
const atOnce = 1000;

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

test("[D13] a session that writes loses the right to write at once, goes on reading, and writes again when it gets the right back", async () => {
  const { partition, author, reader: writer, readerId } = await authorAndReader();
  const add = async (title: string) => writer.write(create("Task", { _id: title, title }));
  const isRefused = () => writer.events().some((event) => event.event === "error" && event.codeName === "CompensatingWrite");
  await add("permitted");
  await writer.upload();
  await management.grant(partition.value, readerId, { mayRead: true, mayWrite: false });
  const start = performance.now();
  const attempts: string[] = [];
  // As an app does that does not know yet: each write is judged by itself, the first ones perhaps by the old right.
  while (!isRefused() && performance.now() - start < atOnce) {
    attempts.push(`attempt ${attempts.length}`);
    await add(attempts.at(-1) ?? "");
    await writer.upload();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isRefused(), `refused within ${atOnce} ms, after ${attempts.length} writes`).toBe(true);
  const { compensatingWrites, message, fatal } = await writer.event("error", ({ codeName }) => codeName === "CompensatingWrite");
  expect(fatal).toBe(false);
  expect(message).not.toBe("");
  expect(compensatingWrites).toEqual([{ class: "Task", primaryKey: attempts.at(-1), reason: expect.stringContaining("write") }]);
  await author.write(set(["Task", "t", "title"], "still heard"));
  await writer.waitForCount("Task", 1, { query: "title == 'still heard'" });
  expect(await writer.count("Task", `_id == '${attempts.at(-1)}'`)).toBe(0);

  await management.grant(partition.value, readerId, { mayWrite: true });
  await add("permitted again");
  await author.waitForCount("Task", 1, { query: "title == 'permitted again'" });
  const { Task: tasks } = await partition.expectSame([author, writer]);
  const ids = tasks?.map((task) => task["_id"]);
  expect(new Set(ids)).toEqual(new Set([...attempts.slice(0, -1), "permitted", "permitted again", "t"]));
  await partition.expectServerObjects(writer);
});

test("[D13] everything of a refused transaction is named and undone, whatever it did, also what it did with others' objects", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await author.write(create("Task", { _id: "gone", title: "deleted by the reader" }), create("Task", { _id: "kept", title: "untouched" }));
  await settle([author, reader]);
  const before = await author.dump();
  await management.grant(partition.value, readerId, { mayWrite: false });
  await reader.write(
    create("Task", { _id: "new", title: "refused", place: { street: "Nowhere" } }),
    remove("Task", "gone"),
    append(["Task", "t", "tags"], "refused"),
    set(["Task", "t", "place", "street"], "refused"),
  );
  const { compensatingWrites } = await reader.event("error", ({ codeName }) => codeName === "CompensatingWrite");
  expect(new Set(compensatingWrites.map(({ class: className, primaryKey }) => `${className} ${String(primaryKey)}`))).toEqual(
    new Set(["Task new", "Task gone", "Task t"]),
  );
  await settle([reader]);
  expect(await reader.dump()).toEqual(before);
  expect(await partition.expectSame([author, reader])).toEqual(before);
});

test("[D13] a session that loses the right to read is ended at once; what it had not sent stays in its file and is sent when it may again", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await reader.pause();
  await reader.write(create("Task", { _id: "unsent", title: "" }));
  const watching = await partition.open(reader.device, { path: `${reader.path}.second` });
  await watching.download();
  await management.grant(partition.value, readerId, { mayRead: false, mayWrite: false });
  const start = performance.now();
  await watching.event("error", ({ codeName }) => codeName === "SyncPermissionDenied");
  expect(performance.now() - start).toBeLessThan(atOnce);
  await reader.resume();
  await reader.event("error", ({ codeName }) => codeName === "SyncPermissionDenied");
  expect((await reader.device.user())?.state).toBe("logged_in");
  await author.write(create("Task", { _id: "meanwhile", title: "" }));
  expect((await reader.objects("Task")).map((task) => task["_id"])).toEqual(expect.arrayContaining(["t", "unsent"]));
  expect(await reader.count("Task", "_id == 'meanwhile'")).toBe(0);
  await Promise.all([reader.close(), watching.close()]);

  await management.grant(partition.value, readerId, { mayRead: true, mayWrite: true });
  const again = await partition.open(reader.device, { path: reader.path });
  const { Task: tasks } = await partition.expectSame([author, again]);
  expect(tasks?.map((task) => task["_id"])).toEqual(["meanwhile", "t", "unsent"]);
});

test("[D1] a user's own grant wins over everybody's, and flags that are not set stay as they were", async () => {
  const { partition, author, reader, readerId } = await authorAndReader();
  await management.grant(partition.value, readerId, { mayWrite: true });
  await management.grant(partition.value, "*", { mayWrite: false });
  await reader.write(create("Task", { _id: "by the named", title: "" }));
  await author.waitForCount("Task", 1, { query: "_id == 'by the named'" });
  await author.write(create("Task", { _id: "by everybody", title: "" }));
  await author.event("error", ({ codeName }) => codeName === "CompensatingWrite");
  await management.grant(partition.value, "*", { mayRead: false });
  expect(await author.event("error", ({ fatal }) => fatal)).toMatchObject({ codeName: "SyncPermissionDenied" });
  // Only the right to write was given by name; the right to read was everybody's.
  expect(await reader.event("error", ({ fatal }) => fatal)).toMatchObject({ codeName: "SyncPermissionDenied" });
});

test("[D1] a path under a user's id is that user's alone, until another is named", async () => {
  const owner = await stage.device({ url: server.url });
  const home = { partition: `/${(await owner.user())?.id}/tasks`, schema: taskSchema };
  const own = await owner.open(home);
  await own.write(create("Task", { _id: "t", title: "private" }));
  await settle([own]);
  const guest = await stage.device({ url: server.url });
  const early = await guest.open(home);
  expect(await early.event("error", ({ fatal }) => fatal)).toMatchObject({ codeName: "SyncPermissionDenied" });
  expect(await early.count("Task")).toBe(0);
  await early.close();
  await management.grant(home.partition, (await guest.user())?.id ?? "", { mayRead: true });
  const named = await guest.open(home);
  await named.waitForCount("Task", 1);
});
