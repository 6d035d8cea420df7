// Addresses that are confirmed, passwords that are forgotten and guessed.
import * as Web from "realm-web";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CommandError, type Device } from "../support/client.ts";
import { Management } from "../support/management.ts";
import { create } from "../support/notation.ts";
import { taskSchema } from "../support/schemas.ts";
import { ServerProcess } from "../support/server.ts";
import { settle, Stage } from "../support/stage.ts";

const stage = new Stage();
const appId = "members";
const [password, newPassword] = ["correct horse", "battery staple"];
let server: ServerProcess;
let management: Management;

beforeAll(async () => {
  server = await ServerProcess.start();
  management = new Management(server, appId);
  await management.createRealm({
    "local-userpass": {
      emailConfirmationUrl: "https://app.example.org/confirm",
      resetPasswordUrl: "https://app.example.org/reset",
    },
    "anon-user": {},
  });
});
afterAll(() => server.kill());

const newDevice = (): Promise<Device> => stage.newDevice({ url: server.url, appId });
const credentials = (email: string, secret = password) => ({ provider: "email", email, password: secret }) as const;
const invalidPassword = { refusal: { codeName: "InvalidPassword", http: 401 } };

/** Registers and confirms by the message. */
async function confirmed(email: string): Promise<Device> {
  const device = await newDevice();
  await device.register(email, password);
  await device.confirmEmail(await management.linkTo(email, "confirm-email"));
  return device;
}

test("[C15] an address that is not confirmed does not sign in, and is told apart from no other; its link works once", async () => {
  const [email, device] = ["new@example.test", await newDevice()];
  await device.register(email, password);
  await expect(device.signIn(credentials(email))).rejects.toMatchObject(invalidPassword);
  await expect(device.signIn(credentials("nobody@example.test"))).rejects.toMatchObject(invalidPassword);
  const link = await management.linkTo(email, "confirm-email");
  await expect(device.confirmEmail({ ...link, token: `${link.token}x` })).rejects.toMatchObject({ refusal: { name: "AppError" } });
  await device.confirmEmail(link);
  await expect(device.confirmEmail(link)).rejects.toMatchObject({ refusal: { codeName: "UserpassTokenInvalid" } });
  expect((await device.signIn(credentials(email))).state).toBe("logged_in");
});

test("[C15] a password that is reset signs every device out; what they had not sent is sent after signing in with the new one", async () => {
  const email = "forgetful@example.test";
  const device = await confirmed(email);
  const { id } = await device.signIn(credentials(email));
  const partition = stage.partition(taskSchema, { url: server.url, appId });
  const realm = await partition.open(device);
  await settle([realm]);
  await realm.pause();
  await realm.write(create("Task", { _id: "unsent", title: "" }));

  const elsewhere = await newDevice();
  await elsewhere.requestReset(email);
  const link = await management.linkTo(email, "reset-password");
  // The link opens a page of the app's.
  const page = new Web.App({ id: appId, baseUrl: server.url }).emailPasswordAuth;
  await page.resetPassword({ ...link, password: newPassword });
  await expect(page.resetPassword({ ...link, password: "a third password" })).rejects.toMatchObject({ errorCode: "UserpassTokenInvalid" });
  await expect(elsewhere.signIn(credentials(email))).rejects.toMatchObject(invalidPassword);
  expect((await elsewhere.signIn(credentials(email, newPassword))).id).toBe(id);

  await realm.resume();
  await realm.event("error", ({ fatal }) => fatal);
  expect((await device.user())?.state).toBe("logged_out");
  await realm.close();
  await device.signIn(credentials(email, newPassword));
  expect((await partition.expectSame([await partition.open(device)]))["Task"]).toMatchObject([{ _id: "unsent" }]);
});

test("[C15] whoever guesses has to wait, even with the right password, and learns nothing; nobody else waits", async () => {
  const [known, unknown] = ["guessed@example.test", "no-such@example.test"];
  const device = await confirmed(known);
  await confirmed("bystander@example.test");
  const guess = (email: string, secret: string): Promise<number | undefined> =>
    device.signIn(credentials(email, secret)).then(
      () => 200,
      (error: unknown) => (error instanceof CommandError ? error.refusal.http : undefined),
    );
  for (const email of [unknown, known]) {
    const answers = [];
    do answers.push(await guess(email, `guess ${answers.length}`));
    while (answers.length < 12 && answers.at(-1) === 401);
    // Five at least are free; a slow machine lets the first short delays pass.
    expect(answers.length, email).toBeGreaterThan(5);
    expect(answers.at(-1), email).toBe(429);
  }
  expect(await guess(known, password)).toBe(429);
  expect((await device.signIn(credentials("bystander@example.test"))).state).toBe("logged_in");
});
