import { DurableObject } from "cloudflare:workers";
import { openAccounts } from "../accounts/accounts.ts";
import { createLog, parseLogSetting } from "../platform/logging.ts";
import { closes } from "../protocol/close.ts";
import type { LogPort, ServerChange, ServerWriteResult, SessionMetrics } from "../session/ports.ts";
import { decisionFor, noAccess } from "./access-decision.ts";
import type { PartitionAddress } from "./address.ts";
import { authorisePartition, type Authorisation } from "./authorise-partition.ts";
import { countBirths, readBirth, register, replaceBirth, writeBirth, type Birth } from "./birth.ts";
import { listClasses, listClientFiles, listObjects, type ClassReport, type ClientFileReport, type ObjectsReport } from "./contents.ts";
import type { ObjectEnvironment } from "./environment.ts";
import { readHandshake, refusals, type Handshake } from "./handshake.ts";
import { meterOf, type MeterEnvironment } from "./meter-of.ts";
import { openPartition, type OpenPartition } from "./open-partition.ts";
import { Sockets } from "./sockets.ts";
import { Traffic } from "./traffic.ts";
import { noteVisitor } from "./visitors.ts";

/** After this much quiet (milliseconds) attachments are stored and the objects' rows brought up to date; until then a timer keeps the object awake. */
const quietDelay = 100;
/** A partition that never rests does that work all the same after so many delays: five seconds. */
const longestUnrest = 50;
/** How long the next report of traffic waits until the meter has said how often it wants one (milliseconds). */
const reportInterval = 2000;
const maintenanceInterval = 24 * 60 * 60 * 1000;

/** What operators see of a partition. */
export interface PartitionReport {
  readonly realm: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** False while the account store knows an earlier incarnation whose history is missing here. */
  readonly serving: boolean;
  readonly databaseBytes: number;
  /** Copies of the partition that devices ever got. */
  readonly clientFiles: number;
  /** The history's last position, and the one up to which it was dropped. */
  readonly serverVersion: number;
  readonly historyBase: number;
  /** Nothing is left to do: the object sleeps as soon as the platform likes. */
  readonly idle: boolean;
  /** Since this object last woke. */
  readonly metrics: SessionMetrics;
}

interface PartitionEnvironment extends ObjectEnvironment, MeterEnvironment {}

/**
 * One partition: the adapter that gives its sessions sockets, timers and storage. Every rule of sync is in the session room. What arrives is
 * queued and worked off in one timer turn with one commit; the platform holds back every message until the commit is durable.
 */
export class Partition extends DurableObject<PartitionEnvironment> {
  readonly #log;
  readonly #sockets: Sockets;
  readonly #traffic = new Traffic();
  /** Users who have used up their day here, until the meter says otherwise. */
  readonly #over = new Set<string>();
  #opened: OpenPartition | undefined;
  #turnPending = false;
  #quietPending = false;
  /** A turn was taken since the last look for quiet. */
  #stirred = false;
  /** Looks for quiet, one after the other, that found none. */
  #unrest = 0;
  #maintenanceArmed = false;
  /** Counts announced changes of access. */
  #accessChanges = 0;
  #lastDecision: Promise<void> = Promise.resolve();

