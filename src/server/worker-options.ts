import type { WorkerOptions } from "miniflare";

/** What `wrangler.toml` says to the platform, said to Miniflare; a test holds the two together. */
export const workerOptions = {
  name: "reeve",
  compatibilityDate: "2026-07-30",
  compatibilityFlags: ["nodejs_compat"],
  d1Databases: { DB: "reeve" },
  r2Buckets: { BACKUPS: "reeve-backups" },
  durableObjects: {
    PARTITIONS: { className: "Partition", useSQLite: true },
    LOGS: { className: "Logs", useSQLite: true },
    METERS: { className: "RealmMeter", useSQLite: true },
  },
} satisfies Omit<WorkerOptions, "modules">;
