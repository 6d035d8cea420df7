import { authorisePartition as decide, type Bearer, type ShutOut } from "../accounts/access.ts";
import { openAccounts } from "../accounts/accounts.ts";
import { closes, type Close } from "../protocol/close.ts";
import type { PartitionAccess } from "../session/ports.ts";
import type { PartitionAddress } from "./address.ts";

export type { Bearer } from "../accounts/access.ts";

/** What a user may do with a partition, in the gateway's and the partition's terms. */
export type Authorisation =
  | { readonly kind: "access"; readonly access: PartitionAccess }
  /** The user may not even know whether the partition exists. */
  | { readonly kind: "denied" }
  /** The user may not be connected at all, or not with this sign-in. */
  | { readonly kind: "shutOut"; readonly close: Close & { readonly code: 4001 | 4002 | 1011 } };

const userIsGone = { kind: "shutOut", close: closes.logOut } as const satisfies Authorisation;
/** Devices keep their users and data: a realm that is switched off may be switched on again, and one that is missing may be a slip. */
const realmIsClosed = { kind: "shutOut", close: closes.comeBackLater } as const satisfies Authorisation;
/** The device finds out by its refresh token, which is refused; one that has signed in anew since then stays signed in. */
const signInIsOver = { kind: "shutOut", close: closes.refreshToken } as const satisfies Authorisation;

const shutOuts: Readonly<Record<ShutOut, Authorisation>> = {
  "realm unknown": realmIsClosed,
  "realm inactive": realmIsClosed,
  "user unknown": userIsGone,
  "user locked": userIsGone,
  "user disabled": userIsGone,
  "user pending": userIsGone,
  "session ended": signInIsOver,
};

/**
 * Decides what a user may do with a partition: asked when a session binds, and again for open sessions when something it rests on changed.
 * Rejects when the account store cannot be read; nothing may be concluded about the user then.
 */
export const authorisePartition = async (
  database: D1Database,
  { realm, key }: PartitionAddress,
  bearer: Bearer,
): Promise<Authorisation> => {
  const decision = await decide(openAccounts(database).inRealm(realm), bearer, key);
  if (decision.kind === "shut out") return shutOuts[decision.reason];
  const { access } = decision;
  return access.mayRead || access.mayWrite || access.mayManage ? { kind: "access", access } : { kind: "denied" };
};
