import { defineConfig } from "vitest/config";

// Real devices against a real server process. Where a JDK or Maven is missing the run fails and says so: these tests are never skipped silently.
export default defineConfig({
  test: {
    name: "interop",
    root: import.meta.dirname,
    include: ["scenarios/**/*.test.ts"],
    globalSetup: ["support/global-setup.ts"],
    environment: "node",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
