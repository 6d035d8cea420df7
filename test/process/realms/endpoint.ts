import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Values = Record<string, unknown>;

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

/** How the endpoint behaves: as it should, or as broken ones do. */
export type Mood = "well" | "slow" | "redirecting" | "huge" | "not JSON" | "failing";

/** The other side of a remote realm: keeps users, and answers only what is signed with the secret. */
export class UserEndpoint {
  mood: Mood = "well";
  readonly users = new Map<string, Values>();
  /** Requests that were refused for their signature. */
  forged = 0;
  readonly #secret: string;
  readonly #server: Server;

  constructor(secret: string) {
    this.#secret = secret;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address() as AddressInfo;
        resolve(`127.0.0.1:${address.port}`);
      });
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    switch (this.mood) {
      case "slow":
        return;
      case "redirecting":
        response.writeHead(302, { Location: "http://127.0.0.1:1/" }).end();
        return;
      case "huge":
        response.writeHead(200).end(JSON.stringify({ user: { id: "1", name: "x".repeat(2_000_000) } }));
        return;
      case "not JSON":
        response.writeHead(200).end("<html>");
        return;
      case "failing":
        response.writeHead(500).end("{}");
        return;
      case "well":
        this.#serve(request, body, response);
    }
  }

  #serve(request: IncomingMessage, body: string, response: ServerResponse): void {
    if (!this.#isSigned(request, body)) {
      this.forged += 1;
      response.writeHead(401).end("{}");
      return;
    }
    const { status, json } = this.#carryOut(JSON.parse(body));
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(json));
  }

  #isSigned({ headers }: IncomingMessage, body: string): boolean {
    const seconds = Number(headers["webhook-timestamp"]);
    if (Math.abs(Date.now() / 1000 - seconds) > 300) return false;
    const key = Buffer.from(this.#secret, "base64");
    const expected = createHmac("sha256", key).update(`${headers["webhook-id"]}.${seconds}.${body}`).digest();
    const given = Buffer.from(String(headers["webhook-signature"]).replace("v1,", ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #carryOut(request: Values): { status: number; json: Values } {
    const show = (user: Values | undefined): Values => {
      const { password: _, ...shown } = user ?? {};
      return { user: user === undefined ? null : shown };
    };
    switch (request["operation"]) {
      case "create": {
        const user: Values = { ...Object.fromEntries(Object.entries(request["user"] ?? {})), id: `remote-${this.users.size + 1}` };
        if ([...this.users.values()].some(({ email }) => email === user["email"])) {
          return { status: 422, json: { issues: [{ field: "email", code: "uniqueness", message: "Email already exists" }] } };
        }
        this.users.set(String(user["id"]), user);
        return { status: 200, json: show(user) };
      }
      case "find":
        return { status: 200, json: show(this.users.get(String(request["id"]))) };
      case "update": {
        const user = this.users.get(String(request["id"]));
        if (user !== undefined) Object.assign(user, request["changes"]);
        return { status: 200, json: show(user) };
      }
      case "verify":
        return {
          status: 200,
          json: show(
            [...this.users.values()].find(
              ({ email, username, password }) => [email, username].includes(request["name"]) && password === request["password"],
            ),
          ),
        };
    }
    return { status: 400, json: {} };
  }
}
