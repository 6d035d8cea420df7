import { ulid } from "ulid";
import { HttpError } from "../../errors/http.ts";
import type { RealmAccounts } from "../accounts.ts";
import type { Entity } from "../entities/model.ts";
import { prepareUser, type Author, type FieldIssue, type UserValues } from "../entities/prepare.ts";
import type { RealmUsers } from "../entities/realm-users.ts";
import type { UserResult } from "../entities/users.ts";
import type { User } from "../repositories/users.ts";
import type { JsonObject } from "../schema.ts";
import type { RemoteAnswer, RemoteEndpoint, RemoteUser } from "./endpoint.ts";

/** Under this provider stands what ties our id of a user to the endpoint's. */
const provider = "local-userpass";

/**
 * The users of a remote realm. What they are is kept behind the realm's endpoint; here stands no more than an id of ours for each, tied to
 * the endpoint's, so that sessions and grants have something to refer to.
 */
export class RemoteUsers implements RealmUsers {
  readonly #accounts: RealmAccounts;
  readonly #entity: Entity;
  readonly #endpoint: RemoteEndpoint;
  readonly #clock: () => number;

  constructor(accounts: RealmAccounts, entity: Entity, endpoint: RemoteEndpoint, clock: () => number) {
    this.#accounts = accounts;
    this.#entity = entity;
    this.#endpoint = endpoint;
    this.#clock = clock;
  }

  async create(input: JsonObject, author: Author): Promise<UserResult> {
    const prepared = this.#prepare(input, author);
    if (!prepared.ok) return prepared;
    const { values, toHash } = prepared.user;
    const secrets = Object.fromEntries(toHash.map(({ field, text }) => [field, text]));
    const answer = await this.#endpoint.ask({ operation: "create", user: { ...values, ...secrets } });
    return this.#conclude(answer, await this.#refer(answer));
  }

  async change(user: User, patch: JsonObject, author: Author): Promise<UserResult> {
    const id = await this.#remoteIdOf(user);
    const prepared = this.#prepare(patch, author, await this.read(user));
    if (!prepared.ok) return prepared;
    const { values, toHash } = prepared.user;
    const touched = Object.keys(patch).map((name): [string, unknown] => [name, values[name] ?? null]);
    const secrets = toHash.map(({ field, text }): [string, unknown] => [field, text]);
    const answer = await this.#endpoint.ask({ operation: "update", id, changes: Object.fromEntries([...touched, ...secrets]) });
    return this.#conclude(answer, user);
  }

  async read(user: User): Promise<UserValues> {
    const answer = await this.#endpoint.ask({ operation: "find", id: await this.#remoteIdOf(user) });
    if (answer.kind !== "user") throw new HttpError("UserNotFound");
    return this.#valuesOf(answer.user, user.id);
  }

  hash(): Promise<string> {
    return Promise.reject(new Error("passwords of a remote realm are kept behind its endpoint"));
  }

  #prepare(input: JsonObject, author: Author, current?: UserValues): ReturnType<typeof prepareUser> {
    const now = this.#clock();
    return prepareUser(this.#entity, input, author, { now, ulid: () => ulid(now) }, current);
  }

  /** Our reference to a user whom the endpoint has just made. */
  async #refer(answer: RemoteAnswer): Promise<User | undefined> {
    if (answer.kind !== "user") return undefined;
    const created = await this.#accounts.users.create({ identities: [{ provider, subject: answer.user.id }] });
    return created.ok ? created.value : this.#accounts.users.findByIdentity(provider, answer.user.id);
  }

  #conclude(answer: RemoteAnswer, user: User | undefined): UserResult {
    switch (answer.kind) {
      case "refused":
        return { ok: false, issues: answer.issues.map((issue) => this.#issueOf(issue)) };
      case "none":
        throw new HttpError("UserNotFound");
      case "user":
        if (user === undefined) throw new Error("a user of a remote realm has no reference");
        return { ok: true, user, values: this.#valuesOf(answer.user, user.id) };
    }
  }

  #issueOf({ field, message, code }: { field: string; message: string; code?: string | undefined }): FieldIssue {
    return { field, code: code === "uniqueness" ? "uniqueness" : "type", message, value: undefined };
  }

  /** The fields that the entity has and that may be shown; the id is ours. */
  #valuesOf(remote: RemoteUser, id: string): UserValues {
    const shown = Object.entries(remote).filter(
      ([name]) => this.#entity.byName.get(name)?.hash === undefined && this.#entity.byName.has(name),
    );
    return { ...Object.fromEntries(shown), id };
  }

  async #remoteIdOf(user: User): Promise<string> {
    const identity = (await this.#accounts.users.identitiesOf(user.id)).find((candidate) => candidate.provider === provider);
    if (identity === undefined) throw new HttpError("UserNotFound");
    return identity.subject;
  }
}
