import { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import { newId } from "../ids.ts";
import { signWebhook } from "../outbox/delivery.ts";
import type { Outgoing } from "../outbox/outgoing.ts";
import type { RealmAccounts } from "../accounts.ts";
import type { Realm } from "../repositories/realms.ts";
import type { JsonObject } from "../schema.ts";

/** A user as the endpoint of a remote realm knows one. Fields that the realm's entity does not have are not looked at. */
export type RemoteUser = JsonObject & { readonly id: string };

const user = z.object({ id: z.string().min(1).max(128) }).catchall(z.unknown());
const found = z.object({ user: user.nullable() });
const refusal = z.object({
  issues: z
    .array(z.object({ field: z.string().max(64), message: z.string().max(500), code: z.string().max(32).optional() }))
    .min(1)
    .max(100),
});

/** What the endpoint has against the values of a user. */
export type RemoteIssues = z.infer<typeof refusal>["issues"];

export type RemoteAnswer =
  | { readonly kind: "user"; readonly user: RemoteUser }
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly issues: RemoteIssues };

/** What is asked of the endpoint. Passwords travel in clear inside TLS: the endpoint keeps and compares them. */
export type RemoteRequest =
  | { readonly operation: "find"; readonly id: string }
  | { readonly operation: "create"; readonly user: JsonObject }
  | { readonly operation: "update"; readonly id: string; readonly changes: JsonObject }
  | { readonly operation: "verify"; readonly name: string; readonly password: string };

/** The endpoint could not be asked, or its answer is none: it says nothing of the user. The cause is for the log. */
const unavailable = (cause: unknown): HttpError => {
  const error = new HttpError("MaintenanceInProgress", "the users of this realm cannot be reached at the moment");
  error.cause = cause;
  return error;
};

/**
 * The endpoint behind which the users of a remote realm live. Every request is a POST to one address, signed with a secret of the realm as
 * Standard Webhooks has it: the receiver checks `webhook-signature` over id, `webhook-timestamp` and body, and that the time is near.
 * Addresses inside a private network, redirects, slow answers and large ones are refused (`Outgoing`).
 */
export class RemoteEndpoint {
  readonly #realm: Realm;
  readonly #accounts: RealmAccounts;
  readonly #outgoing: Outgoing;
  readonly #clock: () => number;

  constructor(accounts: RealmAccounts, realm: Realm, outgoing: Outgoing, clock: () => number) {
    this.#accounts = accounts;
    this.#realm = realm;
    this.#outgoing = outgoing;
    this.#clock = clock;
  }

  /** Throws `MaintenanceInProgress` when no answer can be had. */
  async ask(request: RemoteRequest): Promise<RemoteAnswer> {
    let response: Response;
    try {
      response = await this.#send(JSON.stringify({ realm: this.#realm.name, ...request }));
    } catch (error) {
      throw unavailable(error);
    }
    return this.#read(response);
  }

  async #send(body: string): Promise<Response> {
    const { remote } = this.#realm.settings;
    if (remote === null) throw new Error(`the realm ${this.#realm.name} is not remote`);
    const secret = await this.#accounts.secrets.reveal(remote.secret);
    if (secret === undefined) throw new Error(`the realm ${this.#realm.name} has no secret ${remote.secret}`);
    const now = this.#clock();
    const id = newId(now);
    const seconds = Math.floor(now / 1000);
    const headers = {
      "Content-Type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": await signWebhook(secret, id, seconds, body),
    };
    return this.#outgoing(remote.url, { method: "POST", headers, body });
  }

  async #read(response: Response): Promise<RemoteAnswer> {
    let json: unknown;
    try {
      json = await response.json();
    } catch (error) {
      throw unavailable(error);
    }
    if (response.status === 422) {
      const read = refusal.safeParse(json);
      if (read.success) return { kind: "refused", issues: read.data.issues };
    }
    const read = response.status === 200 ? found.safeParse(json) : undefined;
    if (read?.success !== true) throw unavailable(new Error(`the endpoint answered ${response.status} in a form that is not known`));
    return read.data.user === null ? { kind: "none" } : { kind: "user", user: read.data.user };
  }
}
