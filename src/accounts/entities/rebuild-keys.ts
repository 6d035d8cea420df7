import type { Accounts } from "../accounts.ts";
import type { RealmName } from "../ids.ts";
import type { User, UserKey, Users } from "../repositories/users.ts";
import type { Entity } from "./model.ts";
import { keysOf } from "./prepare.ts";
import { readUserValues } from "./users.ts";

const pageSize = 200;

/** How many conflicts are told. */
const maxConflicts = 20;

/** All users of a realm, page by page. */
async function* pagesOf(users: Users): AsyncGenerator<readonly User[]> {
  let after: string | undefined;
  do {
    const page = await users.list({ limit: pageSize, ...(after === undefined ? {} : { after }) });
    yield page;
    after = page.length < pageSize ? undefined : page.at(-1)?.id;
  } while (after !== undefined);
}

/** Two users who have the same value in a field that an entity wants to be unique or good for signing in. */
export interface KeyConflict {
  readonly field: string;
  readonly userIds: readonly [string, string];
}

/** Finds stored users who could not be told apart under an entity; the first twenty pairs. */
export const findKeyConflicts = async (accounts: Accounts, realm: RealmName, entity: Entity): Promise<readonly KeyConflict[]> => {
  const conflicts: KeyConflict[] = [];
  const owners = new Map<string, string>();
  for await (const page of pagesOf(accounts.inRealm(realm).users)) {
    for (const user of page) {
      for (const { field, value } of keysOf(entity, readUserValues(entity, user))) {
        const key = JSON.stringify([field, value]);
        const owner = owners.get(key);
        if (owner === undefined) owners.set(key, user.id);
        else conflicts.push({ field, userIds: [owner, user.id] });
      }
    }
    if (conflicts.length >= maxConflicts) break;
  }
  return conflicts.slice(0, maxConflicts);
};

const isSame = (known: readonly UserKey[], wanted: readonly UserKey[]): boolean =>
  known.length === wanted.length && wanted.every((key) => known.some(({ field, value }) => field === key.field && value === key.value));

/**
 * Brings the values by which users are found in line with an entity that was changed: those of fields that have become unique or good for
 * signing in are added, others removed. A page of users is one write. `findKeyConflicts` found nothing before.
 */
export const rebuildKeys = async (accounts: Accounts, realm: RealmName, entity: Entity): Promise<void> => {
  const { users } = accounts.inRealm(realm);
  for await (const page of pagesOf(users)) {
    const stored = await users.keysOfMany(page.map(({ id }) => id));
    const changed = new Map<string, readonly UserKey[]>();
    for (const user of page) {
      const wanted = keysOf(entity, readUserValues(entity, user));
      if (!isSame(stored.get(user.id) ?? [], wanted)) changed.set(user.id, wanted);
    }
    if (changed.size > 0) await users.replaceKeysOfMany(changed);
  }
};
