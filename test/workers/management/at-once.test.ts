import { beforeAll, describe, expect, test, vi } from "vitest";
import { defaultRealmName } from "../../../src/accounts/ids.ts";
import { stringPartition, type Partition } from "../../../src/protocol/partition.ts";
import { Device } from "../../process/support/device.ts";
import type { WireConnection } from "../../support/wire/connection.ts";
import { connect } from "../support/connect.ts";
import { patience, run } from "../support/partition.ts";
import { ask, makeRealm, nameOf, newPerson, signInAgain, type Person } from "./support.ts";

/** What the promise allows a change to take (milliseconds). */
const atOnce = 1000;

interface Session {
  readonly person: Person;
  readonly device: Device;
  readonly connection: WireConnection;
  readonly ended: Promise<void>;
}

const open = async (person: Person, partition: Partition, name = "device"): Promise<Session> => {
  const device = new Device(name, partition);
  const connection = await connect({ realm: person.realm, token: person.token });
  const ended = run(device, connection);
  ended.catch(() => {});
  await Promise.race([vi.waitFor(() => expect(device.isCaughtUp).toBe(true), patience), ended]);
  return { person, device, connection, ended };
};

/** Binds once more and tells how the connection was closed for it. */
const closeOfBind = (connection: WireConnection) => {
  connection.send({ type: "bind", mode: "partition", session: 99, needIdent: true, partition: fresh() });
  return connection.closed;
};

/** Makes the change and tells how long it took until `seen` settled, counted from the answer to the change. */
const timeUntil = async (change: () => Promise<unknown>, seen: () => Promise<unknown>): Promise<number> => {
  await change();
  const start = performance.now();
  await seen();
  return performance.now() - start;
};

const realm = nameOf("at-once");
const base = `/api/v1/realms/${realm}`;
const put = (path: string, body: unknown) => ask(`${base}${path}`, { method: "PUT", body });
const grant = (partition: Partition, subject: string, flags: object) =>
  put(`/partitions/${encodeURIComponent(partition.key)}/grants/${encodeURIComponent(subject)}`, flags);

let count = 0;
const fresh = (): Partition => stringPartition(`p-${(count += 1)}`);

beforeAll(() => makeRealm(realm, { openPartitions: { mayRead: true, mayWrite: true, mayManage: false } }));

