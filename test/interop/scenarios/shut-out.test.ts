// Users who are shut out while they work: what their devices are told, what becomes of changes that were not sent yet, and the way back.
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device, DeviceRealm } from "../support/client.ts";
import { Management } from "../support/management.ts";
import { create, type Credentials } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage, type Partition } from "../support/stage.ts";

/** What a change of a user or realm may take to reach a device (milliseconds). */
const atOnce = 1000;

const stage = new Stage();
let server: ServerProcess;
let users: Management;
let closing: Management;

beforeAll(async () => {
  server = await ServerProcess.start();
  users = new Management(server);
  closing = new Management(server, "closing");
  await closing.createRealm({ "anon-user": {} });
});
afterAll(() => server.kill());

interface Member {
  readonly device: Device;
  readonly credentials: Credentials;
  readonly userId: string;
  readonly partition: Partition;
  readonly realm: DeviceRealm;
}

/** Somebody who has synced one task, `sent`. */
async function member(appId = "users"): Promise<Member> {
  const address = { url: server.url, appId };
  const credentials = await stage.newAccount(address);
  const device = await stage.device({ ...address, credentials });
  const partition = stage.partition(taskSchema, address);
  const realm = await partition.open(device);
  await realm.write(create("Task", { _id: "sent", title: "" }));
  await settle([realm]);
  return { device, credentials, userId: (await device.user())?.id ?? "", partition, realm };
}

const stateOf = async (device: Device) => (await device.user())?.state;

/** Writes a task that cannot be sent, lets `happen` happen, and connects again. */
async function meanwhile({ realm }: Member, happen: () => Promise<unknown>): Promise<void> {
  await realm.pause();
  await realm.write(create("Task", { _id: "unsent", title: "" }));
  await happen();
  await realm.resume();
}

/** Signs in again, and expects that what was not sent is still there and now reaches the others. */
async function comeBack({ device, credentials, userId, partition, realm }: Member): Promise<void> {
  await realm.close();
  expect((await device.signIn(credentials)).id).toBe(userId);
  const again = await partition.open(device);
  expect(again.path).toBe(realm.path);
  expect((await partition.expectSame([again]))["Task"]).toMatchObject([{ _id: "sent" }, { _id: "unsent" }]);
}

const nothing = () => Promise.resolve();
const causes = [
  {
    cause: "locked",
    shutOut: ({ userId }: Member) => users.setUserState(userId, "locked"),
    refusal: { http: 401, codeName: "UserDisabled" },
    readmit: ({ userId }: Member) => users.setUserState(userId, "normal"),
  },
  {
    cause: "disabled",
    shutOut: ({ userId }: Member) => users.setUserState(userId, "disabled"),
    refusal: { http: 401, codeName: "UserDisabled" },
    readmit: ({ userId }: Member) => users.setUserState(userId, "normal"),
  },
  {
    cause: "signed out everywhere",
    shutOut: ({ userId }: Member) => users.revokeSessions(userId),
    refusal: undefined,
    readmit: nothing,
  },
] as const;

describe.each(causes)("[C5, D13] a user who is $cause", ({ shutOut, refusal, readmit }) => {
  test("loses the open session at once, and the app is told", async () => {
    const person = await member();
    await shutOut(person);
    const start = performance.now();
    expect(await person.realm.event("error", ({ fatal }) => fatal)).toMatchObject({ codeName: "AuthError" });
    expect(performance.now() - start).toBeLessThan(atOnce);
    expect(await stateOf(person.device)).toBe("logged_out");
  });

  test("who was away meanwhile is signed out on return, keeps what was not sent, and sends it after coming back", async () => {
    const person = await member();
    await meanwhile(person, () => shutOut(person));
    await person.realm.event("error", ({ fatal }) => fatal);
    expect(await stateOf(person.device)).toBe("logged_out");
    expect(await person.realm.count("Task")).toBe(2);
    if (refusal !== undefined) await expect(person.device.signIn(person.credentials)).rejects.toMatchObject({ refusal });
    await readmit(person);
    await comeBack(person);
  });
});

test("[C6] a deleted user is signed out; the file stays on the device, and whoever takes the name next never sends it", async () => {
  const person = await member();
  const { device, credentials, partition, realm, userId } = person;
  await meanwhile(person, () => users.deleteUser(userId));
  await realm.event("error", ({ fatal }) => fatal);
  expect(await stateOf(device)).toBe("logged_out");
  expect(await realm.count("Task")).toBe(2);
  await realm.close();
  expect(existsSync(realm.path)).toBe(true);
  if (credentials.provider === "email") await device.register(credentials.email, credentials.password);
  expect((await device.signIn(credentials)).id).not.toBe(userId);
  const next = await partition.open(device);
  expect(next.path).not.toBe(realm.path);
  expect((await partition.expectSame([next]))["Task"]).toMatchObject([{ _id: "sent" }]);
});

test("[C1, D13] a realm that is switched off stops all its devices, signs nobody out, and goes on where it was", async () => {
  const address = { url: server.url, appId: "closing" };
  const person = await member("closing");
  const guest = await person.partition.join();
  await settle([guest]);
  const bystander = await member();
  await person.realm.pause();
  await person.realm.write(create("Task", { _id: "unsent", title: "" }));
  await closing.setRealmActive(false);
  await guest.event("connection", ({ state }) => state === "disconnected", atOnce);
  await guest.write(create("Task", { _id: "of the guest", title: "" }));
  await person.realm.resume();
  await person.realm.event("connection", ({ state }) => state === "disconnected");
  await expect(stage.device(address)).rejects.toMatchObject({ refusal: { name: "AppError", http: 401 } });
  // What apps do by themselves when an access token grows old.
  for (const { device } of [person, guest]) await expect(device.refreshCustomData()).rejects.toMatchObject({ refusal: { http: 503 } });
  expect(await stateOf(person.device)).toBe("logged_in");
  expect(await stateOf(guest.device)).toBe("logged_in");
  await bystander.realm.write(create("Task", { _id: "elsewhere", title: "" }));
  await bystander.realm.upload();

  await closing.setRealmActive(true);
  await Promise.all([person.device, guest.device].map((device) => device.reconnect()));
  const { Task: tasks } = await person.partition.expectSame([person.realm, guest]);
  expect(tasks?.map((task) => task["_id"])).toEqual(["of the guest", "sent", "unsent"]);
});
