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
    await this.#put(`partitions/${encodeURIComponent(`s:${partition}`)}/grants/${encodeURIComponent(subject)}`, flags);
  }

  async setUserState(userId: string, state: "active" | "locked" | "disabled"): Promise<void> {
    await this.#put(`users/${userId}/state`, { state });
  }

  async #put(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.#server.url}/api/v1/realms/users/${path}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${this.#server.adminToken}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  }
}
