// The management API as an operator's tool uses it.
import type { LinkSecrets } from "./client.ts";
import type { ServerProcess } from "./server.ts";

export interface GrantFlags {
  readonly mayRead?: boolean;
  readonly mayWrite?: boolean;
}

export type UserState = "normal" | "locked" | "disabled";

/** An object as the data browser's endpoint shows it: every value with its type and exact content. */
export interface ShownObject {
  readonly pk: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

const keyOf = (partition: string) => encodeURIComponent(`s:${partition}`);

/** Acts on one realm of a server with its admin token. */
export class Management {
  readonly realm: string;
  readonly #server: ServerProcess;

  constructor(server: ServerProcess, realm = "users") {
    this.#server = server;
    this.realm = realm;
  }

  /** Makes the realm, with these providers switched on. */
  async createRealm(providers: Readonly<Record<string, object>> = {}): Promise<void> {
    await this.#send("POST", "/realms", { name: this.realm });
    for (const [type, config] of Object.entries(providers)) await this.setProvider(type, config);
  }

  async setRealmActive(active: boolean): Promise<void> {
    await this.#ask("PATCH", "", { active });
  }

  async setProvider(type: string, config: object = {}, enabled = true): Promise<void> {
    await this.#ask("PUT", `/providers/${type}`, { enabled, config });
  }

  async setSecret(name: string, value: string): Promise<void> {
    await this.#ask("PUT", `/secrets/${name}`, { value });
  }

  async createApplication(id: string): Promise<void> {
    await this.#ask("POST", "/applications", { id, name: id });
  }

  async setLimits(limits: Readonly<Record<string, number | null>>): Promise<void> {
    await this.#ask("PATCH", "/settings", { limits });
  }

  /** What the link in the newest message of a kind to somebody says, once it is in the outbox. */
  async linkTo(recipient: string, template: string): Promise<LinkSecrets> {
    for (;;) {
      const { messages } = (await this.#send("GET", "/outbox")) as {
        messages: { recipient: string; template: string; parameters: { link?: string } }[];
      };
      const link = messages.find((message) => message.recipient === recipient && message.template === template)?.parameters.link;
      const query = new URL(link ?? "http://none").searchParams;
      const [token, tokenId] = [query.get("token"), query.get("tokenId")];
      if (token !== null && tokenId !== null) return { token, tokenId };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The limits that are exceeded. */
  async exceeded(): Promise<readonly string[]> {
    const { items } = (await this.#ask("GET", "/limits")) as { items: { limit: string; allowed: number | null; used: number }[] };
    return items.filter(({ allowed, used }) => allowed !== null && used > allowed).map(({ limit }) => limit);
  }

  /** Sets flags of a user's (or, with `*`, everybody's) grant on the partition with this text as its value. */
  async grant(partition: string, subject: string, flags: GrantFlags): Promise<void> {
    await this.#ask("PUT", `/partitions/${keyOf(partition)}/grants/${encodeURIComponent(subject)}`, flags);
  }

  async setUserState(userId: string, state: UserState): Promise<void> {
    await this.#ask("PUT", `/users/${userId}/state`, { state });
  }

  async deleteUser(userId: string): Promise<void> {
    await this.#ask("DELETE", `/users/${userId}`);
  }

  /** Signs a user out everywhere. */
  async revokeSessions(userId: string): Promise<void> {
    await this.#ask("DELETE", `/users/${userId}/sessions`);
  }

  /** Drops the part of a partition's history that no known device needs; answers how many versions that were. */
  async compact(partition: string): Promise<number> {
    const { droppedVersions } = (await this.#ask("POST", `/partitions/${keyOf(partition)}/compact`)) as { droppedVersions: number };
    return droppedVersions;
  }

  /** All objects of a class, read page by page. */
  async objects(partition: string, className: string, pageSize: number): Promise<readonly ShownObject[]> {
    const objects: ShownObject[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: String(pageSize), ...(cursor === null ? {} : { cursor }) });
      const page = (await this.#ask("GET", `/partitions/${keyOf(partition)}/classes/${className}/objects?${query}`)) as {
        items: ShownObject[];
        next: string | null;
      };
      objects.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    return objects;
  }

  #ask(method: string, path: string, body?: object): Promise<unknown> {
    return this.#send(method, `/realms/${this.realm}${path}`, body);
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#server.adminToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }
}
