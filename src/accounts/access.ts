import { decideGrant, type Access } from "../rules/grants.ts";
import type { RealmAccounts } from "./accounts.ts";
import type { PartitionFacts } from "./repositories/access-facts.ts";
import type { User } from "./repositories/users.ts";
import type { UserState } from "./schema.ts";

/** Why somebody may not sync at all, whatever the grants say. */
export type ShutOut = "realm unknown" | "realm inactive" | "user unknown" | `user ${Exclude<UserState, "normal">}` | "session ended";

/** Whoever asks to sync: a user, and the sign-in by which they came. */
export interface Bearer {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * What a user may do with a partition. `decided`: the flags (all may be false) and the user, whose data rules may look at. `shut out`:
 * neither grants nor rules are asked; an open connection of this user is to be closed.
 */
export type PartitionAccess =
  | { readonly kind: "decided"; readonly access: Access; readonly isAdmin: boolean; readonly user: User }
  | { readonly kind: "shut out"; readonly reason: ShutOut };

/** Why this user may not sign in or sync in this realm; undefined when nothing stands against it. */
export const shutOutReason = (
  realm: { readonly active: boolean } | undefined,
  user: { readonly state: UserState } | undefined,
): ShutOut | undefined => {
  if (realm === undefined) return "realm unknown";
  if (!realm.active) return "realm inactive";
  if (user === undefined) return "user unknown";
  return user.state === "normal" ? undefined : `user ${user.state}`;
};

/** The partition that a user owns by its name: a path that begins with the user's id, as `/~/…` does once it is resolved. */
const homePath = /^s:\/([^/]+)\//;

/** Decides from facts that were read before; pure. */
export const decidePartitionAccess = (facts: PartitionFacts, partition: string): PartitionAccess => {
  const { realm, user, isAdmin, own, everybody, hasGrants } = facts;
  const reason = shutOutReason(realm, user);
  if (reason !== undefined || realm === undefined || user === undefined) return { kind: "shut out", reason: reason ?? "user unknown" };
  if (!facts.sessionOpen) return { kind: "shut out", reason: "session ended" };
  const ownerId = facts.ownerId ?? homePath.exec(partition)?.[1] ?? null;
  const access = decideGrant({
    isAdmin,
    isOwner: ownerId === user.id,
    isClaimed: ownerId !== null || hasGrants,
    own,
    everybody,
    openPartitions: realm.settings.openPartitions,
  });
  return { kind: "decided", access, isAdmin, user };
};

/**
 * Decides whether a user of this realm may open a partition: asked when a session binds, and again on open sessions after an
 * `AccessChange`. Reads the store once; fails when the store cannot be read, and then nothing may be concluded about the user.
 *
 * `partition`: the canonical key. The user must be of this realm: one of another realm is unknown here. A sign-in that was ended is shut
 * out, even while its access token lives.
 */
export const authorisePartition = async (realm: RealmAccounts, bearer: Bearer, partition: string): Promise<PartitionAccess> =>
  decidePartitionAccess(await realm.access.read(bearer, partition), partition);
