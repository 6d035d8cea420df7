import type { UserTraffic } from "../accounts/limits/meter.ts";

/** Bytes that went through a partition since its last report, by user. In memory: what was not reported when the object sleeps is not counted. */
export class Traffic {
  readonly #counts = new Map<string, { uploaded: number; downloaded: number }>();
  #nextReport = 0;

  count(userId: string, uploaded: number, downloaded: number): void {
    const counted = this.#counts.get(userId) ?? { uploaded: 0, downloaded: 0 };
    counted.uploaded += uploaded;
    counted.downloaded += downloaded;
    this.#counts.set(userId, counted);
  }

  /** Whether there is something to report, and it is time. */
  isDue(now: number): boolean {
    return this.#counts.size > 0 && now >= this.#nextReport;
  }

  /** The counts, with zeros for those who are connected and were silent; they begin anew. The next report is due at `nextReport`. */
  take(connected: Iterable<string>, nextReport: number): readonly UserTraffic[] {
    this.#nextReport = nextReport;
    for (const userId of connected) this.count(userId, 0, 0);
    const taken = Array.from(this.#counts, ([userId, counted]) => ({ userId, ...counted }));
    this.#counts.clear();
    return taken;
  }

  /** The moment from which the next report is welcome (milliseconds since 1970). */
  postpone(nextReport: number): void {
    this.#nextReport = nextReport;
  }
}
