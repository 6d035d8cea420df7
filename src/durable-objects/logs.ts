import { DurableObject } from "cloudflare:workers";
import type { ObjectEnvironment } from "./environment.ts";
import { LogRing, type LinePage, type LineQuery, type NewLine } from "./log-ring.ts";
import { sqlOf } from "./sql-adapter.ts";

/** The name of the one object that keeps the log. */
export const logsName = "log";

const overrideKey = "level";

/** Keeps the last days' log lines of the whole service, and the level that an operator chose while it runs. */
export class Logs extends DurableObject<ObjectEnvironment> {
  readonly #ring: LogRing;
  /** Called when lines arrived. */
  readonly #waiting = new Set<() => void>();

  constructor(context: DurableObjectState, environment: ObjectEnvironment) {
    super(context, environment);
    this.#ring = new LogRing(sqlOf(context.storage));
  }

  /** Keeps lines and says which level is chosen, undefined when none is: whoever logs learns of it on the way. */
  append(lines: readonly NewLine[]): string | undefined {
    this.#ring.append(lines, Date.now());
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return this.level();
  }

  /** The level chosen while the service runs; undefined: the setting's. */
  level(): string | undefined {
    return this.ctx.storage.kv.get<string>(overrideKey);
  }

  setLevel(level: string | undefined): void {
    if (level === undefined) this.ctx.storage.kv.delete(overrideKey);
    else this.ctx.storage.kv.put(overrideKey, level);
  }

  /** Lines that match. With none there yet, waits up to so many milliseconds for some. */
  async read(query: LineQuery, wait: number): Promise<LinePage> {
    const end = Date.now() + wait;
    let page = this.#ring.read(query);
    while (page.lines.length === 0) {
      // A page without lines may only have looked through a part of them.
      const left = end - Date.now();
      if (page.next >= this.#ring.newest && (left <= 0 || !(await this.#arrival(left)))) return page;
      page = this.#ring.read({ ...query, after: page.next });
    }
    return page;
  }

  /** False when nothing came in time. */
  #arrival(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        resolve(false);
      }, milliseconds);
      this.#waiting.add(wake);
    });
  }
}
