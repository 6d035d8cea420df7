import { ulid } from "ulid";
import type { RealmAccounts } from "../accounts.ts";
import { normaliseLoginName, type LoginName } from "../names.ts";
import { hashPassword } from "../passwords.ts";
import type { Realm } from "../repositories/realms.ts";
import type { User, UserKey } from "../repositories/users.ts";
import type { JsonObject, UserState } from "../schema.ts";
import { defaultEntity, defaultEntityName } from "./default-entity.ts";
import { compileEntity, readStoredEntity, type Entity } from "./model.ts";
import { prepareUser, redact, type Author, type FieldIssue, type HashRequest, type UserValues } from "./prepare.ts";

const builtIn = compileEntity(defaultEntity);

/** The entity of a realm's users. A realm whose entity was never defined by a file has the default one. */
export const loadEntity = async (accounts: RealmAccounts, realm: Pick<Realm, "entity">): Promise<Entity> => {
  const row = await accounts.entities.find(realm.entity);
  if (row !== undefined) return readStoredEntity(row.definition);
  if (realm.entity === defaultEntityName) return builtIn;
  throw new Error(`the entity ${realm.entity} of a realm is not defined`);
};

export type UserResult =
  | { readonly ok: true; readonly user: User; readonly values: UserValues }
  | { readonly ok: false; readonly issues: readonly FieldIssue[] };

export interface NewUserOptions {
  /** False for a name that is still to be confirmed by its owner. Default true. */
  readonly confirmed?: boolean;
  /** A hash of the password (`isPasswordHash`) in place of the password itself, for users who come from elsewhere. */
  readonly passwordHash?: string;
}

const stateFlags: Readonly<Record<UserState, { readonly active: boolean; readonly locked: boolean }>> = {
  normal: { active: true, locked: false },
  pending: { active: true, locked: false },
  locked: { active: true, locked: true },
  disabled: { active: false, locked: false },
};

/** What the entity calls a user's values, without hashed ones. */
export const readUserValues = (entity: Entity, user: User): UserValues => {
  const fields = Object.fromEntries(Object.entries(user.fields).filter(([name]) => entity.byName.get(name)?.hash === undefined));
  const { id, tags, meta, properties } = user;
  return { ...fields, id, tags, meta, properties, ...stateFlags[user.state] };
};

/** The names under which the password of a user is kept: the first of these fields that has a value that is good for signing in. */
const primaryNameFields = ["email", "mobile", "username"] as const;

const primaryName = (entity: Entity, values: UserValues, id: string): LoginName => {
  for (const field of new Set([...primaryNameFields, ...entity.signInFields])) {
    const value = entity.byName.get(field)?.useForAuth === true ? values[field] : undefined;
    const name = typeof value === "string" ? normaliseLoginName(value) : undefined;
    if (name?.ok === true) return name.name;
  }
  return { key: id, display: id };
};

/**
 * Forgets who a user is (GDPR): the entity, all names, identities, keys and sessions go; the id stays, disabled, so that data elsewhere and
 * grants that refer to it keep their meaning. False when there is no such user.
 * @param actor who did it, for the audit log
 */
export const forgetUser = async (accounts: RealmAccounts, userId: string, actor: string): Promise<boolean> => {
  if ((await accounts.users.find(userId)) === undefined) return false;
  const empty = { fields: {}, profile: {}, customData: null, tags: [], meta: {}, properties: {} };
  await accounts.users.setState(userId, "disabled");
  await accounts.users.update(userId, empty, []);
  await accounts.users.removeWaysToSignIn(userId);
  await accounts.audit.append({ actor, action: "user.forget", target: userId });
  return true;
};

/**
 * The users of a realm as its entity describes them: every change is checked, normalised and completed by the entity before anything is
 * stored, values that must be unique are unique, and a name for signing in leads to one user only, in whichever field it stands.
 */
export class EntityUsers {
  readonly entity: Entity;
  readonly #accounts: RealmAccounts;
  readonly #clock: () => number;

  constructor(accounts: RealmAccounts, entity: Entity, clock: () => number) {
    this.#accounts = accounts;
    this.entity = entity;
    this.#clock = clock;
  }

