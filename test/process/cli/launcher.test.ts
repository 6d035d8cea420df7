import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkSigningKeys } from "../../../src/cli/check/signing-keys.ts";
import { Findings } from "../../../src/rules/config/diagnostic.ts";
import { projectRoot } from "../../../src/server/bundle.ts";
import { reeve } from "./support.ts";

const node = join(projectRoot, "node_modules", ".bin", "node");
const launcher = join(projectRoot, "bin", "reeve.mjs");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reeve-launcher-"));
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Makes a Node believe that it is too old. */
const older = ["--import", `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.1.0"})`] as const;

/** `reeve start` from a Node that is too old, until it says where it listens. */
const startServer = async (...words: readonly string[]) => {
  const child = spawn(node, [...older, launcher, "start", ...words], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let output = "";
  const ready = new Promise<string>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      const origin = /Base URL for SDKs\s+(\S+)\n[\s\S]*Stop with/.exec(output)?.[1];
      if (origin !== undefined) resolve(origin);
    });
  });
  const origin = await Promise.race([ready, exited.then((status) => Promise.reject(new Error(`ended with ${status}: ${output}`)))]);
  return { origin, child, exited };
};

describe("the process", () => {
  it("writes results to standard output and errors to standard error, without colours in a pipe", async () => {
    const help = await reeve(["--help"]);
    expect(help).toMatchObject({ status: 0, errors: "" });
    expect(help.output).toContain("Operate Reeve");
    expect(help.output).not.toContain("\u001b");
    const wrong = await reeve(["usrs"]);
    expect(wrong).toEqual({ status: 2, output: "", errors: 'There is no command "usrs".\nDid you mean reeve users?\n' });
  });

  it("colours when it is told to, and not when NO_COLOR says so", async () => {
    expect((await reeve(["--help"], { environment: { FORCE_COLOR: "1" } })).output).toContain("\u001b[1mUsage");
    expect((await reeve(["--help"], { environment: { FORCE_COLOR: "1", NO_COLOR: "1" } })).output).not.toContain("\u001b");
  });

  it("ends with 1 when the check finds errors, 0 when it finds none", async () => {
    expect((await reeve(["check", folder])).status).toBe(1);
    const own = await reeve(["check", "--json"]);
    expect(JSON.parse(own.output)).toMatchObject({ ok: true, errors: 0, files: expect.arrayContaining(["wrangler.toml"]) });
    expect(own.status).toBe(0);
    // The repository's own database is a placeholder, of which the check warns.
    expect((await reeve(["check", "--strict"])).status).toBe(1);
  });

  it("is not disturbed by a reader that goes away", () => {
    const pipe = spawnSync("bash", ["-o", "pipefail", "-c", `"${node}" "${launcher}" completion zsh | head -n 1`], { encoding: "utf8" });
    expect([pipe.status, pipe.stdout, pipe.stderr]).toEqual([0, "#compdef reeve\n", ""]);
  });

  it("on a Node that is too old goes on with the project's own", () => {
    const run = spawnSync(node, [...older, launcher, "--version"], { encoding: "utf8" });
    expect([run.status, run.stdout, run.stderr]).toEqual([0, expect.stringMatching(/^reeve \d/), ""]);
    expect(spawnSync(node, [...older, launcher, "nonsense"]).status).toBe(2);
  });

  it("completes commands and options in bash", async () => {
    const script = join(folder, "completion.bash");
    await writeFile(script, (await reeve(["completion", "bash"])).output);
    const complete = (...words: readonly string[]): readonly string[] => {
      const line = `source "${script}"; COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length - 1}; _reeve; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync("bash", ["-c", line], { encoding: "utf8" }).stdout.trim().split("\n");
    };
    expect(complete("reeve", "pa")).toEqual(["partitions"]);
    expect(complete("reeve", "sessions", "")).toEqual(["list", "revoke", "revoke-all"]);
    expect(complete("reeve", "users", "get", "66a1", "--re")).toEqual(["--realm"]);
    expect(complete("reeve", "--json", "realms", "upd")).toEqual(["update"]);
  });
});

describe("npm run keys", () => {
  it("prints fresh signing keys in which the check finds nothing wrong", async () => {
    const print = () => spawnSync("npm", ["run", "--silent", "keys"], { cwd: projectRoot, encoding: "utf8" }).stdout.trim();
    const [keys, others] = [print(), print()];
    const findings = new Findings();
    await checkSigningKeys(keys, { line: 1, column: 1 }, findings);
    expect(findings.all).toEqual([]);
    expect(keys).not.toBe(others);
  });
});

describe("reeve start", () => {
  it("runs the server until it is told to stop, and login remembers it", async () => {
    const { origin, child, exited } = await startServer("--port", "0", "--state", "state", "--log", "warn", "--realm-required", "true");
    try {
      const token = await readFile(join(folder, "state", "secrets", "admin-token"), "utf8");
      const environment = { HOME: folder };
      expect((await reeve(["login", "--url", origin], { environment, input: token })).status).toBe(0);
      expect((await stat(join(folder, ".config", "reeve", "config.json"))).mode & 0o777).toBe(0o600);
      expect((await reeve(["realms", "list"], { environment })).output).toMatch(/^NAME .*\nusers /);
      expect(JSON.parse((await reeve(["realms", "settings", "users", "--json"], { environment })).output)).toMatchObject({
        realmRequired: true,
      });
    } finally {
      child.kill("SIGTERM");
    }
    expect(await exited).toBe(0);
    const gone = await reeve(["status", "--url", origin]);
    expect([gone.status, gone.output]).toEqual([3, ""]);
    expect(gone.errors).toContain("cannot be reached");
  });

  it("says what is wrong with its options, and ends with 2", async () => {
    const { status, errors } = await reeve(["start", "--port", "99999"]);
    expect(status).toBe(2);
    expect(errors).toContain("--port takes a number from 0 to 65535");
    expect((await reeve(["start", "--prt", "1"])).errors).toContain("Did you mean --port?");
  });
});