  constructor(context: DurableObjectState, environment: PartitionEnvironment) {
    super(context, environment);
    const log = createLog(parseLogSetting(environment.LOG_LEVEL), "partition");
    this.#log = {
      log: (level, message, details) => {
        const address = readBirth(context.storage)?.address;
        log.log(level, message, { ...details, ...(address === undefined ? {} : { realm: address.realm, partition: address.key }) });
      },
    } satisfies LogPort;
    this.#sockets = new Sockets(context, this.#traffic);
    this.#sockets.wake((id, sessions) => this.#tryOpen() === undefined && this.#open().sessions.restore(id, sessions));
  }

  /** A gateway, or a client by way of one, asks for a socket (`handshake.ts`). */
  override async fetch(request: Request): Promise<Response> {
    const handshake = readHandshake(request);
    if (handshake === undefined) return new Response(null, { status: 404 });
    const refusal = (await this.#admit(handshake)) ?? this.#tryOpen();
    if (refusal !== undefined) return new Response(null, { status: refusals[refusal] });
    const authorisation = await this.#authoriseNewcomer(handshake);
    if (authorisation === undefined) return new Response(null, { status: refusals.unavailable });
    const { 0: client, 1: server } = new WebSocketPair();
    const id = this.#sockets.accept(server, handshake);
    const { connectionId, sessionId, info } = handshake;
    this.#log.log("detail", "a connection was accepted", { connection: id, gateway: connectionId, user: info.userId, signIn: sessionId });
    if (authorisation.kind === "shutOut") this.#sockets.close(id, authorisation.close.code, authorisation.close.reason);
    else
      this.#open().sessions.connect(id, { ...handshake.info, access: authorisation.kind === "access" ? authorisation.access : noAccess });
    this.#armMaintenance();
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): void {
    const received = this.#sockets.read(socket, data);
    if (received === undefined) return;
    const { sessions } = this.#open();
    for (const frame of received.frames) sessions.receive(received.id, frame);
    this.#armMaintenance();
    this.#scheduleTurn();
  }

  override webSocketClose(socket: WebSocket): void {
    this.#gone(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#gone(socket);
  }

  /** Retention, a day after the last traffic: an idle partition is not woken again. */
  override async alarm(): Promise<void> {
    this.#maintenanceArmed = false;
    if (readBirth(this.ctx.storage) === undefined || this.#tryOpen() !== undefined) return;
    this.#open().sessions.maintain();
    this.#scheduleTurn();
    // For a change of access of which this partition could not be told.
    await this.reauthorise();
  }

  /**
   * Decides the rights of open connections anew, those of one user or of all: call it after a grant, a rule, a user, a sign-in or the realm
   * changed. One call after the other, so that what an earlier one read never overwrites what a later one found.
   */
  reauthorise(userId?: string): Promise<void> {
    this.#accessChanges += 1;
    const decided = this.#lastDecision.then(() => this.#decideAnew(userId));
    // Only the order matters here: whether it failed is for the caller of this decision.
    this.#lastDecision = decided.catch(() => {});
    return decided;
  }

  /** A change the server makes on its own. Undefined: there is no such partition. */
  writeAsServer(change: ServerChange): ServerWriteResult | undefined {
    if (readBirth(this.ctx.storage)?.registered !== true) return undefined;
    const result = this.#open().sessions.writeAsServer(change);
    this.#scheduleTurn();
    return result;
  }

  /** Undefined: there is no such partition; asking makes none. */
  inspect(): PartitionReport | undefined {
    const birth = readBirth(this.ctx.storage);
    if (birth === undefined) return undefined;
    const { address, createdAt, registered } = birth;
    const { sessions, store } = this.#open();
    return {
      ...address,
      createdAt,
      serving: registered,
      databaseBytes: this.ctx.storage.sql.databaseSize,
      clientFiles: store.files.allocated,
      serverVersion: store.history.durable,
      historyBase: store.history.base,
      idle: !this.#turnPending && !this.#quietPending,
      metrics: sessions.metrics(),
    };
  }

  /** The devices' copies with an ident above `after`, in the order of idents. */
  clients(after: number, limit: number): readonly ClientFileReport[] {
    return readBirth(this.ctx.storage) === undefined ? [] : listClientFiles(this.#open().store, after, limit);
  }

  classes(): readonly ClassReport[] {
    return readBirth(this.ctx.storage) === undefined ? [] : listClasses(this.#open().store);
  }

  /** A page of a class's objects; undefined when there is no such class. */
  objects(className: string, after: string | undefined, limit: number): ObjectsReport | undefined {
    return readBirth(this.ctx.storage) === undefined ? undefined : listObjects(this.#open().store, className, after, limit);
  }

  /** Drops what history no known client file needs, as every day of traffic does. Undefined: there is no such partition. */
  compact(): { readonly droppedVersions: number; readonly historyBase: number; readonly databaseBytes: number } | undefined {
    if (readBirth(this.ctx.storage) === undefined) return undefined;
    const { sessions, store } = this.#open();
    const before = store.history.base;
    sessions.maintain();
    this.#scheduleTurn();
    const { base } = store.history;
    return { droppedVersions: base - before, historyBase: base, databaseBytes: this.ctx.storage.sql.databaseSize };
  }

  /** Declares the missing history lost for good (server-semantics IN6): devices that held it will be reset to what is here. */
  async declareLost(): Promise<void> {
    const birth = readBirth(this.ctx.storage);
    if (birth === undefined || birth.registered) return;
    this.#open().store.declareLossFinal();
    await replaceBirth(this.env.DB, birth);
    writeBirth(this.ctx.storage, { ...birth, registered: true });
  }

  /** Lets a connection in only once this partition is known to be itself, and not the empty successor of one whose storage is missing. */
  async #admit({ address }: Handshake): Promise<keyof typeof refusals | undefined> {
    const { storage } = this.ctx;
    let birth: Birth | undefined = readBirth(storage);
    if (birth?.registered === true) return undefined;
    if (birth === undefined) {
      birth = { address, createdAt: Date.now(), registered: false };
      writeBirth(storage, birth);
    }
    try {
      if (await this.#realmIsFull(address)) return "unavailable";
      if (await register(this.env.DB, birth)) {
        writeBirth(storage, { ...birth, registered: true });
        return undefined;
      }
    } catch (error) {
      this.#log.log("error", "a new partition could not be registered", { realm: address.realm, reason: String(error) });
      return "unavailable";
    }
    this.#log.log("error", "the history of a partition is missing; its devices wait", { realm: address.realm, partition: address.key });
    return "historyMissing";
  }

  /**
   * Decides over a newcomer once more. The gateway has decided already, but only from here on is it certain that a change is heard of: the
   * visit is noted first, and a change that is announced while the store is read has it read again. Undefined: nothing can be told now.
   */
  async #authoriseNewcomer({ address, info: { userId }, sessionId }: Handshake): Promise<Authorisation | undefined> {
    try {
      if (await this.#mustWait(address, userId)) return undefined;
      await noteVisitor(this.ctx.storage, this.env.DB, address, userId, Date.now());
      for (;;) {
        const known = this.#accessChanges;
        const authorisation = await authorisePartition(this.env.DB, address, { userId, sessionId });
        if (known === this.#accessChanges) return authorisation;
      }
    } catch (error) {
      this.#log.log("error", "the rights of a newcomer could not be decided", { realm: address.realm, reason: String(error) });
      return undefined;
    }
  }

  async #decideAnew(changed: string | undefined): Promise<void> {
    const birth = readBirth(this.ctx.storage);
    const bearers = this.#sockets.bearers(changed);
    if (birth === undefined || bearers.length === 0) return;
    const decided = await Promise.all(
      bearers.map(async (bearer) => ({ bearer, authorisation: await authorisePartition(this.env.DB, birth.address, bearer) })),
    );
    const { sessions } = this.#open();
    const byUser = new Map<string, Exclude<Authorisation, { kind: "shutOut" }>>();
    for (const { bearer, authorisation } of decided) {
      if (authorisation.kind === "shutOut") {
        sessions.disconnect(bearer.id);
        this.#sockets.close(bearer.id, authorisation.close.code, authorisation.close.reason);
      } else byUser.set(bearer.userId, authorisation);
    }
    sessions.reauthorise(({ userId }) => decisionFor(byUser.get(userId)));
    this.#scheduleTurn();
  }

  /** Whether the realm may have no further partition. Asked once in a partition's life, so a lower limit leaves those that exist. */
  async #realmIsFull({ realm, key }: PartitionAddress): Promise<boolean> {
    const allowed = (await openAccounts(this.env.DB).realms.find(realm))?.settings.limits.partitions ?? null;
    if (allowed === null || (await countBirths(this.env.DB, realm, key)) < allowed) return false;
    this.#log.log("warn", "a limit is reached; a new partition waits", { limit: "partitions", allowed });
    return true;
  }

  /** A partition that newer code wrote, or whose storage is damaged, is left alone: its devices wait for an operator. */
  #tryOpen(): keyof typeof refusals | undefined {
    try {
      this.#open();
      return undefined;
    } catch (error) {
      this.#log.log("error", "a partition cannot be opened; its devices wait", { reason: String(error) });
      return "unavailable";
    }
  }

  /** The sessions and the tables under them, made at the first use after each wake. Only for a partition that was born. */
  #open(): OpenPartition {
    if (this.#opened === undefined) {
      const birth = readBirth(this.ctx.storage);
      if (birth === undefined) throw new Error("this partition was never opened");
      this.#opened = openPartition(this.ctx.storage, birth.address, this.#log);
    }
    return this.#opened;
  }

  #gone(socket: WebSocket): void {
    const gone = this.#sockets.remove(socket);
    if (gone === undefined) return;
    const { id, peer, connectionId } = gone;
    this.#open().sessions.disconnect(id);
    if (peer === "client") this.#releaseConnection(connectionId);
    this.#scheduleTurn();
  }

  /** A client's own socket ends here; where a gateway holds it, the gateway says so. When that fails the lease runs out by itself. */
  #releaseConnection(connectionId: string): void {
    const realm = readBirth(this.ctx.storage)?.address.realm;
    if (realm !== undefined)
      this.ctx.waitUntil(
        meterOf(this.env, realm)
          .releaseConnection(connectionId)
          .catch(() => {}),
      );
  }

  #scheduleTurn(): void {
    if (this.#turnPending) return;
    this.#turnPending = true;
    setTimeout(() => this.#guard(() => this.#turn()), 0);
  }

  #turn(): void {
    this.#turnPending = false;
    this.#stirred = true;
    const { outgoing, more } = this.#open().sessions.turn();
    this.#sockets.deliver(outgoing);
    this.#reportTraffic();
    if (more) this.#scheduleTurn();
    else this.#scheduleQuiet(quietDelay);
  }

  #scheduleQuiet(delay: number): void {
    if (this.#quietPending) return;
    this.#quietPending = true;
    setTimeout(() => this.#guard(() => this.#quiet()), delay);
  }

  /** Makes the object ready to sleep: what sockets need is attached to them, and the objects' rows are brought up to date piece by piece. */
  #quiet(): void {
    this.#quietPending = false;
    const restless = this.#stirred || this.#turnPending;
    this.#stirred = false;
    this.#unrest = restless ? this.#unrest + 1 : 0;
    // Between the turns of a busy partition an object's row would be written for nothing: the next turn changes it again.
    if (restless && this.#unrest < longestUnrest) {
      this.#scheduleQuiet(quietDelay);
      return;
    }
    this.#unrest = 0;
    const { sessions } = this.#open();
    for (const id of sessions.takeChangedAttachments()) this.#sockets.keep(id, sessions.attachment(id));
    if (sessions.settle()) this.#scheduleQuiet(0);
    this.#reportTraffic();
  }

  /** Tells the realm's meter what went through, when that is due, and closes the connections of users who have used up their day. */
  #reportTraffic(): void {
    const now = Date.now();
    const address = readBirth(this.ctx.storage)?.address;
    if (address === undefined || !this.#traffic.isDue(now)) return;
    const connected = this.#sockets.bearers(undefined).map(({ userId }) => userId);
    const users = this.#traffic.take(connected, now + reportInterval);
    this.ctx.waitUntil(
      meterOf(this.env, address.realm)
        .traffic(address.realm, address.key, this.ctx.storage.sql.databaseSize, users)
        .then(({ over, interval }) => {
          this.#traffic.postpone(now + interval);
          for (const userId of over) this.#shutOut(userId);
        })
        .catch((error: unknown) => this.#log.log("warn", "traffic could not be reported", { reason: String(error) })),
    );
  }

  /** The devices come back with growing delays, and are let in as soon as the meter permits. */
  #shutOut(userId: string): void {
    this.#over.add(userId);
    const { sessions } = this.#open();
    for (const { id } of this.#sockets.bearers(userId)) {
      sessions.disconnect(id);
      this.#sockets.close(id, closes.comeBackLater.code, closes.comeBackLater.reason);
    }
    this.#log.log("warn", "a limit is reached; a user's devices wait", { user: userId });
    this.#scheduleTurn();
  }

  /** Whether a user's traffic limit, met here before, still stands. */
  async #mustWait({ realm }: PartitionAddress, userId: string): Promise<boolean> {
    if (!this.#over.has(userId)) return false;
    if (!(await meterOf(this.env, realm).admits(realm, userId))) return true;
    this.#over.delete(userId);
    return false;
  }

  /** A fault may leave the memory ahead of the storage: the object starts anew, its clients come back, and nothing was acknowledged that is not stored. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.log("fatal", "a partition failed and starts anew", {
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      this.ctx.abort("partition failed");
    }
  }

  /** Once a day of traffic: sets the alarm, and notes in the directory that the partition is in use. */
  #armMaintenance(): void {
    if (this.#maintenanceArmed) return;
    this.#maintenanceArmed = true;
    this.ctx.waitUntil(this.#noteUse());
  }

  async #noteUse(): Promise<void> {
    const birth = readBirth(this.ctx.storage);
    if (birth === undefined || (await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + maintenanceInterval);
    try {
      // Again, in case the account store was restored to a time before the birth.
      await register(this.env.DB, birth);
      await openAccounts(this.env.DB).inRealm(birth.address.realm).partitions.noteOpened(birth.address.key);
    } catch (error) {
      this.#log.log("warn", "a partition could not be entered in the directory", { reason: String(error) });
    }
  }
}
