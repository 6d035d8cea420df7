// What every scenario starts from: a process of real devices, the shared server, partitions of their own, and the question whether all hold the same.
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { ClientProcess, type Device, type DeviceRealm, type OpenOptions } from "./client.ts";
import { create, type ClassSchema, type Credentials, type Dump, type RealmEvent } from "./notation.ts";
import { Network } from "./proxy.ts";

/** Where a device signs in: a server's base URL, the shared one's unless said, and an App ID, the default realm's unless said. */
export interface Address {
  readonly url?: string;
  readonly appId?: string;
}

/** The devices of one file of scenarios. They live in one process, which starts before the first scenario and ends after the last. */
export class Stage {
  #client: ClientProcess | undefined;

  constructor() {
    beforeAll(async () => {
      this.#client = await ClientProcess.start();
    });
    afterAll(() => this.client.stop());
  }

  get client(): ClientProcess {
    if (this.#client === undefined) throw new Error("the devices start before the first scenario");
    return this.#client;
  }

  /** Base URL of the server that the files share. */
  get serverUrl(): string {
    return inject("sharedServerUrl");
  }

  /** A device whose user has signed in; an anonymous user of its own unless there are credentials. */
  async device(options: Address & { readonly credentials?: Credentials; readonly multiplex?: boolean } = {}): Promise<Device> {
    const { multiplex = false, credentials } = options;
    const device = await this.newDevice(options, { multiplex });
    await device.signIn(credentials);
    return device;
  }

  /** A device with nobody signed in. */
  newDevice({ url, appId }: Address = {}, options: { readonly multiplex?: boolean } = {}): Promise<Device> {
    return this.client.device({ url: url ?? this.serverUrl, ...(appId === undefined ? {} : { appId }) }, options);
  }

  /** Registers somebody new with e-mail and password; no device is signed in as them yet. */
  async newAccount(address: Address = {}): Promise<Credentials & { readonly provider: "email" }> {
    const credentials = { provider: "email", email: `${randomUUID()}@example.test`, password: "correct horse" } as const;
    const device = await this.newDevice(address);
    await device.register(credentials.email, credentials.password);
    await device.stop();
    return credentials;
  }

  /** A partition that no other scenario uses. */
  partition(schema: readonly ClassSchema[], address: Address = {}): Partition {
    return new Partition(this, schema, address);
  }
}

/** One partition and the devices that share it. */
export class Partition {
  readonly value = `interop-${randomUUID()}`;
  readonly #stage: Stage;
  readonly #schema: readonly ClassSchema[];
  readonly #address: Address;
  /** Bytes; more than twice what any scenario's objects take. */
  #nextBallast = 3_000_000;

  constructor(stage: Stage, schema: readonly ClassSchema[], address: Address) {
    this.#stage = stage;
    this.#schema = schema;
    this.#address = address;
  }

  /** Opens the partition on `device`. */
  open(device: Device, options: Partial<OpenOptions> = {}): Promise<DeviceRealm> {
    return device.open({ schema: this.#schema, partition: this.value, ...options });
  }

  /** Opens the partition on a new device, and waits until it has what the server has. */
  async join(options: Partial<OpenOptions> = {}): Promise<DeviceRealm> {
    const device = await this.#stage.device(this.#address);
    const realm = await this.open(device, options);
    await realm.download();
    return realm;
  }

  /** `count` new devices that have all uploaded their schema and seen the others' one. */
  async joined(count: number): Promise<readonly DeviceRealm[]> {
    const realms: DeviceRealm[] = [];
    for (let i = 0; i < count; i += 1) realms.push(await this.join());
    await settle(realms);
    return realms;
  }

  /** Waits until all of `realms` have exchanged everything, and expects the same objects on each of them and on a device that joins only now. */
  async expectSame(realms: readonly DeviceRealm[]): Promise<Dump> {
    await settle(realms);
    const fresh = await this.join({ downloadFirst: true });
    const [newcomer, ...others] = await Promise.all([fresh, ...realms].map((realm) => realm.dump()));
    if (newcomer === undefined) throw new Error("no device to compare");
    for (const realm of [fresh, ...realms]) expect(realm.events().filter(isFailure), `failures of ${realm.device.name}`).toEqual([]);
    await fresh.device.stop();
    for (const [index, other] of others.entries())
      expect(other, `objects of ${realms[index]?.device.name} and of a device that joined last`).toEqual(newcomer);
    return newcomer;
  }

  /**
   * Expects the server's own objects to be those of `realm`. The server shows them to a device that joins when the history is long and the state
   * small: it is sent the objects as the server holds them, and none of the history that the other devices merged.
   */
  async expectServerObjects(realm: DeviceRealm): Promise<void> {
    await settle([realm]);
    const ballast = await this.lengthenHistory();
    const network = await Network.to(this.#address.url ?? this.#stage.serverUrl);
    try {
      const fresh = await this.open(await this.#stage.device({ ...this.#address, url: network.url }), { downloadFirst: true });
      expect(network.received, "bytes to a device that joins, without the history").toBeLessThan(ballast / 2);
      expect(await fresh.dump(), "the server's own objects").toEqual(await realm.dump());
      await fresh.device.stop();
    } finally {
      await network.close();
    }
  }

  /**
   * Makes the history so much longer than the state that devices which join from now on are sent the state: writes objects of a class of their own
   * and deletes them. Answers how many bytes that were. A server that has made a compact state makes the next one when the history has doubled.
   */
  async lengthenHistory(): Promise<number> {
    const schema = [...this.#schema, { name: "Ballast", primaryKey: "_id", properties: { _id: "int", bytes: "data" } }];
    const device = await this.join({ schema });
    const pieces = 4;
    const ballast = this.#nextBallast;
    this.#nextBallast = ballast * 2;
    for (let n = 0; n < pieces; n += 1)
      await device.write(create("Ballast", { _id: n, bytes: randomBytes(ballast / pieces).toString("hex") }));
    await device.write({ op: "deleteAll", class: "Ballast" });
    await device.upload();
    await device.device.stop();
    return ballast;
  }
}

/** The server refused something or sent something that the device could not integrate. Lost connections are none. */
function isFailure(event: RealmEvent): boolean {
  return event.event === "error" && (event.fatal || event.codeName === "BadChangeset");
}

/** Waits until the server has everything of all `realms`, and they everything of the server. */
export async function settle(realms: readonly DeviceRealm[]): Promise<void> {
  await Promise.all(realms.map((realm) => realm.upload()));
  await Promise.all(realms.map((realm) => realm.download()));
}

/** Runs `edits` while none of `realms` is connected. */
export async function offline(realms: readonly DeviceRealm[], edits: () => Promise<void>): Promise<void> {
  await Promise.all(realms.map((realm) => realm.pause()));
  await edits();
  await Promise.all(realms.map((realm) => realm.resume()));
}

/** Waits until the clock shows a later millisecond, the unit in which changes are ordered. */
export async function laterMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve));
}
