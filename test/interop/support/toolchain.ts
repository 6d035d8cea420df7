// The Java side of the devices: is there a JDK and a Maven, and where is the built client?
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const SOURCES = join(import.meta.dirname, "..", "client");
const OLDEST_JAVA = 17;

/** What is missing on this machine to run real devices, in words for its owner; undefined when nothing is. */
export function missingTools(): string | undefined {
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  const version = /version "(\d+)/.exec(java.stderr ?? "")?.[1];
  const missing = [];
  if (version === undefined) missing.push(`a JDK ${OLDEST_JAVA} or later ("java" does not start)`);
  else if (Number(version) < OLDEST_JAVA) missing.push(`a JDK ${OLDEST_JAVA} or later (this is ${version})`);
  if (spawnSync("mvn", ["-version"]).status !== 0) missing.push('Maven 3 ("mvn" does not start)');
  return missing.length === 0 ? undefined : missing.join(" and ");
}

/**
 * The classpath of the built client. Builds it (half a minute, and downloads on the first use) into the user's cache, in a folder named by a hash of
 * the sources, so that it is built once for each state of them and nothing is written into the repository.
 * @throws with Maven's output when the build fails
 */
export function clientClasspath(): string {
  const files = ["pom.xml", ...readdirSync(join(SOURCES, "src"), { recursive: true, encoding: "utf8" }).map((file) => join("src", file))]
    .filter((file) => /\.(xml|kt)$/.test(file))
    .sort();
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(SOURCES, file)))
      .update("\0");
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "reeve", "interop-client");
  const built = join(cache, hash.digest("hex").slice(0, 16));
  if (!existsSync(built)) build(cache, built);
  return `${join(built, "interop-client.jar")}:${join(built, "lib", "*")}`;
}

function build(cache: string, built: string): void {
  const work = mkdtempSync(join(tmpdir(), "reeve-interop-build-"));
  try {
    cpSync(join(SOURCES, "pom.xml"), join(work, "pom.xml"));
    cpSync(join(SOURCES, "src"), join(work, "src"), { recursive: true });
    const maven = spawnSync("mvn", ["-q", "-B", "package"], { cwd: work, encoding: "utf8" });
    if (maven.status !== 0) throw new Error(`Maven could not build the interoperability client:\n${maven.stdout}\n${maven.stderr}`);
    mkdirSync(cache, { recursive: true });
    const complete = mkdtempSync(join(cache, "new-"));
    cpSync(join(work, "target", "interop-client.jar"), join(complete, "interop-client.jar"));
    cpSync(join(work, "target", "lib"), join(complete, "lib"), { recursive: true });
    // Renamed as a whole: another process either sees nothing or a complete build. Losing the race to one is as good as winning it.
    try {
      renameSync(complete, built);
    } catch (error) {
      rmSync(complete, { recursive: true });
      if (!existsSync(built)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
