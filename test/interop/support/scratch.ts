// Folders of devices and servers, all in one that is removed when the run is over.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The processes that run the scenarios learn the folder through their environment. */
const VARIABLE = "REEVE_INTEROP_SCRATCH";

/** Makes the folder of this run. Answers how to remove it. */
export function openScratch(): () => void {
  const root = mkdtempSync(join(tmpdir(), "reeve-interop-"));
  process.env[VARIABLE] = root;
  return () => rmSync(root, { recursive: true, force: true, maxRetries: 3 });
}

/** A new, empty folder. */
export function scratchFolder(name: string): string {
  return mkdtempSync(join(process.env[VARIABLE] ?? tmpdir(), `${name}-`));
}
