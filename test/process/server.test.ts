import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringPartition } from "../../src/protocol/partition.ts";
import { connect, signIn } from "./support/client.ts";
import { ServerProcess, startServer, withState, type FailedStart } from "./support/server.ts";

const failed = async (parameters: readonly string[]): Promise<FailedStart> => {
  const start = await ServerProcess.start(parameters);
  if (!(start instanceof ServerProcess)) return start;
  await start.kill();
  throw new Error("the server started");
};

test("the first start makes secrets that only their owner reads; later starts keep them, so tokens go on to be valid", async () => {
  await withState(async (state) => {
    const first = await startServer(state);
    expect(await (await fetch(`${first.origin}/health`)).json()).toEqual({
      status: "ok",
      checks: { database: "ok", signingKeys: "ok" },
    });
    const token = await signIn(first.origin);
    for (const name of ["signing-keys.json", "admin-token"]) {
      expect((await stat(join(state, "secrets", name))).mode & 0o777).toBe(0o600);
    }
    const adminToken = await readFile(join(state, "secrets", "admin-token"), "utf8");
    expect(await first.stop()).toBe(0);

    const second = await startServer(state);
    expect(await readFile(join(state, "secrets", "admin-token"), "utf8")).toBe(adminToken);
    const connection = await connect(second.origin, token);
    connection.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition: stringPartition("kept") });
    expect(await connection.expect("ident")).toMatchObject({ session: 1, fileIdent: 2 });
    connection.close();
    expect(await second.stop()).toBe(0);
  });
});

test("a state folder serves one server at a time", async () => {
  await withState(async (state) => {
    await startServer(state);
    const { code, output } = await failed(["--port", "0", "--state", state]);
    expect(code).toBe(1);
    expect(output).toContain(`the state folder ${state} is in use by process`);
  });
});

test("a port in use is named, and the state folder is free again", async () => {
  await withState(async (state) => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    const { port } = other.address() as AddressInfo;
    const { code, output } = await failed(["--port", String(port), "--state", state]);
    expect({ code, output }).toEqual({
      code: 1,
      output: `Reeve did not start: port ${port} on 127.0.0.1 is in use; choose another with --port\n`,
    });
    await new Promise((closed) => other.close(closed));
    await startServer(state, port);
  });
});

test("wrong options end with status 2 and the list of options", async () => {
  const { code, output } = await failed(["--port", "many"]);
  expect(code).toBe(2);
  expect(output).toMatch(/^--port takes a number from 0 to 65535, not "many"\n\nUsage: npm start/);
});

test("a certificate that cannot be read is named", async () => {
  await withState(async (state) => {
    const { code, output } = await failed(["--port", "0", "--state", state, "--cert", "/nowhere/c.pem", "--key", "/nowhere/k.pem"]);
    expect(code).toBe(1);
    expect(output).toContain("--cert /nowhere/c.pem cannot be read");
  });
});

test("a certificate that is none, a state folder that cannot be one and damaged keys are named", async () => {
  await withState(async (state) => {
    const file = join(state, "file");
    await writeFile(file, "{");
    expect(await failed(["--port", "0", "--state", state, "--cert", file, "--key", file])).toMatchObject({
      code: 1,
      output: expect.stringContaining(`Reeve did not start: --cert ${file} and --key ${file} cannot be used: `),
    });
    expect(await failed(["--port", "0", "--state", file])).toMatchObject({
      code: 1,
      output: expect.stringContaining(`Reeve did not start: the state folder ${file} cannot be used: `),
    });
    await mkdir(join(state, "secrets"));
    await writeFile(join(state, "secrets", "signing-keys.json"), "{");
    expect(await failed(["--port", "0", "--state", state])).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^Reeve did not start: .*signing-keys\.json cannot be used: SIGNING_KEYS is not JSON\n$/),
    });
  });
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

test.skipIf(!hasOpenssl)("with a certificate and key it serves HTTPS", async () => {
  await withState(async (state) => {
    const [key, certificate] = [join(state, "k.pem"), join(state, "c.pem")];
    await writeFile(key, "");
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-days",
        "1",
        "-keyout",
        key,
        "-out",
        certificate,
      ],
      { stdio: "ignore" },
    );
    const server = await ServerProcess.start(["--port", "0", "--state", join(state, "data"), "--cert", certificate, "--key", key]);
    if (!(server instanceof ServerProcess)) throw new Error(server.output);
    try {
      expect(server.origin).toMatch(/^https:/);
      const ca = await readFile(certificate);
      const status = await new Promise((resolve, reject) => {
        get(`${server.origin}/health`, { ca, checkServerIdentity: () => undefined }, (response) => resolve(response.statusCode)).on(
          "error",
          reject,
        );
      });
      expect(status).toBe(200);
    } finally {
      await server.kill();
    }
  });
});
