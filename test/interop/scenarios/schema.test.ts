// Apps are updated at different times: a partition's schema grows, and nothing in it changes its meaning.
import { expect, test } from "vitest";
import { create, set, type ClassSchema } from "../support/notation.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();

const version1: readonly ClassSchema[] = [{ name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string" } }];
const version2: readonly ClassSchema[] = [
  { name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string", stars: "int?", labels: "Label[]" } },
  { name: "Label", primaryKey: "_id", properties: { _id: "string", color: "string" } },
];
const contradicting: readonly ClassSchema[] = [{ name: "Note", primaryKey: "_id", properties: { _id: "int", text: "int" } }];

test("a newer app version adds classes and properties; the older one goes on with its own", async () => {
  const partition = stage.partition(version2);
  const older = await partition.join({ schema: version1 });
  await older.write(create("Note", { _id: 1, text: "by the older" }));
  const newer = await partition.join();
  await newer.write(
    set(["Note", 1, "stars"], 5),
    create("Note", { _id: 2, text: "by the newer", stars: 1 }),
    create("Label", { _id: "l", color: "red" }),
  );
  await settle([older, newer]);
  expect((await older.dump())["Note"]).toEqual([
    { _id: 1, text: "by the older" },
    { _id: 2, text: "by the newer" },
  ]);
  await older.write(set(["Note", 2, "text"], "changed by the older"));
  const dump = await partition.expectSame([newer]);
  expect(dump).toMatchObject({ Note: [{ stars: 5 }, { text: "changed by the older", stars: 1 }], Label: [{ color: "red" }] });
});

test("an app that updates itself on a device opens its old file with the new schema", async () => {
  const partition = stage.partition(version2);
  const device = await stage.device();
  const before = await partition.open(device, { schema: version1 });
  await before.write(create("Note", { _id: 1, text: "kept" }));
  await settle([before]);
  await before.close();
  const after = await partition.open(device);
  await after.write(set(["Note", 1, "stars"], 3));
  expect((await partition.expectSame([after]))["Note"]).toEqual([{ _id: 1, text: "kept", stars: 3, labels: [] }]);
});

test("devices that extend the schema at the same time end with both extensions", async () => {
  const partition = stage.partition(version1);
  const realms = await partition.joined(2);
  await Promise.all(realms.map((realm) => realm.device.reconnect()));
  const extensions = ["left", "right"].map((name): ClassSchema[] => [
    { name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string", [name]: "int" } },
  ]);
  const extended = await Promise.all(extensions.map((schema) => partition.join({ schema })));
  await Promise.all(extended.map((realm, index) => realm.write(create("Note", { _id: index, text: "", [["left", "right"][index]!]: 7 }))));
  await settle([...realms, ...extended]);
  const both = await partition.join({
    schema: [{ name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string", left: "int", right: "int" } }],
  });
  expect((await both.dump())["Note"]).toEqual([
    { _id: 0, text: "", left: 7, right: 0 },
    { _id: 1, text: "", left: 0, right: 7 },
  ]);
});

test("a contradicting schema is refused, and the partition stays as it was", async () => {
  const partition = stage.partition(version1);
  const [a, b] = await partition.joined(2);
  await a!.write(create("Note", { _id: 1, text: "before" }));
  await settle([a!, b!]);
  const stranger = await partition.open(await stage.device(), { schema: contradicting });
  // The device sees the contradiction first or the server does: either way the app is told, and nothing of it arrives.
  expect(["BadChangeset", "InvalidSchemaChange", "SyncClientResetRequired"]).toContain((await stranger.event("error")).codeName);
  await b!.write(create("Note", { _id: 2, text: "after" }));
  expect((await partition.expectSame([a!, b!]))["Note"]).toHaveLength(2);
});
