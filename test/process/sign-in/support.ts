import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createServer as createPortProbe } from "node:net";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "../support/server.ts";

/** A JSON object as it came over the wire. */
export type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
}

/** A member of an answer that must be a string. */
export const textOf = (json: Json, key: string): string => {
  const value = json[key];
  if (typeof value !== "string") throw new Error(`${key} is not a string in ${JSON.stringify(json)}`);
  return value;
};

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
}

/** A server process with realms that the tests set up by the management interface. */
export class Stage {
  #server: ServerProcess;
  readonly #state: string;
  readonly #adminToken: string;

  private constructor(server: ServerProcess, state: string, adminToken: string) {
    this.#server = server;
    this.#state = state;
    this.#adminToken = adminToken;
  }

  /** @param settings as `--set` takes them */
  static async start(settings: Readonly<Record<string, string>>, port = 0): Promise<Stage> {
    const state = await mkdtemp(join(tmpdir(), "reeve-sign-in-"));
    const set = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const server = await ServerProcess.start(["--port", String(port), "--state", state, "--log", "error", ...set]);
    if (!(server instanceof ServerProcess)) throw new Error(`the server did not start: ${server.output}`);
    return new Stage(server, state, (await readFile(join(state, "secrets", "admin-token"), "utf8")).trim());
  }

  /** Stops the server, lets its state be changed, and starts it again: another origin, the same data. */
  async restart(change: (state: string) => Promise<void>): Promise<void> {
    await this.#server.stop();
    await change(this.#state);
    const server = await ServerProcess.start(["--port", "0", "--state", this.#state, "--log", "error"]);
    if (!(server instanceof ServerProcess)) throw new Error(`the server did not start: ${server.output}`);
    this.#server = server;
  }

  async stop(): Promise<void> {
    await this.#server.kill();
    await rm(this.#state, { recursive: true, force: true, maxRetries: 5 });
  }

  async call(path: string, { method = "POST", body, token }: Call = {}): Promise<Answer> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      redirect: "manual",
      headers: { "Content-Type": "application/json", ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json: unknown = response.headers.get("Content-Type")?.includes("json") === true ? JSON.parse(text) : {};
    return { status: response.status, headers: response.headers, json: isJson(json) ? json : {} };
  }

  /** A call as the operator, which must succeed. */
  async manage(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.call(`/api/v1${path}`, { method, body, token: this.#adminToken });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
    return answer;
  }

  createRealm(name: string, settings: Json = {}): Promise<Answer> {
    return this.manage("POST", "/realms", { name, settings });
  }

  setProvider(realm: string, type: string, config: Json = {}): Promise<Answer> {
    return this.manage("PUT", `/realms/${realm}/providers/${encodeURIComponent(type)}`, { enabled: true, config });
  }

  setSecret(realm: string, name: string, value: string): Promise<Answer> {
    return this.manage("PUT", `/realms/${realm}/secrets/${name}`, { value });
  }

  /** Signs in by our own route. */
  signIn(realm: string, provider: string, credentials: Json, answer = "tokens"): Promise<Answer> {
    return this.call(`/api/v1/realms/${realm}/sign-in/${provider}`, { body: { credentials, answer } });
  }

  start(realm: string, provider: string, credentials: Json): Promise<Answer> {
    return this.call(`/api/v1/realms/${realm}/sign-in/${provider}/start`, { body: { credentials } });
  }

  profile(accessToken: string): Promise<Answer> {
    return this.call("/api/client/v2.0/auth/profile", { method: "GET", token: accessToken });
  }

  /** Waiting messages for somebody, newest first. */
  async messagesTo(recipient: string): Promise<readonly Json[]> {
    const { json } = await this.manage("GET", "/outbox");
    const messages = Array.isArray(json["messages"]) ? json["messages"].filter(isJson) : [];
    return messages.filter((message) => message["recipient"] === recipient);
  }

  get origin(): string {
    return this.#server.origin;
  }

  get adminToken(): string {
    return this.#adminToken;
  }
}

/** A port that is free now, for a server that must be known by its address before it starts. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createPortProbe();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });

/** An HTTP server on loopback whose handler may be set after its address is known. */
export class Loopback {
  readonly url: string;
  readonly host: string;
  handler: RequestListener = (_request, response) => response.writeHead(503).end();
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.host = `127.0.0.1:${port}`;
    this.url = `http://${this.host}`;
  }

  static async listen(): Promise<Loopback> {
    let loopback: Loopback | undefined;
    const server = createServer((request, response) => loopback?.handler(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no address");
    loopback = new Loopback(server, address.port);
    return loopback;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const readText = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
};

export const answerJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
};
