/** What every Durable Object may use of the Worker's bindings and settings, which `worker/environment.ts` explains. */
export interface ObjectEnvironment {
  readonly DB: D1Database;
  readonly LOG_LEVEL?: string;
}
