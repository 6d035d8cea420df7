import { existsSync } from "node:fs";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { generateKeyPair, exportJWK } from "jose";
import { defineConfig } from "vitest/config";

/** Secrets of the test Worker: a fresh key pair a run, so that no key stands in the repository. */
const testSecrets = async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: "test", alg: "ES256", use: "sig" };
  return { SIGNING_KEYS: JSON.stringify({ keys: [key] }), ADMIN_TOKEN: "test-admin-token-0123456789abcdef" };
};

const migrations = async () => (existsSync("migrations") ? readD1Migrations("migrations") : []);

// Three rooms of tests: pure rules in Node, the platform's own behaviour inside workerd, and real server processes.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        // Limits only end what hangs: a busy machine must not fail a property test.
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node", testTimeout: 120_000 },
      },
      {
        extends: true,
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { ...(await testSecrets()), LOG_LEVEL: "off", TEST_MIGRATIONS: await migrations() } },
          })),
        ],
        test: { name: "workers", include: ["test/workers/**/*.test.ts"], setupFiles: ["test/workers/setup.ts"], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts"],
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
