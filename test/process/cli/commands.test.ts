import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isGroup, type Command, type CommandGroup } from "../../../src/cli/command.ts";
import { resources } from "../../../src/cli/commands/resources/index.ts";
import { program } from "../../../src/cli/program.ts";
import { processTerminal } from "../../../src/cli/terminal.ts";
import { stringPartition } from "../../../src/protocol/partition.ts";
import { runLine, type FakeTerminal, type Outcome } from "../../support/cli/terminal.ts";
import { connect, signIn } from "../support/client.ts";
import { ServerProcess } from "../support/server.ts";

const leafPaths = (command: Command | CommandGroup, path: readonly string[]): readonly string[] =>
  isGroup(command) ? command.commands.flatMap((child) => leafPaths(child, [...path, child.name])) : [path.join(" ")];
const allCommands = leafPaths(program(processTerminal()), []);

/** Commands that run here, as they are run; the last test asks for all of them. `start` is watched in launcher.test.ts. */
const seen = new Set<string>(["start"]);

let folder = "";
let server: ServerProcess;
let token = "";

/** Runs a line against the server and expects it to succeed. */
const reeve = async (line: string, options: FakeTerminal = {}): Promise<Outcome> => {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
  seen.add(allCommands.find((path) => line === path || line.startsWith(`${path} `)) ?? "");
  const environment = { REEVE_URL: server.origin, REEVE_TOKEN: token, REEVE_CONFIG: join(folder, "config.json") };
  return runLine(words, { directory: folder, ...options, environment: { ...environment, ...options.environment } });
};
const good = async (line: string, options: FakeTerminal = {}): Promise<Outcome> => {
  const outcome = await reeve(line, options);
  expect({ line, status: outcome.status, errors: outcome.errors }).toEqual({ line, status: 0, errors: outcome.errors });
  return outcome;
};
const json = async (line: string, options: FakeTerminal = {}) => JSON.parse((await good(`${line} --json`, options)).output);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reeve-cli-"));
  const started = await ServerProcess.start(["--port", "0", "--state", join(folder, "state")]);
  if (!(started instanceof ServerProcess)) throw new Error(started.output);
  server = started;
  token = (await readFile(join(folder, "state", "secrets", "admin-token"), "utf8")).trim();
});
afterAll(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe("every command does what it says, against a server", () => {
  it("login, logout, status, token check", async () => {
    const environment = { REEVE_URL: "", REEVE_TOKEN: "" };
    expect((await good(`login --url ${server.origin}`, { environment, input: `${token}\n` })).output).toContain("as the admin token");
    expect((await good("token check", { environment })).output).toContain("Good: the admin token");
    expect(await json("status", { environment })).toMatchObject({ status: "ok", database: "ok", realms: expect.any(Number) });
    await good("logout", { environment });
    expect((await reeve("token check", { environment })).status).toBe(2);
    expect((await reeve("token check --token wrong")).status).toBe(4);
  });

  it("realms", async () => {
    expect(await json(`realms create shop --settings '{"displayName":"Shop"}'`)).toMatchObject({ name: "shop", active: true });
    expect((await reeve("realms create shop")).status).toBe(6);
    expect((await good("realms list")).output).toMatch(/^NAME .*\nshop /);
    expect(await json("realms get shop")).toMatchObject({ name: "shop", isDefault: false });
    expect(await json("realms update shop --no-active")).toMatchObject({ active: false });
    expect(await json("realms list --active true")).not.toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ name: "shop" })]),
    });
    expect(await json("realms update shop --active")).toMatchObject({ active: true });
    expect(await json(`realms configure shop --settings '{"realmRequired":true}'`)).toMatchObject({
      realmRequired: true,
      displayName: "Shop",
    });
    expect((await reeve(`realms configure shop --settings '{"realmRequird":true}'`)).errors).toContain("realmRequird");
    expect(await json("realms settings shop")).toMatchObject({ realmRequired: true });
    await good(`realms configure shop --settings '{"limits":{"connections":500}}'`);
    expect((await good("realms limits shop")).output).toMatch(/\nconnections +0 +500 +0 /);
    expect(await json("realms traffic shop")).toEqual({ items: [], next: null });
    await json("realms create gone");
    expect((await good("realms delete gone --yes")).output).toBe("The realm gone is deleted.\n");
    expect((await reeve("realms get gone")).status).toBe(5);
  });

  it("users, sessions, token mint", async () => {
    await writeFile(join(folder, "data.json"), '{"plan":"pro"}');
    const line = "users create --realm shop --username john@example.net --password --custom-data @data.json --tags a,b";
    const { id } = await json(line, { input: "a good password\n" });
    expect(await json(`users get ${id} --realm shop`)).toMatchObject({ id, customData: { plan: "pro" }, tags: ["a", "b"], admin: null });
    expect((await good("users list --realm shop --search john")).output).toContain(id);
    expect((await good("users list --realm shop --state locked")).errors).toBe("Nothing to list.\n");
    expect(await json(`users update ${id} --realm shop --custom-data null --tags c`)).toMatchObject({ customData: null, tags: ["c"] });
    await good(`users lock ${id} --realm shop`);
    expect(await json(`users get ${id} --realm shop`)).toMatchObject({ state: "locked" });
    await good(`users enable ${id} --realm shop`);
    const minted = await json(`token mint ${id} --realm shop`);
    expect(minted.accessToken.split(".")).toHaveLength(3);
    expect((await good(`sessions list ${id} --realm shop`)).output).toContain(minted.sessionId);
    await good(`sessions revoke ${id} ${minted.sessionId} --realm shop`);
    expect(await json(`sessions list ${id} --realm shop`)).toMatchObject({ items: [] });
    await json(`token mint ${id} --realm shop`);
    expect(await json(`sessions revoke-all ${id} --realm shop`)).toEqual({ ended: 1 });
    await good(`users password ${id} --realm shop`, { input: "another password" });
    expect(await json(`users second-factor ${id} --realm shop --required`)).toMatchObject({ required: true });
    expect(await json(`users second-factor ${id} --realm shop --no-required`)).toMatchObject({ required: false });
    await good(`users reset-second-factor ${id} --realm shop --yes`);
    expect(await json(`users promote ${id} --realm shop --scope realm`)).toMatchObject({ userId: id, scope: "realm" });
    expect((await good("users admins --realm shop")).output).toContain(id);
    const own = await json(`token mint ${id} --realm shop`);
    expect((await good(`token check --token ${own.accessToken}`)).output).toContain("admin of the realm");
    expect((await reeve(`users list --realm users --token ${own.accessToken}`)).status).toBe(4);
    await good(`users demote ${id} --realm shop`);
    const key = await json(`api-keys create ${id} --name importer --realm shop`);
    expect((await good(`api-keys list ${id} --realm shop`)).output).toMatch(new RegExp(`${key.id} +importer`));
    await good(`api-keys delete ${id} ${key.id} --realm shop`);
    expect(await json(`api-keys list ${id} --realm shop`)).toMatchObject({ items: [] });
    await good(`users disable ${id} --realm shop`);
    await good(`users forget ${id} --realm shop --yes`);
    await good(`users delete ${id} --realm shop`, { answers: ["yes"] });
    expect((await reeve(`users get ${id} --realm shop`)).status).toBe(5);
  });

  it("applications, providers, secrets", async () => {
    expect(await json("applications create shop-ios --name 'Shop for iOS' --realm shop")).toMatchObject({ id: "shop-ios" });
    expect((await good("applications list --realm shop")).output).toContain("Shop for iOS");
    await good("applications delete shop-ios --realm shop --yes");
    expect(await json("providers enable anon-user --realm shop")).toMatchObject({ type: "anon-user", enabled: true });
    expect(await json("providers disable anon-user --realm shop")).toMatchObject({ enabled: false });
    expect(await json(`providers configure local-userpass --config '{"autoConfirm":true}' --realm shop`)).toMatchObject({
      config: { autoConfirm: true },
    });
    expect((await good("providers list --realm shop")).output).toContain("local-userpass");
    await good("providers reset anon-user --realm shop --yes");
    await good("secrets set jwt-key --realm shop", { answers: ["hush"] });
    const listed = await good("secrets list --realm shop");
    expect(listed.output).toContain("jwt-key");
    expect(listed.output).not.toContain("hush");
    await good("secrets delete jwt-key --realm shop --yes");
  });

  it("partitions and grants, of a partition that a device has opened", async () => {
    const device = await connect(server.origin, await signIn(server.origin));
    device.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition: stringPartition("opened") });
    await device.expect("ident");
    device.close();
    expect((await good("partitions list")).output).toContain("s:opened");
    expect(await json("partitions get s:opened")).toMatchObject({ key: "s:opened", report: { serving: true, clientFiles: 1 } });
    expect((await good("partitions clients s:opened")).output).toMatch(/^IDENT/);
    expect(await json("partitions classes s:opened")).toEqual({ items: [], next: null });
    expect([0, 5]).toContain((await reeve("partitions objects s:opened Task")).status);
    expect(await json("partitions compact s:opened")).toMatchObject({ droppedVersions: expect.any(Number) });
    const { id } = await json("users create");
    expect(await json(`partitions create s:made --owner ${id}`)).toMatchObject({ ownerId: id });
    expect(await json("partitions disown s:made")).toMatchObject({ ownerId: null });
    expect(await json(`partitions update s:made --owner ${id}`)).toMatchObject({ ownerId: id });
    // Nothing of it is missing, so there is nothing to declare.
    expect((await reeve("partitions declare-lost s:opened --yes")).status).toBeLessThan(7);
    expect(await json("grants set s:made '*' --read true --write unset")).toMatchObject({ subject: "*", mayRead: true, mayWrite: null });
    expect((await good("grants list --partition s:made")).output).toMatch(/s:made +\* +yes +– +–/);
    await good("grants delete s:made '*'");
    expect((await reeve("grants delete s:made '*'")).status).toBe(5);
    expect((await reeve("grants list")).errors).toContain("name a partition, a subject, or both");
  });

  it("audit, logs, log-level", async () => {
    expect((await good("audit all")).output).toContain("realm.create");
    expect((await good("audit realm --realm shop")).output).toContain("user.create");
    expect(await json("log-level get")).toMatchObject({ chosen: false });
    expect(await json("log-level set --level debug")).toEqual({ level: "debug", chosen: true });
    expect(await json("log-level reset")).toMatchObject({ chosen: false });
    expect((await good("logs --since 1h --level all --limit 5 --json")).output).toMatch(/^(\{.*\}\n)*$/);
    expect((await reeve("logs --since yesterday")).status).toBe(2);
  });

  it("logs --follow shows what is logged from then on, until it is stopped", async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    let saw: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      saw = resolve;
    });
    const following = reeve("logs --follow --level all --since 1s", {
      stopped: stop.signal,
      onWrite: (text) => {
        lines.push(text);
        saw();
      },
    });
    await good("log-level set --level all");
    const device = await connect(server.origin, await signIn(server.origin));
    device.send({ type: "bind", mode: "partition", session: 1, needIdent: true, partition: stringPartition("logged") });
    await device.expect("ident");
    await first;
    stop.abort();
    expect((await following).status).toBe(0);
    expect(lines[0]).toMatch(/^\d{4}-\d{2}-\d{2}T\S+Z (trace|debug|detail|info|warn|error) /);
    device.close();
    await good("log-level reset");
  });

  it("push shows the difference, asks, applies, and has then nothing to do", async () => {
    const file = join(folder, "realms.yaml");
    await writeFile(file, "realms:\n  kiosk:\n    providers:\n      - password\n");
    const shown = await good("push . --dry-run");
    expect(shown.output).toContain("kiosk");
    expect((await reeve("realms get kiosk")).status).toBe(5);
    const refused = await reeve("push .", { answers: ["n"] });
    expect([refused.status, refused.questions.length]).toEqual([7, 1]);
    expect((await good("push .", { answers: ["y"] })).output).toContain("Applied.");
    expect(await json("realms get kiosk")).toMatchObject({ name: "kiosk", active: true });
    expect((await good("push . --yes")).output).toContain("Nothing to change");
    expect(await json("push . --yes")).toEqual({ applied: false, steps: [] });
    await writeFile(file, "realms:\n  kiosk:\n    provider:\n      - password\n");
    const wrong = await reeve("push . --yes");
    expect(wrong.status).toBe(1);
    expect(wrong.errors).toContain("realms.yaml:3:5: error:");
  });

  it("check and completion need no server", async () => {
    expect((await reeve("check .", { environment: { REEVE_URL: "" } })).output).toContain("There is no wrangler.toml here.");
    for (const shell of ["bash", "zsh", "fish"]) {
      const { output } = await good(`completion ${shell}`);
      for (const word of ["partitions", "revoke-all", "dry-run"]) expect(output).toContain(word);
    }
  });

  it("leaves no command out", () => {
    expect(allCommands.filter((path) => !seen.has(path))).toEqual([]);
  });
});

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}
interface Route {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Route>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

describe("the server's OpenAPI document", () => {
  /** Paths of the document, without the base that it may write before them. */
  const routes = async (): Promise<{
    readonly document: Document;
    readonly find: (method: string, path: string) => Route | undefined;
    readonly all: readonly string[];
  }> => {
    const document: Document = await (await fetch(`${server.origin}/api/v1/openapi.json`)).json();
    const entries = Object.entries(document.paths).map(([path, methods]) => [path.replace(/^\/api\/v1(?=\/)/, ""), methods] as const);
    const byPath = new Map(entries);
    return {
      document,
      find: (method, path) => byPath.get(path)?.[method.toLowerCase()],
      all: entries.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)),
    };
  };

