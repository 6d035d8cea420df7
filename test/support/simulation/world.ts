import { stateToJson } from "../../../src/store/objects/index.ts";
import { originEpoch } from "../../../src/store/partition-store.ts";
import type { Instruction } from "../../../src/changeset/model.ts";
import type { Outgoing, PartitionAccess } from "../../../src/session/ports.ts";
import { Device } from "./device.ts";
import { drawEdit, laterColumn, schema, transaction } from "./edits.ts";
import { Random } from "./random.ts";
import { Server, type ServerOptions } from "./server.ts";

/** What may happen in one step, and how often. */
export const actions = {
  edit: 8,
  pump: 6,
  deliverUp: 10,
  turn: 6,
  deliverDown: 10,
  drop: 0.6,
  hibernate: 0.4,
  crash: 0.1,
  crashInTurn: 0.2,
  mark: 0.3,
  unbind: 0.2,
  settle: 0.3,
  maintain: 0.1,
  serverWrite: 0.5,
  /** Only where a run asks for them. */
  changeRights: 0,
  backUp: 0,
  restoreBackup: 0,
} as const;
export type Action = keyof typeof actions;

export interface WorldOptions extends ServerOptions {
  readonly seed: number;
  readonly devices: number;
  readonly keys?: number;
  /** Up to this many days pass before each maintenance. */
  readonly maintenanceDays?: number;
  readonly weights?: Partial<Record<Action, number>>;
}

