// Before the first scenario: the Java side is there and built, once, and one server runs that the scenarios share unless they need to break their own.
// REEVE_INTEROP_URL names a server that runs already, to be shared instead.
import type { TestProject } from "vitest/node";
import { openScratch } from "./scratch.ts";
import { ServerProcess } from "./server.ts";
import { clientClasspath, missingTools } from "./toolchain.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Base URL of the server that all scenarios share. */
    readonly sharedServerUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = missingTools();
  if (missing !== undefined) {
    console.error(
      `The interoperability tests run real Realm devices, which need ${missing}.\nInstall what is missing (for example "apt-get install openjdk-17-jdk-headless maven") and run them again.`,
    );
    process.exit(1);
  }
  clientClasspath();
  const removeScratch = openScratch();
  const running = process.env["REEVE_INTEROP_URL"];
  const server = running === undefined ? await ServerProcess.start() : undefined;
  project.provide("sharedServerUrl", running ?? server?.url ?? "");
  return async () => {
    await server?.kill();
    removeScratch();
  };
}
