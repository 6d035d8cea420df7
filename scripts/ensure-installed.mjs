// Installs the dependencies when they are missing or older than the lock file. Plain JavaScript without dependencies:
// it is the one script that runs on the machine's own Node, before the project's Node is there.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".reeve-installed");
const wanted = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(join(root, "node_modules", ".bin", "node"))) process.exit(0);

console.error("Installing dependencies (once) …");
// Not `npm ci`: it refuses a lock file that lacks the optional binaries of other platforms, which a registry mirror may not carry.
// `--no-save` keeps the lock file as it is; every locked package is still checked against its hash.
const install = spawnSync("npm", ["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
if (install.status !== 0) {
  console.error("npm install failed; mend the error above and run the command again.");
  process.exit(install.status ?? 1);
}
writeFileSync(stamp, wanted);
