import { DurableObject } from "cloudflare:workers";
import { openAccounts } from "../accounts/accounts.ts";
import type { RealmName } from "../accounts/ids.ts";
import { Meter, type DayTraffic, type LimitFigure, type UserTraffic, type Verdict } from "../accounts/limits/meter.ts";
import { realmLimits, type RealmLimits } from "../accounts/settings.ts";
import type { ObjectEnvironment } from "./environment.ts";
import { sqlOf } from "./sql-adapter.ts";

/** How long the realm's limits are believed without asking the account store (milliseconds). */
const limitsAge = 60_000;
/** How long counted traffic may wait to be written (milliseconds). */
const flushDelay = 5000;
const noLimits: RealmLimits = realmLimits.parse({});

/** What whoever counts requests has to do for an App ID. */
export interface RequestTerms {
  /** The realm that the App ID stands for; undefined when there is none. */
  readonly realm: string | undefined;
  /** Whether each request is to be asked for, and whether with its user. */
  readonly limited: boolean;
  readonly byUser: boolean;
}

/** What became of a report of traffic. */
export interface TrafficAnswer {
  /** Users whose connections are to be closed for today. */
  readonly over: readonly string[];
  /** Milliseconds until the next report is welcome. */
  readonly interval: number;
}

const trafficLimits = [
  "uploadedBytesPerDay",
  "downloadedBytesPerDay",
  "uploadedBytesPerDayPerUser",
  "downloadedBytesPerDayPerUser",
  "storedBytes",
] as const satisfies readonly (keyof RealmLimits)[];

/** Counts what one realm uses. Named by the realm; asked about an App ID, it says which realm is meant. */
export class RealmMeter extends DurableObject<ObjectEnvironment> {
  readonly #meter: Meter;
  #known: { readonly limits: RealmLimits; readonly realm: string | undefined; readonly at: number } | undefined;
  #flushing = false;

  constructor(context: DurableObjectState, environment: ObjectEnvironment) {
    super(context, environment);
    this.#meter = new Meter(sqlOf(context.storage), Date.now);
  }

  /** Tells that the realm's limits were changed. */
  limitsChanged(): void {
    this.#known = undefined;
  }

  async terms(appId: string): Promise<RequestTerms> {
    const { limits, realm } = await this.#limitsOf(appId);
    const byUser = limits.requestsPerMinutePerUser !== null;
    return { realm, limited: byUser || limits.requestsPerMinute !== null, byUser };
  }

  async request(realm: RealmName, userId: string | undefined): Promise<Verdict> {
    const { limits } = await this.#limitsOf(realm);
    return this.#meter.request(limits, userId);
  }

  async admitConnection(realm: RealmName, connectionId: string, userId: string): Promise<Verdict> {
    const { limits } = await this.#limitsOf(realm);
    return this.#meter.connect(limits, connectionId, userId);
  }

  renewConnection(connectionId: string, userId: string): void {
    this.#meter.renew(connectionId, userId);
  }

  releaseConnection(connectionId: string): void {
    this.#meter.disconnect(connectionId);
  }

  /** A partition reports what went through it since the last time. `users`: also those who are connected and were silent. */
  async traffic(realm: RealmName, partition: string, storedBytes: number, users: readonly UserTraffic[]): Promise<TrafficAnswer> {
    const { limits } = await this.#limitsOf(realm);
    this.#meter.traffic(partition, storedBytes, users);
    this.#scheduleFlush();
    const over = users.map(({ userId }) => userId).filter((userId) => this.#meter.overTraffic(limits, userId).over);
    return { over, interval: trafficLimits.some((limit) => limits[limit] !== null) ? 2000 : 60_000 };
  }

  /** Whether a user's devices may sync today. */
  async admits(realm: RealmName, userId: string): Promise<boolean> {
    const { limits } = await this.#limitsOf(realm);
    return !this.#meter.overTraffic(limits, userId).over;
  }

  async figures(realm: RealmName, partitions: number): Promise<readonly LimitFigure[]> {
    const { limits } = await this.#limitsOf(realm);
    return this.#meter.figures(limits, partitions);
  }

  /** Traffic of the last days, today first. */
  days(): readonly DayTraffic[] {
    return this.#meter.days();
  }

  async #limitsOf(appId: string): Promise<{ readonly limits: RealmLimits; readonly realm: string | undefined }> {
    const now = Date.now();
    if (this.#known !== undefined && now - this.#known.at < limitsAge) return this.#known;
    const realm = await openAccounts(this.env.DB).realms.findByAppId(appId);
    this.#known = { limits: realm?.settings.limits ?? noLimits, realm: realm?.name, at: now };
    return this.#known;
  }

  #scheduleFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setTimeout(() => {
      this.#flushing = false;
      this.#meter.flush();
    }, flushDelay);
  }
}
