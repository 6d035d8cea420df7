import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { program } from "../../../src/cli/program.ts";
import { isGroup, type Command, type CommandGroup } from "../../../src/cli/command.ts";
import { cliErrors } from "../../../src/errors/cli.ts";
import { processTerminal } from "../../../src/cli/terminal.ts";
import { runLine } from "../../support/cli/terminal.ts";

const leaves = (
  command: Command | CommandGroup,
  path: readonly string[],
): readonly { readonly path: readonly string[]; readonly command: Command }[] =>
  isGroup(command) ? command.commands.flatMap((child) => leaves(child, [...path, child.name])) : [{ path, command }];
const all = leaves(program(processTerminal()), []);

describe("help", () => {
  it("names every command, and each command tells its usage, options and examples", async () => {
    expect(all.length).toBeGreaterThan(50);
    for (const { path, command } of all) {
      const { status, output, errors } = await runLine([...path, "--help"]);
      expect([status, errors]).toEqual([0, ""]);
      expect(output).toContain(`${command.description}.`);
      expect(output).toContain(`Usage\n  reeve ${path.join(" ")}`);
      for (const name of Object.keys(command.args)) expect(output.toLowerCase()).toContain(name);
      for (const { line } of command.examples) expect(output).toContain(line);
    }
  });

  it("reads well: sentences begin with a capital and end without a full stop; options are described", () => {
    for (const { command } of all) {
      expect(command.description).toMatch(/^[A-Z].*[^.]$/);
      for (const argument of Object.values(command.args)) expect(argument.description).toMatch(/\S/);
    }
  });

  it("is shown for a group, for nothing at all, and with the version", async () => {
    expect((await runLine([])).output).toContain("Usage\n  reeve COMMAND");
    expect((await runLine(["users"])).output).toMatch(/Commands\n {2}list +List and search users/);
    expect((await runLine(["--version"])).output).toMatch(/^reeve \d+\.\d+\.\d+\n$/);
  });

  it("examples are lines that exist", async () => {
    for (const { path, command } of all) {
      for (const { line } of command.examples) {
        const own = line.slice(line.indexOf("reeve ")).split(" ");
        expect(own.slice(1, path.length + 1)).toEqual(path);
        const options = own.filter((word) => word.startsWith("--")).map((word) => word.slice(2));
        for (const option of options) expect(Object.keys(command.args)).toContain(option.replace(/^no-/, ""));
      }
    }
  });
});

describe("a line that is wrong ends with 2, says what is wrong and what was probably meant, and sends nothing", () => {
  it.each([
    [["user", "list"], 'There is no command "user".', "Did you mean reeve users?"],
    [["users", "lst"], 'There is no command "users lst".', "Did you mean reeve users list?"],
    [["users", "list", "--serch", "x"], "There is no option --serch here.", "Did you mean --search?"],
    [["users", "list", "--search"], "--search needs a value.", "--help tells"],
    [["users", "list", "--search", "--all"], "--search needs a value.", "--help tells"],
    [["users", "list", "-x"], "There is no option -x here.", ""],
    [["users", "get"], "USER-ID is missing.", "reeve users get --help"],
    [["users", "get", "a", "b"], '"b" is one argument too many.', "--help"],
    [["users", "list", "--state", "sleepy"], "sleepy", "normal"],
    [["users", "list", "--limit", "0", "--url", "http://127.0.0.1:9", "--token", "t"], "--limit takes a number from 1", ""],
    [["users", "promote", "a"], "--scope is missing.", "--help"],
    [["--url", "http://x", "--jsn"], "A command is missing", ""],
    [["users", "create", "--meta", "{", "--url", "http://127.0.0.1:9", "--token", "t"], "--meta is not JSON.", "@file.json"],
    [["users", "create", "--meta", "@/nonexistent", "--url", "http://127.0.0.1:9", "--token", "t"], "--meta: ENOENT", ""],
    [["realms", "get", "", "--url", "http://127.0.0.1:9", "--token", "t"], 'REALM may not be "".', ""],
    [["users", "delete", "..", "--realm", "shop", "--yes", "--url", "http://127.0.0.1:9", "--token", "t"], 'USER-ID may not be "..".', ""],
    [["logs", "--realm", "..", "--url", "http://127.0.0.1:9", "--token", "t"], 'REALM may not be "..".', ""],
    [["realms", "list", "--url", "ftp://x", "--token", "t"], "is no server's URL", "https://"],
    [["realms", "list", "--url", "https://x/api", "--token", "t"], "is no server's URL", ""],
    [["realms", "list"], "No server was named.", "reeve login"],
    [["realms", "list", "--url", "http://127.0.0.1:9"], "No token for http://127.0.0.1:9 was given.", "REEVE_TOKEN"],
    [["completion", "tcsh"], 'There is no completion for "tcsh".', "bash, zsh, fish"],
    [["push", "/nonexistent"], "There are no realm files", "reeve push DIR"],
  ] as const)("%j", async (words, message, suggestion) => {
    const { status, output, errors } = await runLine(words, { environment: { REEVE_CONFIG: "/nonexistent/config.json" } });
    expect(status).toBe(2);
    expect(output).toBe("");
    expect(errors).toContain(message);
    expect(errors).toContain(suggestion);
  });
});

