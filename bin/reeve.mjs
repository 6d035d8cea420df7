#!/usr/bin/env node
// Starts the command line. Plain JavaScript that any Node reads: it runs on the machine's own Node, which may be too old for the rest.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  const { main } = await import("../src/cli/main.ts");
  await main();
} else {
  const own = join(root, "node_modules", ".bin", "node");
  if (existsSync(own)) {
    const child = spawn(own, [join(root, "bin", "reeve.mjs"), ...process.argv.slice(2)], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.once("exit", (code) => process.exit(code ?? 70));
  } else {
    console.error(
      `reeve needs Node 22.18 or newer; this is ${process.version}. Run "npm install" in ${root}: it brings a Node of its own.`,
    );
    process.exitCode = 70;
  }
}