  it("has the route of every operation, with the members that it sends and those that are required", async () => {
    const { document, find } = await routes();
    let members = 0;
    for (const operation of resources.flatMap(({ operations }) => operations)) {
      const { method, path } = operation;
      const route = find(method, path);
      expect(route, `${method} ${path}`).toBeDefined();
      const written = route?.requestBody?.content["application/json"].schema;
      const schema = written?.$ref === undefined ? written : document.components.schemas[written.$ref.replace(/^.*\//, "")];
      const sent = [
        ...Object.keys(operation.constant ?? {}),
        ...Object.values(operation.members ?? {}).flatMap((member) =>
          member.in === "body" && member.member !== "" ? [member.member] : [],
        ),
      ];
      for (const name of sent) expect(Object.keys(schema?.properties ?? {}), `${method} ${path}`).toContain(name);
      const wholeBody = Object.values(operation.members ?? {}).some(({ member }) => member === "");
      if (!wholeBody) for (const name of schema?.required ?? []) expect(sent, `${method} ${path}`).toContain(name);
      const query = (route?.parameters ?? []).filter((parameter) => parameter.in === "query").map(({ name }) => name);
      for (const member of Object.values(operation.members ?? {})) if (member.in === "query") expect(query).toContain(member.member);
      if (operation.output.kind === "table") expect(query.includes("cursor"), `${method} ${path}`).toBe(operation.output.paged);
      members += sent.length;
    }
    expect(members).toBeGreaterThan(30);
  });

  it("has no route without a command", async () => {
    const { all } = await routes();
    const byOperation = new Set(resources.flatMap(({ operations }) => operations.map(({ method, path }) => `${method} ${path}`)));
    const byCommand = new Set([
      "GET /principal",
      "GET /status",
      "POST /realms/{realm}/users/{userId}/tokens",
      "GET /logs",
      "GET /realms/{realm}/logs",
      "POST /realm-files",
      // The first admin is made by the dashboard's first visit; whoever has the admin token makes others with users promote.
      "GET /setup",
      "POST /setup",
    ]);
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter((route) => !byOperation.has(route) && !byCommand.has(route))).toEqual([]);
  });
});
