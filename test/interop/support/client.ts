// Real devices: a process with the native core of an unmodified Realm SDK in it, and typed calls to the devices and realms that live there.
import { spawn, type ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import type {
  ClassSchema,
  ClientReset,
  Credentials,
  Dump,
  Operation,
  RealmEvent,
  Refusal,
  SignedInUser,
  Value,
  Values,
} from "./notation.ts";
import { scratchFolder } from "./scratch.ts";
import { clientClasspath } from "./toolchain.ts";

/** A command that the SDK or the server refused. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly refusal: Refusal;
  constructor(command: string, refusal: Refusal) {
    super(`${command}: ${refusal.name}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

type Line =
  | { readonly event: "ready"; readonly core: string }
  | RealmEvent
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: Refusal };

interface Pending {
  readonly command: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One client process; any number of devices live in it, each with its own folder, user and thread. Commands of one device run in order, those of different devices side by side. */
export class ClientProcess {
  /** Version of the SDK's native core. */
  core = "";
  /** Everything that the SDK reported by itself, oldest first. */
  readonly events: RealmEvent[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  readonly #watchers = new Set<() => void>();
  #lastId = 0;
  #devices = 0;

  private constructor() {
    // Lines are UTF-8 whatever the machine's locale is: Java 17 would take that for its standard streams.
    const options = [
      "-Dfile.encoding=UTF-8",
      "-Dsun.jnu.encoding=UTF-8",
      "-Xmx1g",
      "-XX:TieredStopAtLevel=1",
      "-XX:+UseSerialGC",
      "-cp",
      clientClasspath(),
      "reeve.interop.MainKt",
    ];
    this.#child = spawn("java", options, { stdio: ["pipe", "pipe", "inherit"], cwd: tmpdir() });
    // A write to a process that has just ended is answered by its end.
    this.#child.stdin?.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#fail(error));
      this.#child.once("exit", (code, signal) => {
        this.#fail(new Error(`the client process ended (${signal ?? code})`));
        resolve();
      });
    });
  }

  static async start(): Promise<ClientProcess> {
    const client = new ClientProcess();
    await new Promise<void>((resolve, reject) => {
      client.#pending.set(0, { command: "start", resolve: () => resolve(), reject });
      createInterface({ input: client.#child.stdout! }).on("line", (line) => client.#receive(line));
    });
    return client;
  }

  /** Starts a device. A `folder` of an earlier one continues it: its user, files and unsent changes. */
  async device(
    server: { readonly url: string; readonly appId?: string },
    options: { readonly folder?: string; readonly multiplex?: boolean } = {},
  ): Promise<Device> {
    const name = `device ${++this.#devices}`;
    const { folder = scratchFolder("device"), multiplex = false } = options;
    const args = { device: name, baseUrl: server.url, appId: server.appId ?? "users", folder, multiplex };
    const { user } = (await this.call("startDevice", args)) as { user: SignedInUser | null };
    return new Device(this, name, folder, user);
  }

  /** Sends one command. `timeoutMs` bounds the SDK's own waiting. */
  call(command: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        return reject(new Error(`${command}: the client process has ended`));
      this.#pending.set(id, { command, resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ ...args, id, command })}\n`);
    });
  }

  /** The first event, past or future, that `accept` accepts. */
  async event<E extends RealmEvent>(what: string, accept: (event: RealmEvent) => event is E, timeoutMs = 30_000): Promise<E> {
    const found = () => this.events.find(accept);
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const look = () => {
        const event = found();
        if (event === undefined) return;
        done();
        resolve(event);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`no ${what} within ${timeoutMs} ms; the last events: ${JSON.stringify(this.events.slice(-6))}`));
      }, timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Ends the process at once, as a device that loses power does: nothing is flushed or said to the server. */
  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #receive(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      // The virtual machine's own report of a crash.
      process.stderr.write(`client process: ${text}\n`);
      return;
    }
    if ("id" in line) {
      const pending = this.#pending.get(line.id);
      this.#pending.delete(line.id);
      if ("error" in line) pending?.reject(new CommandError(pending.command, line.error));
      else pending?.resolve(line.result);
    } else if (line.event === "ready") {
      this.core = line.core;
      this.#pending.get(0)?.resolve(undefined);
      this.#pending.delete(0);
    } else {
      this.events.push(line);
      for (const watcher of this.#watchers) watcher();
    }
  }

  #fail(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(new Error(`${pending.command}: ${error.message}`));
    this.#pending.clear();
  }
}

export interface OpenOptions {
  readonly schema: readonly ClassSchema[];
  /** The partition's value as extended JSON. */
  readonly partition: Value | Readonly<Record<string, unknown>>;
  readonly clientReset?: ClientReset;
  /** Wait for the first download before opening. */
  readonly downloadFirst?: boolean;
  /** A file other than the SDK's own choice: two copies of a partition on one device. */
  readonly path?: string;
}

/** What a link in a message carries to the app that it opens. */
export interface LinkSecrets {
  readonly token: string;
  readonly tokenId: string;
}

/** A device: an app with its own folder and user. */
export class Device {
  readonly process: ClientProcess;
  readonly name: string;
  readonly folder: string;
  /** The user of an earlier run in this folder. */
  readonly restoredUser: SignedInUser | null;
  #realms = 0;

  constructor(process: ClientProcess, name: string, folder: string, restoredUser: SignedInUser | null) {
    this.process = process;
    this.name = name;
    this.folder = folder;
    this.restoredUser = restoredUser;
  }

