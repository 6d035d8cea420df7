// Users come, stay signed in, and go.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { create } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();
const password = "correct horse";
const newEmail = () => `${randomUUID()}@example.test`;

test("an anonymous user signs in without an account, and each is another one", async () => {
  const [a, b] = await Promise.all([stage.client.device({ url: stage.serverUrl }), stage.client.device({ url: stage.serverUrl })]);
  const [one, other] = await Promise.all([a.signIn(), b.signIn()]);
  expect(one).toMatchObject({ state: "logged_in", identities: [{ provider: "anonymous" }] });
  expect(other.id).not.toBe(one.id);
});

test("a user registers with e-mail and password and shares data between two devices", async () => {
  const email = newEmail();
  const [a, b] = await Promise.all([stage.client.device({ url: stage.serverUrl }), stage.client.device({ url: stage.serverUrl })]);
  await a.register(email, password);
  const one = await a.signIn({ provider: "email", email, password });
  const other = await b.signIn({ provider: "email", email, password });
  expect(one).toMatchObject({ state: "logged_in", identities: [{ provider: "email_password" }] });
  expect(other.id).toBe(one.id);
  const partition = stage.partition(taskSchema);
  const [onA, onB] = [await partition.open(a), await partition.open(b)];
  await onA.write(create("Task", { _id: "t", title: "mine" }));
  await onB.waitForCount("Task", 1);
  await partition.expectSame([onA, onB]);
});

test("a wrong password, an unknown user and a taken address are refused by name", async () => {
  const email = newEmail();
  const device = await stage.client.device({ url: stage.serverUrl });
  await device.register(email, password);
  await expect(device.signIn({ provider: "email", email, password: "wrong one" })).rejects.toMatchObject({
    refusal: { codeName: "InvalidPassword", code: 4349 },
  });
  await expect(device.signIn({ provider: "email", email: newEmail(), password })).rejects.toMatchObject({
    refusal: { codeName: "InvalidPassword" },
  });
  await expect(device.register(email, password)).rejects.toMatchObject({ refusal: { codeName: "AccountNameInUse", code: 4348 } });
});

test("a realm that does not exist admits nobody", async () => {
  const device = await stage.client.device({ url: stage.serverUrl, appId: "no-such-realm" });
  await expect(device.signIn()).rejects.toMatchObject({ refusal: { name: "AppError", http: 404 } });
});

test("a user signs in with an API key that they made, as the same user", async () => {
  const email = newEmail();
  const [a, b] = await Promise.all([stage.client.device({ url: stage.serverUrl }), stage.client.device({ url: stage.serverUrl })]);
  await a.register(email, password);
  const { id } = await a.signIn({ provider: "email", email, password });
  const { key } = await a.createApiKey("for-the-kiosk");
  expect((await b.signIn({ provider: "apiKey", key })).id).toBe(id);
  await expect(b.signIn({ provider: "apiKey", key: `${key}x` })).rejects.toMatchObject({ refusal: { name: "AppError", http: 401 } });
});

test("a device that starts again is still signed in", async () => {
  const before = await stage.device();
  const user = await before.user();
  await before.stop();
  const after = await stage.client.device({ url: stage.serverUrl }, { folder: before.folder });
  expect(after.restoredUser).toMatchObject({ id: user?.id, state: "logged_in" });
});

test("a user who signs out is signed out, and may sign in again and go on", async () => {
  const email = newEmail();
  const credentials = { provider: "email", email, password } as const;
  const device = await stage.client.device({ url: stage.serverUrl });
  await device.register(email, password);
  const before = await device.signIn(credentials);
  const partition = stage.partition(taskSchema);
  const realm = await partition.open(device);
  await realm.write(create("Task", { _id: "before", title: "" }));
  await settle([realm]);
  await realm.close();
  await device.signOut();
  expect((await device.user())?.state).toBe("logged_out");
  expect((await device.signIn(credentials)).id).toBe(before.id);
  const again = await partition.open(device);
  expect((await partition.expectSame([again]))["Task"]).toHaveLength(1);
});

test("an anonymous user who links an e-mail stays the same user", async () => {
  const email = newEmail();
  const device = await stage.client.device({ url: stage.serverUrl });
  const anonymous = await device.signIn();
  await device.register(email, password);
  const linked = await device.link({ provider: "email", email, password });
  expect(linked.id).toBe(anonymous.id);
  expect(linked.identities.map(({ provider }) => provider).toSorted()).toEqual(["anonymous", "email_password"]);
  const elsewhere = await stage.client.device({ url: stage.serverUrl });
  expect((await elsewhere.signIn({ provider: "email", email, password })).id).toBe(anonymous.id);
});

test("a deleted user cannot sign in any more, and the session on another device ends", async () => {
  const email = newEmail();
  const credentials = { provider: "email", email, password } as const;
  const [a, b] = await Promise.all([stage.client.device({ url: stage.serverUrl }), stage.client.device({ url: stage.serverUrl })]);
  await a.register(email, password);
  await a.signIn(credentials);
  await b.signIn(credentials);
  const partition = stage.partition(taskSchema);
  const onB = await partition.open(b);
  await onB.write(create("Task", { _id: "t", title: "" }));
  await settle([onB]);
  await a.deleteUser();
  await expect(a.signIn(credentials)).rejects.toMatchObject({ refusal: { codeName: "InvalidPassword" } });
  await onB.event("error");
  expect((await b.user())?.state).not.toBe("logged_in");
});
