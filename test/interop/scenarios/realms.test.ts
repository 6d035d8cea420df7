// Realms keep their users and data apart, however a device names the realm.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { attach } from "../../process/support/attach.ts";
import { connect } from "../../process/support/client.ts";
import { Device as WireDevice } from "../../process/support/device.ts";
import { Management } from "../support/management.ts";
import { create, type ClassSchema } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { scratchFolder } from "../support/scratch.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();
const password = "correct horse";
let server: ServerProcess;

const realmFiles = {
  "realms.yaml": `
realms:
  clinic:
    active: true
    entity: patients
    providers: [password, anonymous]
  archive:
    active: false
    providers: [password, anonymous]
`,
  "patients.yaml": `
entities:
  - name: patients
    fields:
      - name: id
        type: ulid
        attributes: { useforidentity: true }
      - name: email
        type: string
        attributes: { useforauth: true }
      - name: mobile
        type: string
        attributes: { useforauth: true }
      - name: password
        type: string
`,
};

beforeAll(async () => {
  const folder = scratchFolder("iam");
  for (const [name, text] of Object.entries(realmFiles)) writeFileSync(join(folder, name), text);
  server = await ServerProcess.start(["--iam", folder]);
  for (const realm of ["first", "second"]) await new Management(server, realm).createRealm({ "anon-user": {} });
});
afterAll(() => server.kill());

const at = (appId: string) => ({ url: server.url, appId });

test("[C1] the same name in two realms is two users, and the same partition value two partitions", async () => {
  const email = "john@sample.test";
  const partition = stage.partition(taskSchema, at("first"));
  const realms = await Promise.all(
    ["first", "second"].map(async (realm) => {
      const device = await stage.newDevice(at(realm));
      await device.register(email, password);
      const { id } = await device.signIn({ provider: "email", email, password });
      const opened = await partition.open(device);
      await opened.write(create("Task", { _id: realm, title: `of ${realm}` }));
      await settle([opened]);
      return { id, opened };
    }),
  );
  const [first, second] = realms;
  expect(first!.id).not.toBe(second!.id);
  await settle(realms.map(({ opened }) => opened));
  expect(await first!.opened.objects("Task")).toMatchObject([{ _id: "first" }]);
  expect(await second!.opened.objects("Task")).toMatchObject([{ _id: "second" }]);
  await partition.expectSame([first!.opened]);
});

test("[C1] a password of one realm opens no other", async () => {
  const device = await stage.newDevice(at("first"));
  await device.register("only@first.test", password);
  for (const realm of ["second", "users"]) {
    const elsewhere = await stage.newDevice(at(realm));
    await expect(elsewhere.signIn({ provider: "email", email: "only@first.test", password })).rejects.toMatchObject({
      refusal: { codeName: "InvalidPassword" },
    });
  }
});

test("[C9] myRealm:john on the default App ID is john of myRealm, and syncs that realm's data", async () => {
  const prefixed = await stage.newDevice(at("users"));
  await prefixed.register("first:prefix@sample.test", password);
  const user = await prefixed.signIn({ provider: "email", email: "first:prefix@sample.test", password });
  const direct = await stage.newDevice(at("first"));
  expect((await direct.signIn({ provider: "email", email: "prefix@sample.test", password })).id).toBe(user.id);

  const partition = stage.partition(taskSchema, at("first"));
  const [onPrefixed, onDirect] = [await partition.open(prefixed), await partition.open(direct)];
  await onPrefixed.write(create("Task", { _id: "t", title: "by the prefixed" }));
  await onDirect.waitForCount("Task", 1);
  await partition.expectSame([onPrefixed, onDirect]);
  const stranger = await stage.partition(taskSchema, at("users")).open(await stage.device(at("users")), { partition: partition.value });
  await settle([stranger]);
  expect(await stranger.count("Task")).toBe(0);
});

test("[C9] a device that signed in by a prefix is still signed in when it starts again", async () => {
  const before = await stage.newDevice(at("users"));
  await before.register("second:again@sample.test", password);
  const user = await before.signIn({ provider: "email", email: "second:again@sample.test", password });
  await before.stop();
  const after = await stage.client.device(at("users"), { folder: before.folder });
  expect(after.restoredUser).toMatchObject({ id: user.id, state: "logged_in" });
  await after.refreshCustomData();
  const partition = stage.partition(taskSchema, at("second"));
  const realm = await partition.open(after);
  await realm.write(create("Task", { _id: "t", title: "" }));
  expect((await partition.expectSame([realm]))["Task"]).toHaveLength(1);
});

test.each([
  ["no-such-realm:john@sample.test", 404],
  ["archive:john@sample.test", 401],
])("[C9] %s is refused by name", async (email, http) => {
  const device = await stage.newDevice(at("users"));
  await expect(device.signIn({ provider: "email", email, password })).rejects.toMatchObject({ refusal: { name: "AppError", http } });
});

test("[C2] a realm of the realm files that is not active admits nobody", async () => {
  await expect(stage.device(at("archive"))).rejects.toMatchObject({
    refusal: { name: "AppError", http: 401, message: expect.stringContaining("realm inactive") },
  });
});

test("[C10] an application's id stands for its realm as an App ID", async () => {
  await new Management(server, "first").createApplication("first-kiosk");
  const partition = stage.partition(taskSchema, at("first"));
  const [kiosk, member] = [await partition.open(await stage.device(at("first-kiosk"))), await partition.join()];
  await kiosk.write(create("Task", { _id: "t", title: "at the kiosk" }));
  await member.waitForCount("Task", 1);
  await partition.expectSame([kiosk, member]);
});

/** A call of the LoopBack-style accounts, which must succeed. */
async function users(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${server.url}/api/Users${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

test("[C4] an account of the LoopBack-style interface signs in on a device by each field that its entity is known by", async () => {
  const made = await users("", { realm: "clinic", email: "pat@clinic.test", mobile: "+4917012345678", password });
  for (const [appId, name] of [
    ["clinic", "pat@clinic.test"],
    ["clinic", "+4917012345678"],
    ["users", "clinic:+4917012345678"],
  ] as const) {
    const device = await stage.newDevice(at(appId));
    expect((await device.signIn({ provider: "email", email: name, password })).id).toBe(made["id"]);
  }
});

const thingSchema: readonly ClassSchema[] = [{ name: "Thing", primaryKey: "_id", properties: { _id: "string", count: "int" } }];

test("[C9] the access token of a LoopBack-style login syncs, and what it writes reaches devices", async () => {
  await users("", { realm: "clinic", email: "wire@clinic.test", password });
  const login = await users("/login", { realm: "clinic", email: "wire@clinic.test", password });
  const partition = stage.partition(thingSchema, at("clinic"));
  const wire = new WireDevice("wire", stringPartition(partition.value));
  const connection = await connect(server.url, String(login["id"]));
  const done = new Promise<void>((resolve, reject) => {
    attach(connection, [wire], () => {
      if (!wire.isCaughtUp) return;
      if (wire.made === 0) {
        wire.found();
        wire.make();
        wire.uploadAll();
      } else if (wire.isDone) resolve();
    }).then(() => reject(new Error("the connection ended early")), reject);
  });
  await done;
  connection.close();
  const { Thing: things } = await partition.expectSame([await partition.join()]);
  expect(things).toEqual([
    { _id: "counter", count: 1 },
    { _id: "wire-0", count: 0 },
  ]);
});
