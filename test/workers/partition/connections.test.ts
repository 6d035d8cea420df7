import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { attach } from "../../process/support/attach.ts";
import { Device } from "../../process/support/device.ts";
import { intPartition, nullPartition, stringPartition } from "../../../src/protocol/partition.ts";
import { gatewayLimits } from "../../../src/worker/gateway/limits.ts";
import { followAccessChange } from "../../../src/worker/access-changes.ts";
import { connect, upgrade } from "../support/connect.ts";
import { foundPartition, goOnline, objectOf, patience, run, share, untilDone } from "../support/partition.ts";
import { accountsOf, defaultRealm, signIn } from "../support/sign-in.ts";

describe("one connection", () => {
  test("carries several partitions, each with its own history", async () => {
    const partitions = [stringPartition("a"), stringPartition("a/b"), intPartition(7n), nullPartition];
    const founders = await Promise.all(partitions.map(foundPartition));
    const devices = partitions.map((partition) => new Device("many", partition));
    const connection = await connect({ token: (await signIn()).token });
    const ended = attach(connection, devices, () => {
      for (const device of devices) if (device.isCaughtUp) device.uploadAll();
    });
    await vi.waitFor(() => expect(devices.every(({ isCaughtUp }) => isCaughtUp)).toBe(true), patience);
    for (const device of devices) device.make();
    for (const device of devices) device.uploadAll();
    for (const { device } of founders) {
      await vi.waitFor(() => expect(device.creations.get("many-0")).toBe(1), patience);
      expect([...device.creations.keys()]).toEqual(["counter", "many-0"]);
    }
    connection.close();
    await ended;
  });

  test("answers PING while its partition is busy", async () => {
    const partition = stringPartition("busy");
    await foundPartition(partition);
    const work = new AbortController();
    const busy = runInDurableObject(objectOf(partition), (_object, state) =>
      state.blockConcurrencyWhile(async () => {
        while (!work.signal.aborted) await new Promise((turn) => setTimeout(turn, 1));
      }),
    );
    const connection = await connect({ token: (await signIn()).token });
    connection.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition });
    connection.send({ type: "ping", timestamp: 3, roundTripTime: 0 });
    expect(await connection.read()).toEqual({ type: "pong", timestamp: 3 });
    work.abort();
    await busy;
    expect(await connection.expect("ident")).toMatchObject({ session: 1 });
    connection.close();
  });

  test("[C2] a frame above the limit is refused with 101, never with the platform's 1009, which would reset the client", async () => {
    const connection = await connect({ token: (await signIn()).token });
    connection.sendBytes(new Uint8Array(gatewayLimits.wire.frame + 1));
    expect(await connection.expect("json_error")).toMatchObject({ session: 0, code: 101, shouldClientReset: false });
    expect(connection.isOpen).toBe(true);
    connection.close();
  });

  test("a misbehaving connection ends alone", async () => {
    const partition = stringPartition("neighbours");
    const good = await foundPartition(partition);
    const bad = await connect({ token: (await signIn()).token });
    bad.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition });
    await bad.expect("ident");
    bad.sendBytes(new TextEncoder().encode("upload 1 0 5 0 1 0 0\nwrong"));
    expect(await bad.expect("json_error")).toMatchObject({ session: 0, code: 111 });
    await share(good);
  });
});

test("a client that departs leaves no socket behind at the partition", async () => {
  const partition = stringPartition("departed");
  const socketsOf = (): Promise<number> => runInDurableObject(objectOf(partition), (_object, state) => state.getWebSockets().length);
  const [one, two] = [await foundPartition(partition), await goOnline(partition, "two")];
  expect(await socketsOf()).toBe(2);
  for (const { connection } of [one, two]) connection.close();
  await vi.waitFor(async () => expect(await socketsOf()).toBe(0), patience);
  expect((await objectOf(partition).inspect())?.metrics).toMatchObject({ connections: 0, sessions: 0 });
});

