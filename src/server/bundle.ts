import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The project's folder. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * Bundles the Worker into one ES module and returns its path. Imports of `cloudflare:*` and `node:*` stay: the runtime brings them.
 * @param folder where the module is written; made when missing
 */
export const bundleWorker = async (folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, "worker.mjs");
  await build({
    entryPoints: [join(projectRoot, "src/worker/index.ts")],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    sourcemap: "linked",
    logLevel: "silent",
  });
  return outfile;
};