describe("[D13] a change acts on open sessions within a second", () => {
  test("losing the right to read ends the session with 206, and only that user's", async () => {
    const partition = fresh();
    const [one, two] = [await open(await newPerson(realm), partition, "one"), await open(await newPerson(realm), partition, "two")];
    await grant(partition, "*", { mayRead: true, mayWrite: true });
    const took = await timeUntil(
      () => grant(partition, two.person.userId, { mayRead: false }),
      () => expect(two.ended).rejects.toThrow("json_error 206"),
    );
    expect(took).toBeLessThan(atOnce);
    one.device.found();
    one.device.uploadAll();
    await vi.waitFor(() => expect(one.device.isDone).toBe(true), patience);
    one.connection.close();
  });

  test("losing the right to write lets the session live; the next write is taken back with 231", async () => {
    const partition = fresh();
    const writer = await open(await newPerson(realm), partition);
    writer.device.found();
    writer.device.uploadAll();
    await vi.waitFor(() => expect(writer.device.isDone).toBe(true), patience);
    await grant(partition, "*", { mayRead: true, mayWrite: false });
    await vi.waitFor(
      async () => {
        if (writer.connection.isOpen) {
          writer.device.make();
          writer.device.uploadAll();
        }
        await expect(Promise.race([writer.ended, Promise.resolve("open")])).rejects.toThrow("json_error 231");
      },
      { timeout: atOnce, interval: 50 },
    );
    writer.connection.close();
  });

  test.each(["locked", "disabled"])("a user who is %s loses every connection with 4002", async (state) => {
    const person = await newPerson(realm);
    const sessions = [await open(person, fresh()), await open(await signInAgain(realm, person.userId), fresh())];
    const took = await timeUntil(
      () => put(`/users/${person.userId}/state`, { state }),
      () => Promise.all(sessions.map(async ({ connection }) => expect(await connection.closed).toMatchObject({ code: 4002 }))),
    );
    expect(took).toBeLessThan(atOnce);
  });

  test("a deleted user loses every connection with 4002", async () => {
    const { person, connection } = await open(await newPerson(realm), fresh());
    const took = await timeUntil(
      () => ask(`${base}/users/${person.userId}`, { method: "DELETE" }),
      async () => expect(await connection.closed).toMatchObject({ code: 4002 }),
    );
    expect(took).toBeLessThan(atOnce);
  });

  test("an ended sign-in closes its own connections with 4001, and its access token opens none", async () => {
    const person = await newPerson(realm);
    const partition = fresh();
    const stays = await open(await signInAgain(realm, person.userId), partition, "stays");
    const goes = await open(person, partition, "goes");
    const took = await timeUntil(
      () => ask(`${base}/users/${person.userId}/sessions/${person.sessionId}`, { method: "DELETE" }),
      async () => expect(await goes.connection.closed).toMatchObject({ code: 4001 }),
    );
    expect(took).toBeLessThan(atOnce);
    expect(stays.connection.isOpen).toBe(true);
    const again = await connect({ realm, token: person.token });
    again.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition });
    expect(await again.closed).toMatchObject({ code: 4001 });
    stays.connection.close();
  });

  test("a user who is signed out everywhere loses every connection", async () => {
    const person = await newPerson(realm);
    const sessions = [await open(person, fresh()), await open(await signInAgain(realm, person.userId), fresh())];
    const took = await timeUntil(
      () => ask(`${base}/users/${person.userId}/sessions`, { method: "DELETE" }),
      () => Promise.all(sessions.map(async ({ connection }) => expect(await connection.closed).toMatchObject({ code: 4001 }))),
    );
    expect(took).toBeLessThan(atOnce);
  });

  test("another owner takes the place of the one before", async () => {
    const partition = fresh();
    const key = encodeURIComponent(partition.key);
    const [before, after] = [await newPerson(realm), await newPerson(realm)];
    await ask(`${base}/partitions`, { method: "POST", body: { key: partition.key, ownerId: before.userId } });
    const session = await open(before, partition);
    await expect(open(after, partition)).rejects.toThrow("json_error 206");
    const took = await timeUntil(
      () => ask(`${base}/partitions/${key}`, { method: "PATCH", body: { ownerId: after.userId } }),
      () => expect(session.ended).rejects.toThrow("json_error 206"),
    );
    expect(took).toBeLessThan(atOnce);
    (await open(after, partition)).connection.close();
  });

  test("a realm that is switched off ends all its sessions and lets none bind, and touches no other realm's", async () => {
    const other = await open(await newPerson(nameOf(defaultRealmName)), fresh());
    const name = nameOf("switched-off");
    await makeRealm(name);
    const sessions = [await open(await newPerson(name), fresh()), await open(await newPerson(name), fresh())];
    const took = await timeUntil(
      () => ask(`/api/v1/realms/${name}`, { method: "PATCH", body: { active: false } }),
      () => Promise.all(sessions.map(({ ended }) => expect(ended).rejects.toThrow("json_error 200"))),
    );
    expect(took).toBeLessThan(atOnce);
    for (const { connection } of sessions) expect(await closeOfBind(connection)).toMatchObject({ code: 1011 });
    expect(other.connection.isOpen).toBe(true);
    other.connection.close();
  });

  test("a deleted realm ends all its sessions and lets none bind", async () => {
    const name = nameOf("deleted");
    await makeRealm(name);
    const { connection, ended } = await open(await newPerson(name), fresh());
    const took = await timeUntil(
      () => ask(`/api/v1/realms/${name}`, { method: "DELETE" }),
      () => expect(ended).rejects.toThrow("json_error 200"),
    );
    expect(took).toBeLessThan(atOnce);
    expect(await closeOfBind(connection)).toMatchObject({ code: 1011 });
  });
});

describe("[D13] a change that meets a session as it binds", () => {
  test("is never missed: whoever was locked while connecting is not connected afterwards", async () => {
    const partition = fresh();
    const people = await Promise.all(Array.from({ length: 24 }, () => newPerson(realm)));
    const connections = await Promise.all(people.map(({ token }) => connect({ realm, token })));
    const closed = connections.map(async (connection, index) => {
      connection.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition });
      const person = people[index];
      // Some are locked before their BIND is decided, some while it is, some after.
      for (let turn = 0; turn < index % 6; turn += 1) await ask("/api/v1/setup");
      await put(`/users/${person?.userId}/state`, { state: "locked" });
      return connection.closed;
    });
    for (const { code } of await Promise.all(closed)) expect(code).toBe(4002);
  });

  test("nor is the end of a sign-in", async () => {
    const person = await newPerson(realm);
    const signIns = await Promise.all(Array.from({ length: 12 }, () => signInAgain(realm, person.userId)));
    const partition = fresh();
    const closed = signIns.map(async ({ token, sessionId }) => {
      const connection = await connect({ realm, token });
      connection.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition });
      await ask(`${base}/users/${person.userId}/sessions/${sessionId}`, { method: "DELETE" });
      return connection.closed;
    });
    for (const { code } of await Promise.all(closed)) expect(code).toBe(4001);
  });
});

describe("[D1] rights when a session binds", () => {
  test("a path that begins with a user's id is that user's alone", async () => {
    const [owner, guest] = [await newPerson(realm), await newPerson(realm)];
    const home = stringPartition(`/${owner.userId}/tasks`);
    (await open(owner, home)).connection.close();
    await expect(open(guest, home)).rejects.toThrow("json_error 206");
    await grant(home, guest.userId, { mayRead: true });
    (await open(guest, home)).connection.close();
  });

  test("admins of the realm may open everything in it", async () => {
    const partition = fresh();
    await grant(partition, "*", { mayRead: false });
    await expect(open(await newPerson(realm), partition)).rejects.toThrow("json_error 206");
    (await open(await newPerson(realm, "realm"), partition)).connection.close();
  });
});