/** A server that answers as it is told, to see what is sent and how strange answers are taken. */
const answering = async (
  answer: (
    request: IncomingMessage,
    turn: number,
  ) => { readonly status: number; readonly text: string; readonly headers?: Record<string, string> } | "reset",
): Promise<{ readonly origin: string; readonly seen: IncomingMessage[]; readonly server: Server }> => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const reply = answer(request, seen.length);
    if (reply === "reset") {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { "Content-Type": "application/json", ...reply.headers }).end(reply.text);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: `http://127.0.0.1:${address.port}`, seen, server };
};

describe("answers", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const against = async (answer: Parameters<typeof answering>[0], words: readonly string[]) => {
    const { origin, seen, server } = await answering(answer);
    servers.push(server);
    return { ...(await runLine([...words, "--url", origin, "--token", "t0ken"])), seen };
  };
  const problem = (status: number, code: string) => ({ status, text: JSON.stringify({ code, detail: "because", requestId: "r1" }) });

  it.each([
    [401, "TokenInvalid", "Unauthorised"],
    [403, "NotPermitted", "Unauthorised"],
    [404, "RealmUnknown", "NotFound"],
    [409, "NameTaken", "Conflict"],
    [400, "InputInvalid", "RequestRefused"],
    [500, "FaultInside", "RequestRefused"],
  ] as const)("%i %s leads to the exit status of %s", async (status, code, expected) => {
    const { status: exit, errors } = await against(() => problem(status, code), ["realms", "get", "x"]);
    expect(exit).toBe(cliErrors[expected].status);
    expect(errors).toContain(`because [${code}]`);
    if (status === 500) expect(errors).toContain("request r1");
  });

  it("names every place that the server refuses", async () => {
    const text = JSON.stringify({
      code: "InputInvalid",
      detail: "d",
      problems: [
        { place: "body.a", problem: "p" },
        { place: "body.b", problem: "q" },
      ],
    });
    expect((await against(() => ({ status: 400, text }), ["realms", "get", "x"])).errors).toContain("\n  body.a: p\n  body.b: q");
  });

  it.each([
    ["a page", { status: 200, text: "<html>" }],
    ["a list that is none", { status: 200, text: "{}" }],
    ["a refusal of somebody else", { status: 502, text: "Bad gateway" }],
  ])("takes %s for no Reeve server", async (_, reply) => {
    const { status, errors } = await against(() => reply, ["realms", "list"]);
    expect(status).toBe(cliErrors.Unexpected.status);
    expect(errors).not.toMatch(/\n\s+at /);
  });

  it("sends the token in its header only, and does not follow redirects with it", async () => {
    const { status, seen, errors } = await against(
      () => ({ status: 302, text: "", headers: { Location: "http://127.0.0.1:1/" } }),
      ["realms", "list"],
    );
    expect(status).toBe(cliErrors.Unreachable.status);
    expect(seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([["/api/v1/realms?limit=50", "Bearer t0ken"]]);
    expect(errors).not.toContain("t0ken");
  });

  it("repeats after a broken connection with the same key, so that a thing is made once", async () => {
    const { status, seen } = await against(
      (_, turn) => (turn === 1 ? "reset" : { status: 201, text: '{"name":"shop"}' }),
      ["realms", "create", "shop"],
    );
    expect(status).toBe(0);
    const keys = seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it("does not repeat what was changed without a key", async () => {
    const { status, seen } = await against(() => "reset", ["realms", "update", "shop", "--no-active"]);
    expect([status, seen.length]).toEqual([cliErrors.Unreachable.status, 1]);
  });

  it("reads pages until the limit, and says how to go on", async () => {
    const page = (request: IncomingMessage) => {
      const query = new URL(request.url ?? "", "http://x").searchParams;
      const [from, limit] = [Number(query.get("cursor") ?? 0), Math.min(2, Number(query.get("limit")))];
      const items = Array.from({ length: limit }, (_, index) => ({ name: `r${from + index}` }));
      return { status: 200, text: JSON.stringify({ items, next: from + limit >= 7 ? null : String(from + limit) }) };
    };
    const some = await against(page, ["realms", "list", "--limit", "3"]);
    expect(
      some.output
        .split("\n")
        .slice(1, -1)
        .map((line) => line.split(" ")[0]),
    ).toEqual(["r0", "r1", "r2"]);
    expect(some.errors).toContain("--cursor 3");
    const everything = await against(page, ["realms", "list", "--all", "--json"]);
    expect(JSON.parse(everything.output)).toMatchObject({ next: null, items: { length: 8 } });
  });

  it("encodes what stands in a path, and shows no control characters of an answer", async () => {
    const { seen, errors } = await against(
      () => ({ status: 404, text: JSON.stringify({ code: "X", detail: "a\u001b[2Jb" }) }),
      ["partitions", "get", "s:a/b ?#"],
    );
    expect(seen[0]?.url).toBe("/api/v1/realms/users/partitions/s%3Aa%2Fb%20%3F%23");
    expect(errors).toBe("a\ufffd[2Jb [X]\n");
  });

  it("tells errors as JSON to programs", async () => {
    const { status, output, errors } = await against(() => problem(404, "RealmUnknown"), ["realms", "get", "x", "--json"]);
    expect([status, output, JSON.parse(errors)]).toEqual([5, "", { error: { code: "NotFound", message: "because [RealmUnknown]" } }]);
  });

  it("tries again when the store cannot answer, and says when a limit lets one back in", async () => {
    const store = await against(
      (_, turn) => (turn < 3 ? problem(503, "StoreUnavailable") : { status: 200, text: "{}" }),
      ["realms", "get", "x"],
    );
    expect([store.status, store.seen.length]).toEqual([0, 3]);
    const limited = await against(() => ({ ...problem(429, "LimitReached"), headers: { "Retry-After": "30" } }), ["realms", "get", "x"]);
    expect([limited.status, limited.seen.length]).toEqual([1, 1]);
    expect(limited.errors).toContain("Try again in 30 s.");
  });

  it("lines up what takes two cells of a terminal, and shows no mark that turns the direction of writing", async () => {
    const items = ["日本語", "a\u202eb", "e\u0301", "\ud800"].map((name) => ({ name, entity: "users" }));
    const { output } = await against(() => ({ status: 200, text: JSON.stringify({ items, next: null }) }), ["realms", "list"]);
    expect(
      output
        .split("\n")
        .slice(1, -1)
        .map((line) => line.split(/ {2,}/)[0]),
    ).toEqual(["日本語", "a\ufffdb", "e\u0301", "\ufffd"]);
    expect(output).toContain("日本語  –");
    expect(output).toContain("e\u0301       –");
  });

  it("cuts tables to the screen for people only, and shows no control characters", async () => {
    const row = {
      name: `a\u001b[31m${"x".repeat(200)}`,
      isDefault: false,
      active: true,
      entity: "users",
      createdAt: "2026-11-22T03:20:02.123Z",
    };
    const { origin, server } = await answering(() => ({ status: 200, text: JSON.stringify({ items: [row], next: null }) }));
    servers.push(server);
    const line = ["realms", "list", "--url", origin, "--token", "t"];
    const people = await runLine(line, { isInteractive: true, columns: 60 });
    expect(Math.max(...people.output.split("\n").map((each) => each.length))).toBe(60);
    expect(people.output).toContain("…");
    const pipe = await runLine(line);
    expect(pipe.output).toContain("x".repeat(200));
    expect(pipe.output).toContain("2026-11-22 03:20:02Z");
    expect(people.output + pipe.output).not.toContain("\u001b");
    expect((await runLine(line, { colour: true })).output).toContain("\u001b[1mNAME");
  });
});

describe("what can be undone is not asked about; what cannot, is", () => {
  let server: Awaited<ReturnType<typeof answering>>;
  beforeEach(async () => {
    server = await answering(() => ({ status: 204, text: "" }));
  });
  afterEach(() => server.server.close());
  const line = (...words: readonly string[]) => [...words, "--url", server.origin, "--token", "t"];

  it("goes on with yes only", async () => {
    const yes = await runLine(line("realms", "delete", "shop"), { answers: ["y"] });
    expect(yes).toMatchObject({
      status: 0,
      output: "The realm shop is deleted.\n",
      questions: ["Delete the realm shop with all its users and grants? [y/N] "],
    });
    for (const answers of [[""], ["n"], ["yep"], []]) {
      const no = await runLine(line("realms", "delete", "shop"), { answers });
      expect(no.status).toBe(cliErrors.Cancelled.status);
    }
    expect(server.seen).toHaveLength(1);
  });

  it("needs no answer with --yes", async () => {
    expect((await runLine(line("realms", "delete", "shop", "--yes"))).status).toBe(0);
    expect((await runLine(line("users", "lock", "u1", "--json"))).output).toBe('{\n  "ok": true\n}\n');
  });

  it("takes secrets from the terminal or standard input, never from the line", async () => {
    expect((await runLine(line("secrets", "set", "k"), { answers: ["v"] })).questions).toEqual(["Value: "]);
    expect((await runLine(line("secrets", "set", "k"), { input: "v\n" })).status).toBe(0);
    expect((await runLine(line("secrets", "set", "k"), { input: "" })).errors).toContain("Value is missing.");
    expect((await runLine(line("secrets", "set", "k", "--value", "v"))).errors).toContain("There is no option --value here.");
  });
});

describe("reeve login", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "reeve-login-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("remembers a good token in a file of mode 0600, sends it to that server only, and forgets it", async () => {
    const { origin, seen, server } = await answering((request) =>
      request.headers.authorization === "Bearer good"
        ? { status: 200, text: '{"kind":"tool","items":[],"next":null}' }
        : { status: 401, text: '{"code":"TokenInvalid","detail":"no"}' },
    );
    const path = join(folder, "deep", "config.json");
    const environment = { REEVE_CONFIG: path };
    expect((await runLine(["login", "--url", origin], { environment, answers: ["bad"] })).status).toBe(cliErrors.Unauthorised.status);
    await expect(stat(path)).rejects.toThrow("ENOENT");
    const login = await runLine(["login"], { environment, answers: [origin, "good"] });
    expect(login).toMatchObject({ status: 0, questions: ["URL of the server: ", "Admin token: "] });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ url: origin, token: "good" });
    expect((await runLine(["realms", "list"], { environment })).status).toBe(0);

    const before = seen.length;
    const elsewhere = await runLine(["realms", "list", "--url", origin.replace("127.0.0.1", "localhost")], { environment });
    expect(elsewhere.errors).toContain("No token for http://localhost");
    expect(seen.length).toBe(before);

    expect((await runLine(["logout"], { environment })).status).toBe(0);
    expect((await runLine(["realms", "list"], { environment })).errors).toContain("No server was named.");
    await writeFile(path, "{");
    expect((await runLine(["realms", "list"], { environment })).errors).toContain("is not what reeve login wrote");
    server.close();
  });

  it("prefers options to the environment, and that to what was remembered", async () => {
    const { origin, seen, server } = await answering(() => ({ status: 200, text: '{"items":[],"next":null}' }));
    const environment = { REEVE_URL: origin, REEVE_TOKEN: "environment", REEVE_REALM: "shop", REEVE_CONFIG: join(folder, "none") };
    await runLine(["users", "list"], { environment });
    await runLine(["--token", "option", "users", "list", "--realm", "kiosk"], { environment });
    expect(seen.map(({ url, headers }) => [url?.split("?")[0], headers.authorization])).toEqual([
      ["/api/v1/realms/shop/users", "Bearer environment"],
      ["/api/v1/realms/kiosk/users", "Bearer option"],
    ]);
    server.close();
  });
});

describe("exit statuses", () => {
  it("are stable: scripts rely on them", () => {
    expect(Object.fromEntries(Object.entries(cliErrors).map(([code, { status }]) => [code, status]))).toEqual({
      CheckFailed: 1,
      RequestRefused: 1,
      Usage: 2,
      NoServer: 2,
      Unreachable: 3,
      Unexpected: 3,
      Unauthorised: 4,
      NotFound: 5,
      Conflict: 6,
      Cancelled: 7,
      Fault: 70,
    });
  });
});