  async signIn(credentials: Credentials = { provider: "anonymous" }): Promise<SignedInUser> {
    return (await this.call("signIn", { ...credentials })) as SignedInUser;
  }

  async link(credentials: Credentials): Promise<SignedInUser> {
    return (await this.call("link", { ...credentials })) as SignedInUser;
  }

  async register(email: string, password: string): Promise<void> {
    await this.call("register", { email, password });
  }

  /** @param link what the link in the message says */
  async confirmEmail(link: LinkSecrets): Promise<void> {
    await this.call("confirmEmail", { ...link });
  }

  /** Asks for a message with a link by which a new password may be set. */
  async requestReset(email: string): Promise<void> {
    await this.call("requestReset", { email });
  }

  async user(): Promise<SignedInUser | null> {
    return (await this.call("user")) as SignedInUser | null;
  }

  async signOut(): Promise<void> {
    await this.call("signOut");
  }

  /** Asks the server to delete the user, and forgets it here. */
  async deleteUser(): Promise<void> {
    await this.call("deleteUser");
  }

  async createApiKey(name: string): Promise<{ readonly id: string; readonly key: string }> {
    return (await this.call("createApiKey", { name })) as { id: string; key: string };
  }

  /** Asks the server for a new access token, and with it for the user's custom data. */
  async refreshCustomData(): Promise<void> {
    await this.call("refreshCustomData");
  }

  async callFunction(name: string, args: readonly Value[]): Promise<unknown> {
    return this.call("callFunction", { name, arguments: args });
  }

  /** Forgets back-off delays and connects at once, as SDKs do when the network changes. */
  async reconnect(): Promise<void> {
    await this.call("reconnect");
  }

  async stop(): Promise<void> {
    await this.call("stopDevice");
  }

  async open(options: OpenOptions): Promise<DeviceRealm> {
    return this.#open({ ...options });
  }

  async openFlexible(options: { readonly schema: readonly ClassSchema[]; readonly clientReset?: ClientReset }): Promise<DeviceRealm> {
    return this.#open({ ...options, flexible: true });
  }

  /** A realm that is not synced. */
  async openLocal(options: { readonly schema: readonly ClassSchema[] }): Promise<DeviceRealm> {
    return this.#open({ ...options, local: true });
  }

  call(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return this.process.call(command, { device: this.name, ...args });
  }

  async #open(options: Readonly<Record<string, unknown>>): Promise<DeviceRealm> {
    const name = `realm ${++this.#realms}`;
    const { path } = (await this.call("open", { realm: name, ...options })) as { path: string };
    return new DeviceRealm(this, name, path);
  }
}

/** One open realm of a device. */
export class DeviceRealm {
  readonly device: Device;
  readonly name: string;
  /** The database file on the device. */
  readonly path: string;

  constructor(device: Device, name: string, path: string) {
    this.device = device;
    this.name = name;
    this.path = path;
  }

  /** All operations in one transaction, or none when one of them fails. */
  async write(...operations: readonly Operation[]): Promise<void> {
    await this.#call("write", { operations });
  }

  async dump(): Promise<Dump> {
    return (await this.#call("dump")) as Dump;
  }

  async objects(className: string, query?: string, ...args: readonly Value[]): Promise<readonly Values[]> {
    return (await this.#call("objects", { class: className, query, arguments: args })) as readonly Values[];
  }

  async count(className: string, query?: string): Promise<number> {
    return (await this.#call("count", { class: className, query })) as number;
  }

  /** Waits until `count` objects (or more) match. */
  async waitForCount(
    className: string,
    count: number,
    options: { readonly query?: string; readonly orMore?: boolean; readonly timeoutMs?: number } = {},
  ): Promise<void> {
    await this.#call("waitForCount", { class: className, count, ...options });
  }

  /** Resolves when the server has acknowledged every local change. */
  async upload(timeoutMs?: number): Promise<void> {
    await this.#call("upload", { timeoutMs });
  }

  /** Resolves when this device has everything that the server had when it was asked. */
  async download(timeoutMs?: number): Promise<void> {
    await this.#call("download", { timeoutMs });
  }

  async pause(): Promise<void> {
    await this.#call("pause");
  }

  async resume(): Promise<void> {
    await this.#call("resume");
  }

  async session(): Promise<{ readonly state: string; readonly connection: string }> {
    return (await this.#call("session")) as { state: string; connection: string };
  }

  async subscribe(
    queries: readonly { readonly class: string; readonly query?: string; readonly arguments?: readonly Value[] }[],
  ): Promise<{ readonly state: string; readonly error: string | null }> {
    return (await this.#call("subscribe", { queries })) as { state: string; error: string | null };
  }

  async close(): Promise<void> {
    await this.#call("close");
  }

  /** The first event of this realm, past or future, of a kind (and for which `accept` holds). */
  event<K extends RealmEvent["event"]>(
    kind: K,
    accept: (event: Extract<RealmEvent, { event: K }>) => boolean = () => true,
    timeoutMs?: number,
  ): Promise<Extract<RealmEvent, { event: K }>> {
    const mine = (event: RealmEvent): event is Extract<RealmEvent, { event: K }> =>
      event.event === kind &&
      event.device === this.device.name &&
      event.realm === this.name &&
      accept(event as Extract<RealmEvent, { event: K }>);
    return this.device.process.event(`${kind} of ${this.device.name}`, mine, timeoutMs);
  }

  /** The events of this realm so far. */
  events(): readonly RealmEvent[] {
    return this.device.process.events.filter((event) => event.device === this.device.name && event.realm === this.name);
  }

  #call(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return this.device.call(command, { realm: this.name, ...args });
  }
}
