import { describe, expect, test, vi } from "vitest";
import type { RealmName } from "../../../src/accounts/ids.ts";
import type { RealmSettingsInput } from "../../../src/accounts/settings.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { Device } from "../../process/support/device.ts";
import { connect, upgrade } from "../support/connect.ts";
import { patience, run } from "../support/partition.ts";
import { ask, call, makeRealm, nameOf, newPerson, type Person } from "./support.ts";

type Limits = NonNullable<RealmSettingsInput["limits"]>;

interface Figure {
  readonly limit: string;
  readonly allowed: number | null;
  readonly used: number;
  readonly share: number | null;
  readonly userId: string | null;
}

const setLimits = (realm: RealmName, limits: Limits) => ask(`/api/v1/realms/${realm}/settings`, { method: "PATCH", body: { limits } });

const figureOf = async (realm: RealmName, limit: string): Promise<Figure | undefined> =>
  (await ask<{ items: Figure[] }>(`/api/v1/realms/${realm}/limits`)).items.find((figure) => figure.limit === limit);

const realmWith = async (name: string, limits: Limits): Promise<RealmName> => {
  const realm = nameOf(name);
  await makeRealm(realm);
  await setLimits(realm, limits);
  return realm;
};

const location = (realm: RealmName, token?: string) => call(`/api/client/v2.0/app/${realm}/location`, { token });

/** Requests until one is refused, at most so many; the clock's minute may turn in between. */
const untilRefused = async (most: number, request: () => Promise<{ readonly status: number }>) => {
  for (let made = 0; made < most; made += 1) {
    const answer = await request();
    if (answer.status === 429) return answer;
  }
  throw new Error(`none of ${most} requests was refused`);
};

describe("requests in a minute", () => {
  test("beyond the realm's limit they get 429 and when to come back; raising it lets them in", async () => {
    const realm = await realmWith("few-requests", { requestsPerMinute: 3 });
    const refused = await untilRefused(9, () => location(realm));
    expect(refused).toMatchObject({ json: { error_code: "LimitReached" } });
    const { headers } = (await untilRefused(9, () => location(realm))) as Awaited<ReturnType<typeof location>>;
    expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await figureOf(realm, "requestsPerMinute")).toMatchObject({ allowed: 3 });
    await setLimits(realm, { requestsPerMinute: 1000 });
    expect((await location(realm)).status).toBe(200);
  });

  test("one user's limit leaves other users alone", async () => {
    const realm = await realmWith("few-each", { requestsPerMinutePerUser: 2 });
    const [greedy, modest] = [await newPerson(realm), await newPerson(realm)];
    await untilRefused(6, () => location(realm, greedy.token));
    expect((await location(realm, modest.token)).status).toBe(200);
    expect((await location(realm)).status).toBe(200);
  });

  test("the management interface answers as its other refusals, and the admin token always gets in", async () => {
    const realm = await realmWith("few-admin", { requestsPerMinute: 2 });
    const admin = await newPerson(realm, "realm");
    const refused = await untilRefused(6, () => call(`/api/v1/realms/${realm}`, { token: admin.token }));
    expect(refused).toMatchObject({ json: { code: "LimitReached", status: 429 } });
    expect((await call(`/api/v1/realms/${realm}`)).status).toBe(200);
  });

  test("another realm is not touched", async () => {
    const realm = await realmWith("none-at-all", { requestsPerMinute: 0 });
    expect((await location(realm)).status).toBe(429);
    expect((await location(nameOf("users"))).status).toBe(200);
  });
});

describe("connections at one time", () => {
  test("beyond the limit the upgrade is answered 503; one that ends makes room", async () => {
    const realm = await realmWith("few-connections", { connections: 2, connectionsPerUser: 1 });
    const [one, two, three] = [await newPerson(realm), await newPerson(realm), await newPerson(realm)];
    const first = await connect({ realm, token: one.token });
    expect((await upgrade({ realm, token: one.token })).status).toBe(503);
    const second = await connect({ realm, token: two.token });
    expect((await upgrade({ realm, token: three.token })).status).toBe(503);
    expect(await figureOf(realm, "connections")).toMatchObject({ allowed: 2, used: 2, share: 1 });
    expect(await figureOf(realm, "connectionsPerUser")).toMatchObject({ allowed: 1, used: 1 });
    first.close();
    await vi.waitFor(async () => expect(await figureOf(realm, "connections")).toMatchObject({ used: 1 }), patience);
    (await connect({ realm, token: three.token })).close();
    second.close();
  });
});

/** Opens a partition with a device until it has caught up, or tells of the error it was sent. */
const sync = async (person: Person, partition: ReturnType<typeof stringPartition>) => {
  const device = new Device("device", partition);
  const connection = await connect({ realm: person.realm, token: person.token });
  const ended = run(device, connection);
  ended.catch(() => {});
  await Promise.race([vi.waitFor(() => expect(device.isCaughtUp).toBe(true), patience), ended]);
  return { device, connection, ended };
};

describe("partitions", () => {
  test("one beyond the limit waits with 229, those that exist go on, and a raised limit lets it in", async () => {
    const realm = await realmWith("few-partitions", { partitions: 1 });
    const person = await newPerson(realm);
    (await sync(person, stringPartition("first"))).connection.close();
    await expect(sync(person, stringPartition("second"))).rejects.toThrow("json_error 229");
    (await sync(person, stringPartition("first"))).connection.close();
    expect(await figureOf(realm, "partitions")).toEqual({ limit: "partitions", allowed: 1, used: 1, share: 1, userId: null });
    await setLimits(realm, { partitions: 2 });
    (await sync(person, stringPartition("second"))).connection.close();
  });
});

describe("traffic of a day", () => {
  test("a user who is over is sent 200 and then waits with 229 or 503, keeps what is not uploaded, and is let in again", async () => {
    const realm = await realmWith("little-traffic", { uploadedBytesPerDayPerUser: 2000 });
    const [greedy, modest] = [await newPerson(realm), await newPerson(realm)];
    const partition = stringPartition("busy");
    const { device, connection, ended } = await sync(greedy, partition);
    device.found();
    device.uploadAll();
    const other = await sync(modest, partition);
    const making = setInterval(() => {
      if (!connection.isOpen) return;
      device.make();
      device.uploadAll();
    }, 10);
    await expect(ended).rejects.toThrow("json_error 200");
    clearInterval(making);
    expect(await figureOf(realm, "uploadedBytesPerDayPerUser")).toMatchObject({ userId: greedy.userId });
    expect((await upgrade({ realm, token: greedy.token })).status).toBe(503);
    expect(other.connection.isOpen).toBe(true);
    await setLimits(realm, { uploadedBytesPerDayPerUser: null });
    const back = await sync(greedy, partition);
    for (const open of [back, other]) open.connection.close();
  });
});