describe("a client that names its partition in the URL", () => {
  const path = (key: string, token: string): string => `/realms/users/partitions/${encodeURIComponent(key)}/sync?token=${token}`;

  test("is handed to the partition and syncs with those that come by the gateway", async () => {
    const partition = stringPartition("direct/ly: ü");
    const one = await foundPartition(partition);
    const { token } = await signIn();
    const device = new Device("direct", partition);
    const connection = await connect({ path: path(partition.key, token) });
    const ended = run(device, connection);
    await vi.waitFor(() => expect(device.isCaughtUp).toBe(true), patience);
    device.make();
    device.uploadAll();
    await vi.waitFor(() => expect(one.device.creations.get("direct-0")).toBe(1), patience);
    connection.send({ type: "ping", timestamp: 1, roundTripTime: 0 });
    await expect(ended).rejects.toThrow("pong");
    connection.close();
  });

  test("may not bind another one there", async () => {
    const { token } = await signIn();
    const connection = await connect({ path: path("s:mine", token) });
    connection.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition: stringPartition("other") });
    expect(await connection.expect("json_error")).toMatchObject({ session: 1, code: 204 });
    connection.close();
  });

  test.each([
    ["without a token", () => path("s:p", ""), 403],
    ["with what is no partition key", () => path("p", ""), 400],
  ])("%s is refused", async (_name, makePath, status) => {
    const response = await upgrade({ path: makePath() });
    expect(response.status).toBe(status);
    await response.body?.cancel();
  });
});

describe("rights that change while sessions are open [D13]", () => {
  test("a user who lost the right to a partition loses the session there; others go on", async () => {
    const partition = stringPartition("revoked");
    const [one, two] = [await foundPartition(partition), await goOnline(partition, "two")];
    await accountsOf().partitions.setOwner(partition.key, one.user.userId);
    await followAccessChange(env, { realm: defaultRealm, userId: undefined, partition: partition.key });
    await expect(two.ended).rejects.toThrow("json_error 206");
    await share(one);
  });

  test("a locked user's connections are closed with 4002 wherever they are", async () => {
    const partition = stringPartition("locked-out");
    const [one, two] = [await foundPartition(partition), await goOnline(partition, "two")];
    await vi.waitFor(async () => expect(await accountsOf().partitions.find(partition.key)).toBeDefined(), patience);
    await accountsOf().users.setState(two.user.userId, "locked");
    await followAccessChange(env, { realm: defaultRealm, userId: two.user.userId, partition: undefined });
    expect(await two.connection.closed).toMatchObject({ code: 4002 });
    await share(one);
  });
});

test("a change the server makes reaches open clients", async () => {
  const partition = stringPartition("server-made");
  const one = await foundPartition(partition);
  const result = await objectOf(partition).writeAsServer({
    instructions: [{ kind: "CreateObject", table: "Thing", key: { kind: "string", value: "by-the-server", text: "sby-the-server" } }],
  });
  expect(result).toMatchObject({ kind: "written" });
  await vi.waitFor(() => expect(one.device.creations.get("by-the-server")).toBe(1), patience);
});

test("a partition that fails in the middle of a turn starts anew, and what was not acknowledged comes again, once", async () => {
  const partition = stringPartition("fails");
  const one = await foundPartition(partition);
  const two = await goOnline(partition, "two");
  const stub = objectOf(partition);
  await runInDurableObject(stub, (_object, state) => void state.storage.sql.exec("ALTER TABLE history_segment RENAME TO hidden"));
  two.device.make();
  two.device.uploadAll();
  await expect(two.ended).rejects.toThrow("json_error 200");
  await expect(one.ended).rejects.toThrow("json_error 200");
  await runInDurableObject(
    objectOf(partition),
    (_object, state) => void state.storage.sql.exec("ALTER TABLE hidden RENAME TO history_segment"),
  );
  const again = await Promise.all([goOnline(partition, "founder", one), goOnline(partition, "two", two)]);
  again[1].device.uploadAll();
  await untilDone(again[1]);
  await vi.waitFor(() => expect(one.device.creations.get("two-0")).toBe(1), patience);
});
