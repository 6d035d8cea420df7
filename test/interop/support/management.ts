// The management API as an operator's tool uses it.
import type { ServerProcess } from "./server.ts";

export interface GrantFlags {
  readonly mayRead?: boolean;
  readonly mayWrite?: boolean;
}

/** Acts on the realm `users` of a server with its admin token. */
export class Management {
  readonly #server: ServerProcess;

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  /** Sets flags of a user's (or, with `*`, everybody's) grant on the partition with this text as its value. */
  async grant(partition: string, subject: string, flags: GrantFlags): Promise<void> {
    await this.#ask("PUT", `partitions/${encodeURIComponent(`s:${partition}`)}/grants/${encodeURIComponent(subject)}`, flags);
  }

  async setUserState(userId: string, state: "active" | "locked" | "disabled"): Promise<void> {
    await this.#ask("PUT", `users/${userId}/state`, { state });
  }

  /** Drops the part of a partition's history that no known device needs; answers how many versions that were. */
  async compact(partition: string): Promise<number> {
    const { droppedVersions } = (await this.#ask("POST", `partitions/${encodeURIComponent(`s:${partition}`)}/compact`)) as {
      droppedVersions: number;
    };
    return droppedVersions;
  }

  async #ask(method: "PUT" | "POST", path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#server.url}/api/v1/realms/users/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#server.adminToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