/** A server and its devices, driven by a seed: every order of steps is possible. Invariants are checked after each. */
export class World {
  readonly server: Server;
  readonly devices: Device[] = [];
  readonly counts: Record<Action, number>;
  readonly random: Random;
  readonly #options: WorldOptions;
  readonly #readOnly = new Set<string>();
  readonly #pipes = new Map<string, Device>();
  readonly #seenVersions = new Map<number, { readonly client: number; readonly base: number; readonly locked: number }>();

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.server = new Server(options);
    this.counts = Object.fromEntries(Object.keys(actions).map((action) => [action, 0])) as Record<Action, number>;
    for (let index = 0; index < options.devices; index++) this.addDevice();
  }

  addDevice(): Device {
    const device = new Device(`device${this.devices.length}`);
    device.file.state.apply(schema);
    device.file.commit(schema, this.#timestamp());
    this.devices.push(device);
    return device;
  }

  step(): void {
    const action = this.random.weighted({ ...actions, ...this.#options.weights });
    this.counts[action] += 1;
    this.server.now += this.random.below(50);
    this.#act(action);
    this.check();
  }

  /** Connects everybody and lets them talk until nothing is left to say. */
  quiesce(): void {
    for (let round = 0; round < 2000; round++) {
      let moved = false;
      for (const device of this.devices) {
        device.retry();
        if (device.pipe === undefined && !device.stopped) this.#connect(device);
        while (device.pump(1 + this.random.below(5))) moved = true;
        while (this.#deliverUp(device)) moved = true;
      }
      moved = this.#turn() || moved;
      for (const device of this.devices) while (this.#deliverDown(device)) moved = true;
      this.check();
      if (moved) continue;
      const waiting = this.devices.filter((device) => !device.isIdle);
      if (waiting.length === 0) return;
      for (const device of waiting) device.retry();
      if (waiting.every((device) => device.pipe?.up.length === 0)) {
        throw new Error(`${waiting.map((device) => device.file.name).join(", ")} wait for something that never comes`);
      }
    }
    throw new Error("the devices never stop talking");
  }

  /** Invariants 3 and 4 of server-semantics §17, once nothing moves. */
  checkConvergence(): void {
    const { store } = this.server;
    const expected = JSON.stringify(stateToJson(store.objects, "brief"));
    for (const device of this.devices) {
      if (device.stopped) continue;
      const state = JSON.stringify(stateToJson(device.file.state, "brief"));
      if (state !== expected) throw new Error(`${device.file.name} differs from the server:\n${state}\n${expected}`);
      if (device.file.download.serverVersion !== store.history.current) throw new Error(`${device.file.name} is behind`);
    }
    const versions = new Map<number, number[]>();
    for (const entry of store.history.entries(store.history.base + 1, store.history.current)) {
      if (entry.origin !== 0) versions.set(entry.origin, [...(versions.get(entry.origin) ?? []), entry.clientVersion]);
    }
    for (const [origin, integrated] of versions) {
      if (integrated.some((version, index) => index > 0 && version <= integrated[index - 1]!))
        throw new Error(`file ${origin} has duplicates: ${integrated}`);
    }
    if (store.history.base > 0) return;
    for (const { file, stopped } of this.devices) {
      const integrated = versions.get(file.fileIdent) ?? [];
      if (!stopped && JSON.stringify(integrated) !== JSON.stringify(file.written)) {
        throw new Error(`${file.name} wrote ${file.written}, integrated were ${integrated}`);
      }
    }
  }

  /** Invariants 1 and 2, after every step. */
  check(): void {
    const { store } = this.server;
    for (const { file } of this.devices) {
      const record = file.fileIdent === 0 ? undefined : store.files.get(file.fileIdent);
      if (record === undefined) continue;
      const { clientVersion, baseVersion, lockedVersion } = record;
      if (baseVersion > lockedVersion && lockedVersion > 0)
        throw new Error(`file ${file.fileIdent}: base ${baseVersion} above locked ${lockedVersion}`);
      if (lockedVersion > store.history.current)
        throw new Error(`file ${file.fileIdent}: locked ${lockedVersion} above ${store.history.current}`);
      const durable = store.files.durableProgress(record);
      const before = this.#seenVersions.get(file.fileIdent);
      if (before !== undefined && (durable.clientVersion < before.client || durable.serverVersion < before.base)) {
        throw new Error(`file ${file.fileIdent}: durable progress went back`);
      }
      this.#seenVersions.set(file.fileIdent, { client: durable.clientVersion, base: durable.serverVersion, locked: lockedVersion });
      if (clientVersion < durable.clientVersion) throw new Error(`file ${file.fileIdent}: progress below what is durable`);
    }
  }

  /** Server restored to an older state: what was known of files no longer holds. */
  restoreBackup(): void {
    this.server.restoreBackup();
    this.#seenVersions.clear();
    this.#loseAll();
  }

  backUp(): void {
    this.server.backUp();
    this.#loseAll();
  }

  drop(device: Device): void {
    if (device.pipe === undefined) return;
    this.server.disconnect(device.pipe.id);
    this.#pipes.delete(device.pipe.id);
    device.lose();
  }

  edit(device: Device): void {
    if (device.stopped) return;
    const { file } = device;
    // After a reset to a state from before its schema was uploaded, the app brings it again.
    if (file.state.classNamed("Item") === undefined) {
      file.state.apply(schema);
      file.commit(schema, this.#timestamp());
    }
    const instructions =
      this.random.chance(0.02) && !file.state.classNamed("Item")!.columns.some(({ field }) => field === "note") ? [laterColumn] : undefined;
    if (instructions !== undefined) file.state.apply(instructions);
    file.commit(instructions ?? transaction(this.random, file.state, this.#options.keys ?? 8), this.#timestamp());
  }

  close(): void {
    this.server.close();
  }

  #act(action: Action): void {
    const device = this.random.pick(this.devices);
    switch (action) {
      case "edit":
        this.edit(device);
        return;
      case "pump":
        device.retry();
        if (device.pipe === undefined && !device.stopped) this.#connect(device);
        else device.pump(1 + this.random.below(4));
        return;
      case "deliverUp":
        this.#deliverUp(device);
        return;
      case "turn":
        this.#turn();
        return;
      case "deliverDown":
        this.#deliverDown(device);
        return;
      case "drop":
        this.drop(device);
        return;
      case "hibernate":
        // A host hibernates only when nothing waits.
        while (this.#turn()) continue;
        this.server.hibernate();
        return;
      case "crash":
        this.server.crash();
        this.#loseAll();
        return;
      case "crashInTurn":
        this.server.turnAndCrash(this.random.below(6));
        this.#loseAll();
        return;
      case "mark":
        device.mark();
        return;
      case "unbind":
        device.unbind();
        return;
      case "settle":
        this.server.sessions.settle();
        return;
      case "serverWrite": {
        const edit = drawEdit(this.random, this.server.store.objects, this.#options.keys ?? 8);
        if (edit !== undefined) this.#writeAsServer(edit);
        return;
      }
      case "changeRights":
        if (this.#readOnly.delete(device.userId) === false) this.#readOnly.add(device.userId);
        this.server.sessions.reauthorise(({ userId }) => ({ kind: "access", access: this.#accessOf(userId) }));
        return;
      case "backUp":
        // A restored partition that knows nobody makes its devices wait (IN6).
        if (this.server.store.history.current > 0) this.backUp();
        return;
      case "restoreBackup":
        if (this.server.hasBackup) this.restoreBackup();
        return;
      case "maintain":
        this.server.now += this.random.below(this.#options.maintenanceDays ?? 1) * 24 * 60 * 60 * 1000;
        this.server.sessions.maintain();
        return;
    }
  }

  #connect(device: Device): void {
    const { id } = device.connect();
    const { userId, protocolVersion } = device;
    this.#pipes.set(id, device);
    this.server.connect(id, { userId, access: this.#accessOf(userId), protocolVersion, offeredMaximum: protocolVersion });
  }

  #accessOf(userId: string): PartitionAccess {
    return { mayRead: true, mayWrite: !this.#readOnly.has(userId), mayManage: false };
  }

  #writeAsServer(edit: Instruction): void {
    if (this.server.store.objects.classNamed("Item") === undefined) return;
    const result = this.server.sessions.writeAsServer({ instructions: [edit] });
    if (result.kind === "refused") throw new Error(`the server's own change was refused: ${result.reason}`);
  }

  #loseAll(): void {
    for (const device of this.devices) device.lose();
    this.#pipes.clear();
  }

  #deliverUp(device: Device): boolean {
    const frame = device.pipe?.up.shift();
    if (frame === undefined) return false;
    this.server.sessions.receive(device.pipe!.id, frame);
    return true;
  }

  #turn(): boolean {
    const { outgoing, more } = this.server.turn();
    for (const item of outgoing) this.#send(item);
    return outgoing.length > 0 || more;
  }

  #send(item: Outgoing): void {
    const device = this.#pipes.get(item.connection);
    if (item.kind === "frame") device?.pipe?.down.push(item.frame);
    else {
      device?.lose();
      this.#pipes.delete(item.connection);
    }
  }

  #deliverDown(device: Device): boolean {
    const frame = device.pipe?.down.shift();
    if (frame === undefined) return false;
    device.receive(frame);
    return true;
  }

  #timestamp(): number {
    // Clocks of devices differ by up to a second either way.
    return this.server.now - originEpoch + this.random.below(2000) - 1000;
  }
}
