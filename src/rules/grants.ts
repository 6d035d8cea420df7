/** A flag of a grant; null is not set. */
export type GrantFlag = boolean | null;

/** What is recorded for one user, or for everybody, on one partition. */
export interface GrantFlags {
  readonly mayRead: GrantFlag;
  readonly mayWrite: GrantFlag;
  readonly mayManage: GrantFlag;
}

/** What a user may do with a partition: receive its changes, send changes, change its grants. */
export interface Access {
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  readonly mayManage: boolean;
}

export const fullAccess: Access = { mayRead: true, mayWrite: true, mayManage: true };
export const noAccess: Access = { mayRead: false, mayWrite: false, mayManage: false };

/** All that decides over one user and one partition. */
export interface GrantQuestion {
  readonly isAdmin: boolean;
  readonly isOwner: boolean;
  /** Whether the partition has an owner, or a grant for anybody. Then it is closed to whoever is not named. */
  readonly isClaimed: boolean;
  /** The user's own grant. */
  readonly own: GrantFlags | undefined;
  /** The grant for everybody. */
  readonly everybody: GrantFlags | undefined;
  /** The realm's setting for partitions that nobody has claimed. */
  readonly openPartitions: Access;
}

/**
 * Decides by grants. Admins and the owner have everything. For others each flag is decided on its own: the user's own grant, where it is
 * unset the grant for everybody, where that is unset too nothing; and the realm's setting on a partition that has neither an owner nor any
 * grant. So a user's own `false` stands against everybody's `true`.
 */
export const decideGrant = ({ isAdmin, isOwner, isClaimed, own, everybody, openPartitions }: GrantQuestion): Access => {
  if (isAdmin || isOwner) return fullAccess;
  if (!isClaimed) return openPartitions;
  const decide = (flag: keyof Access): boolean => own?.[flag] ?? everybody?.[flag] ?? false;
  return { mayRead: decide("mayRead"), mayWrite: decide("mayWrite"), mayManage: decide("mayManage") };
};