  /** Makes a user; with a field `password`, one who can sign in by every field for signing in. */
  async create(input: JsonObject, author: Author, { confirmed = true, passwordHash }: NewUserOptions = {}): Promise<UserResult> {
    const prepared = this.#prepare(input, author);
    if (!prepared.ok) return prepared;
    const { user } = prepared;
    const taken = await this.#findTaken(user.keys, user.values, undefined);
    if (taken.length > 0) return { ok: false, issues: taken };
    const { password: hashed, others } = await hashAll(user.toHash);
    const password = hashed ?? passwordHash;
    const name = primaryName(this.entity, user.values, "");
    const login =
      password === undefined || name.key === ""
        ? {}
        : { password: { username: name.key, displayName: name.display, passwordHash: password, confirmed } };
    const { fields, tags, meta, properties, state, keys } = user;
    const { email } = user.values;
    const stored = await this.#accounts.users.create({
      fields: { ...fields, ...others },
      profile: typeof email === "string" ? { email } : {},
      tags,
      meta,
      properties,
      state,
      keys,
      ...login,
    });
    if (stored.ok) {
      await this.#audit("user.create", stored.value.id, author, user.values);
      return { ok: true, user: stored.value, values: { ...user.values, id: stored.value.id } };
    }
    // Somebody else was quicker: the store knows who.
    const issues = await this.#findTaken(keys, user.values, undefined);
    if (issues.length === 0) throw new Error(`a user could not be stored: the ${stored.conflict} is taken`);
    return { ok: false, issues };
  }

  /**
   * Changes a user; absent fields stay, null empties. Passwords are not changed here. Sessions and open connections follow a change of
   * state at once.
   */
  async change(user: User, patch: JsonObject, author: Author): Promise<UserResult> {
    const current = readUserValues(this.entity, user);
    const prepared = this.#prepare(patch, author, current);
    if (!prepared.ok) return prepared;
    const { user: next } = prepared;
    const taken = await this.#findTaken(next.keys, next.values, user.id);
    if (taken.length > 0) return { ok: false, issues: taken };
    const { others } = await hashAll(next.toHash.filter(({ field }) => field !== "password"));
    const hashed = Object.fromEntries(Object.entries(user.fields).filter(([name]) => this.entity.byName.get(name)?.hash !== undefined));
    const { tags, meta, properties, keys } = next;
    const { email } = next.values;
    const profile = typeof email === "string" ? { ...user.profile, email } : user.profile;
    const fields = { ...hashed, ...next.fields, ...others };
    if (!(await this.#rename(user, current, next.values))) return { ok: false, issues: await this.#findTaken(keys, next.values, user.id) };
    const stored = await this.#accounts.users.update(user.id, { fields, tags, meta, properties, profile }, keys);
    if (!stored.ok) return { ok: false, issues: await this.#findTaken(keys, next.values, user.id) };
    if (stored.value === undefined) throw new Error("the user was deleted meanwhile");
    // Changing a user's data does not confirm them.
    const state = user.state === "pending" && next.state === "normal" ? user.state : next.state;
    if (state !== user.state) await this.#accounts.users.setState(user.id, state);
    const changed = Object.entries(next.values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(current[name]));
    await this.#audit("user.update", user.id, author, Object.fromEntries(changed));
    return { ok: true, user: { ...stored.value, state }, values: next.values };
  }

  /** `forgetUser` in this realm, done by the server itself. */
  forget(userId: string): Promise<boolean> {
    return forgetUser(this.#accounts, userId, "system");
  }

  /** The values of a user, without hashed ones. */
  async read(user: User): Promise<UserValues> {
    return readUserValues(this.entity, user);
  }

  /** A hash of a new password, with the entity's salt. */
  hash(password: string): Promise<string> {
    return hashPassword(password, this.entity.byName.get("password")?.hash?.salt);
  }

  #prepare(input: JsonObject, author: Author, current?: UserValues): ReturnType<typeof prepareUser> {
    const now = this.#clock();
    return prepareUser(this.entity, input, author, { now, ulid: () => ulid(now) }, current);
  }

  /** Notes what was done; values that must not be logged are left out. */
  async #audit(action: string, target: string, author: Author, values: JsonObject): Promise<void> {
    const actor = author === "self" ? target : author;
    await this.#accounts.audit.append({ actor, action, target, detail: { values: redact(this.entity, values) } });
  }

  /** The password stands under one of the user's names: when that changes, it moves along. */
  async #rename(user: User, before: UserValues, after: UserValues): Promise<boolean> {
    const old = primaryName(this.entity, before, user.id);
    const next = primaryName(this.entity, after, user.id);
    if (old.key === next.key) return true;
    const own = await this.#accounts.credentials.listOfUser(user.id);
    return own.some(({ username }) => username === old.key) ? this.#accounts.credentials.rename(old.key, next) : true;
  }

  /** The values that somebody else has: in the same field, or, for names for signing in, in any such field or as a registered name. */
  async #findTaken(keys: readonly UserKey[], values: UserValues, ownId: string | undefined): Promise<readonly FieldIssue[]> {
    const { signInFields } = this.entity;
    const names = new Set(keys.filter(({ field }) => signInFields.includes(field)).map(({ value }) => value));
    const fields = new Set([...signInFields, ...keys.map(({ field }) => field)]);
    const [owners, registered] = await Promise.all([
      this.#accounts.users.ownersOf([...fields], [...new Set(keys.map(({ value }) => value))]),
      this.#accounts.credentials.findMany([...names]),
    ]);
    const sharesNames = (field: string, other: string): boolean =>
      field === other || (signInFields.includes(field) && signInFields.includes(other));
    const isTaken = ({ field, value }: UserKey): boolean =>
      owners.some((owner) => owner.userId !== ownId && owner.value === value && sharesNames(field, owner.field)) ||
      // A registered name that has no user yet is somebody's, too.
      (names.has(value) && registered.some(({ username, userId }) => username === value && (userId === null || userId !== ownId)));
    return keys.filter(isTaken).map(({ field }) => this.#uniqueness(field, values[field]));
  }

  #uniqueness(field: string, value: unknown): FieldIssue {
    const fallback = field === "email" ? "Email already exists" : "already exists";
    return { field, code: "uniqueness", message: this.entity.byName.get(field)?.unique?.message ?? fallback, value };
  }
}

/** Hashes one by one: each takes some 40 ms of the machine. */
const hashAll = async (requests: readonly HashRequest[]): Promise<{ password: string | undefined; others: JsonObject }> => {
  const hashes: Record<string, string> = {};
  for (const { field, text, salt } of requests) hashes[field] = await hashPassword(text, salt);
  const { password, ...others } = hashes;
  return { password, others };
};
