import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authorisePartition, type PartitionAccess } from "../../../src/accounts/access.ts";
import type { RealmAccounts } from "../../../src/accounts/accounts.ts";
import { newId } from "../../../src/accounts/ids.ts";
import type { RealmSettingsInput } from "../../../src/accounts/settings.ts";
import { createWorld, type World } from "./support.ts";

const all = { mayRead: true, mayWrite: true, mayManage: true };
const none = { mayRead: false, mayWrite: false, mayManage: false };
const everybody = { kind: "everybody" } as const;

let world: World;
let realm: RealmAccounts;
let count = 0;

const open = async (settings: RealmSettingsInput = {}) => {
  count += 1;
  realm = await world.realm({ name: `access-${count}`, settings });
};

const newUser = async (): Promise<string> => {
  const created = await realm.users.create({});
  if (!created.ok) throw new Error(created.conflict);
  return created.value.id;
};

const flagsOf = (access: PartitionAccess) => (access.kind === "decided" ? access.access : access.reason);
const ask = async (userId: string, partition = "p") => {
  const sessionId = newId(0);
  const session = {
    id: sessionId,
    userId,
    provider: "test",
    apiKeyId: null,
    deviceId: newId(0),
    device: {},
    expiresAt: world.now() + 1000,
  };
  // A user who does not exist has no sign-in either.
  await realm.sessions.create(session).catch(() => {});
  return flagsOf(await authorisePartition(realm, { userId, sessionId }, partition));
};

beforeAll(async () => {
  world = await createWorld();
});

beforeEach(() => open());

describe("who may do what with a partition (D1)", () => {
  test("in a fresh realm any signed-in user may read and write, and nobody may manage", async () => {
    expect(await ask(await newUser())).toEqual({ mayRead: true, mayWrite: true, mayManage: false });
  });

  test("a realm can keep its partitions closed until they are shared", async () => {
    await open({ openPartitions: none });
    expect(await ask(await newUser())).toEqual(none);
  });

  test("the owner has everything, and others have nothing until they are given it", async () => {
    const [owner, guest] = [await newUser(), await newUser()];
    await realm.partitions.noteOpened("p", owner);
    expect(await ask(owner)).toEqual(all);
    expect(await ask(guest)).toEqual(none);
    await realm.grants.set("p", { kind: "user", userId: guest }, { mayRead: true });
    expect(await ask(guest)).toEqual({ ...none, mayRead: true });
  });

  test("the first grant closes a partition to whoever is not named", async () => {
    const [named, other] = [await newUser(), await newUser()];
    await realm.grants.set("p", { kind: "user", userId: named }, { mayRead: true, mayWrite: true });
    expect(await ask(named)).toEqual({ ...all, mayManage: false });
    expect(await ask(other)).toEqual(none);
    expect(await ask(other, "another")).toEqual({ ...all, mayManage: false });
  });

  test("a user's own flag wins over everybody's, and an unset one falls back to it", async () => {
    const user = await newUser();
    await realm.grants.set("p", everybody, { mayRead: true, mayWrite: true });
    await realm.grants.set("p", { kind: "user", userId: user }, { mayWrite: false });
    expect(await ask(user)).toEqual({ ...none, mayRead: true });
    expect(await ask(await newUser())).toEqual({ ...all, mayManage: false });
  });

  test("flags that a change leaves out stay as they are; null unsets; a grant without flags is gone", async () => {
    const subject = { kind: "user", userId: await newUser() } as const;
    await realm.grants.set("p", subject, { mayRead: true, mayWrite: true });
    await realm.grants.set("p", subject, { mayWrite: false });
    expect(await realm.grants.find("p", subject)).toMatchObject({ mayRead: true, mayWrite: false, mayManage: null });
    await realm.grants.set("p", subject, { mayRead: null, mayWrite: null });
    expect(await realm.grants.find("p", subject)).toBeUndefined();
    expect(await realm.grants.listForPartition("p")).toEqual([]);
  });

  test("admins have everything; locked, disabled and unknown users and inactive realms get nothing", async () => {
    const user = await newUser();
    await realm.partitions.noteOpened("p", await newUser());
    await realm.admins.grant(user, "realm", null);
    expect(await ask(user)).toEqual(all);
    await realm.users.setState(user, "locked");
    expect(await ask(user)).toBe("user locked");
    await realm.users.setState(user, "disabled");
    expect(await ask(user)).toBe("user disabled");
    expect(await ask("0".repeat(24))).toBe("user unknown");
    await world.accounts.realms.update(realm.realm, { active: false });
    expect(await ask(user)).toBe("realm inactive");
  });

  test("a deleted user's grants are gone, and what they owned is still theirs by id", async () => {
    const user = await newUser();
    await realm.partitions.noteOpened("p", user);
    await realm.grants.set("q", { kind: "user", userId: user }, { mayRead: true });
    await realm.users.delete(user);
    expect(await realm.grants.listForPartition("q")).toEqual([]);
    expect((await realm.partitions.find("p"))?.ownerId).toBe(user);
  });

  test("the same partition key in another realm is another partition", async () => {
    const first = realm;
    const owner = await newUser();
    await first.partitions.noteOpened("p", owner);
    await open();
    expect(await realm.partitions.find("p")).toBeUndefined();
    expect(await ask(owner)).toBe("user unknown");
  });
});

describe("open sessions learn of changes at once (D13)", () => {
  test("every change of a grant, an owner, an admin, a user or the realm is announced", async () => {
    const user = await newUser();
    const announced = async (work: () => Promise<unknown>) => {
      world.changes.length = 0;
      await work();
      return world.changes.map(({ userId, partition }) => [userId, partition]);
    };
    const subject = { kind: "user", userId: user } as const;
    expect(await announced(() => realm.grants.set("p", subject, { mayRead: true }))).toEqual([[user, "p"]]);
    expect(await announced(() => realm.grants.remove("p", subject))).toEqual([[user, "p"]]);
    expect(await announced(() => realm.grants.set("p", everybody, { mayRead: true }))).toEqual([[undefined, "p"]]);
    await realm.partitions.noteOpened("p");
    expect(await announced(() => realm.partitions.setOwner("p", user))).toEqual([[undefined, "p"]]);
    expect(await announced(() => realm.admins.grant(user, "realm", null))).toEqual([[user, undefined]]);
    expect(await announced(() => realm.admins.revoke(user))).toEqual([[user, undefined]]);
    expect(await announced(() => realm.users.setState(user, "locked"))).toEqual([[user, undefined]]);
    expect(await announced(() => realm.users.update(user, { customData: { a: 1 } }))).toEqual([[user, undefined]]);
    expect(await announced(() => world.accounts.realms.update(realm.realm, { active: false }))).toEqual([[undefined, undefined]]);
    expect(await announced(() => realm.users.delete(user))).toEqual([[user, undefined]]);
  });
});

describe("the first admin (C13)", () => {
  test("of two first visits only one becomes admin of the server", async () => {
    const [first, second] = [await newUser(), await newUser()];
    const won = await Promise.all([realm.admins.grantFirst(first), realm.admins.grantFirst(second)]);
    expect(won.filter(Boolean).length).toBe(1);
    expect((await realm.admins.list()).map((right) => right.scope)).toEqual(["server"]);
  });
});
