import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerProcess } from "../support/server.ts";
import { UserEndpoint, type Mood } from "./endpoint.ts";

type Json = Readonly<Record<string, unknown>>;

const secret = randomBytes(32).toString("base64");
const endpoint = new UserEndpoint(secret);
let state: string;
let server: ServerProcess;

const call = async (path: string, method: string, body?: unknown, token?: string): Promise<{ status: number; json: Json }> => {
  const response = await fetch(`${server.origin}${path}`, {
    method,
    headers: { "Content-Type": "application/json", ...(token === undefined ? {} : { Authorization: token }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === "" ? {} : JSON.parse(text) };
};

const login = (name: string, password: string) => call("/api/Users/login", "POST", { username: name, password });

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "reeve-remote-"));
  const host = await endpoint.listen();
  const files = join(state, "iam");
  await mkdir(files);
  const realm = (url: string) => `\n    entity: partners\n    remote:\n      url: ${url}\n      secret: partner-key\n`;
  await writeFile(
    join(files, "realms.yaml"),
    `realms:\n  partners:${realm(`http://${host}/users`)}  inside:${realm("http://127.0.0.1:9/")}`,
  );
  await writeFile(
    join(files, "entities.yaml"),
    "entities:\n  - name: partners\n    fields:\n      - name: company\n        type: string\n",
  );
  const parameters = ["--port", "0", "--state", join(state, "server"), "--iam", files, "--log", "error", "--set", `OUTGOING_HOSTS=${host}`];
  const started = await ServerProcess.start(parameters);
  if (!(started instanceof ServerProcess)) throw new Error(started.output);
  server = started;
  const adminToken = (await readFile(join(state, "server", "secrets", "admin-token"), "utf8")).trim();
  for (const name of ["partners", "inside"]) {
    const path = `/api/v1/realms/${name}/secrets/partner-key`;
    expect((await call(path, "PUT", { value: secret }, `Bearer ${adminToken}`)).status).toBe(200);
  }
});

afterAll(async () => {
  await server.kill();
  endpoint.close();
  await rm(state, { recursive: true, force: true, maxRetries: 5 });
});

/** Whether any file of the server's state holds these bytes. */
const isStored = async (text: string): Promise<boolean> => {
  const names = await readdir(join(state, "server", "data"), { recursive: true, withFileTypes: true });
  for (const entry of names.filter((file) => file.isFile())) {
    if ((await readFile(join(entry.parentPath, entry.name))).includes(text)) return true;
  }
  return false;
};

describe("a realm whose users live behind an endpoint", () => {
  const account = { realm: "partners", username: "ada", email: "ada@partner.example", company: "Engines", password: "my-password" };

  it("keeps users there: made, signed in by both interfaces, read and changed, and never stored here", async () => {
    const created = await call("/api/Users", "POST", account);
    expect(created).toMatchObject({ status: 200, json: { realm: "partners", username: "ada", email: account.email, company: "Engines" } });
    const { json: session } = await login("partners:ada", account.password);
    expect(session).toMatchObject({ userId: created.json["id"], ttl: 1_209_600 });
    const { json: sdk } = await call("/api/client/v2.0/app/partners/auth/providers/local-userpass/login", "POST", {
      username: account.email,
      password: account.password,
    });
    expect(sdk["user_id"]).toBe(created.json["id"]);
    const token = String(session["id"]);
    const path = `/api/Users/${String(created.json["id"])}`;
    expect((await call(path, "PATCH", { company: "Analytical" }, token)).json).toMatchObject({ company: "Analytical" });
    expect(endpoint.users.get("remote-1")).toMatchObject({ company: "Analytical", email: account.email });
    expect((await call(path, "GET", undefined, token)).json).toEqual({
      ...account,
      company: "Analytical",
      id: created.json["id"],
      password: undefined,
    });
    expect(endpoint.forged).toBe(0);
    for (const text of [account.email, "Analytical", "remote-1"]) expect([text, await isStored(text)]).toEqual([text, text === "remote-1"]);
  });

  it("refuses wrong passwords, and what the endpoint refuses", async () => {
    expect(await login("partners:ada", "wrong-password")).toMatchObject({ status: 401, json: { error: { code: "LOGIN_FAILED" } } });
    const again = await call("/api/Users", "POST", account);
    expect(again).toMatchObject({ status: 422, json: { error: { details: { codes: { email: ["uniqueness"] } } } } });
  });

  it("refuses those whom the endpoint calls locked", async () => {
    Object.assign(endpoint.users.get("remote-1") ?? {}, { locked: true });
    expect((await login("partners:ada", account.password)).status).toBe(401);
    Object.assign(endpoint.users.get("remote-1") ?? {}, { locked: false });
  });

  it.each([
    ["slow", 503],
    ["redirecting", 503],
    ["huge", 503],
    ["not JSON", 503],
    ["failing", 503],
  ] as const satisfies readonly (readonly [Mood, number])[])(
    "answers 503 while the endpoint is %s, and stays itself",
    async (mood, status) => {
      endpoint.mood = mood;
      expect(await login("partners:ada", account.password)).toMatchObject({ status, json: { error: { code: "UNAVAILABLE" } } });
      endpoint.mood = "well";
      expect((await login("partners:ada", account.password)).status).toBe(200);
    },
  );

  it("never asks a private address that is not permitted", async () => {
    expect(await login("inside:ada", account.password)).toMatchObject({ status: 503, json: { error: { code: "UNAVAILABLE" } } });
  });

  it("takes no registration, password change or deletion that would have to happen there", async () => {
    const { status } = await call("/api/client/v2.0/app/partners/auth/providers/local-userpass/register", "POST", {
      email: "new@partner.example",
      password: "my-password",
    });
    expect(status).toBe(400);
    const { json: session } = await login("partners:ada", account.password);
    const token = String(session["id"]);
    const change = { oldPassword: account.password, newPassword: "new-password" };
    expect(await call("/api/Users/change-password", "POST", change, token)).toMatchObject({
      status: 403,
      json: { error: { code: "REALM_REMOTE" } },
    });
    expect((await call(`/api/Users/${String(session["userId"])}`, "DELETE", undefined, token)).status).toBe(403);
    expect((await call("/api/client/v2.0/app/partners/auth/providers/anon-user/login", "POST", {})).status).toBe(404);
  });
});

describe("npm start with realm files", () => {
  it("does not start with a wrong file, and says where it is wrong", async () => {
    const folder = await mkdtemp(join(tmpdir(), "reeve-iam-"));
    await writeFile(join(folder, "realms.yaml"), "realms:\n  shop:\n    activ: true\n");
    const start = await ServerProcess.start(["--port", "0", "--state", join(folder, "state"), "--iam", folder]);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    if (start instanceof ServerProcess) {
      await start.kill();
      throw new Error("it started");
    }
    expect(start.code).toBe(1);
    expect(start.output).toContain(
      `${join(folder, "realms.yaml")}:3:5 UNKNOWN_KEY the realm shop has no key "activ"; did you mean active?`,
    );
  });
});
