import type { Expression } from "./expression.ts";

export const partitionTypes = ["string", "long", "objectId", "uuid"] as const;
/** The type of the values by which partition-based sync divides data. */
export type PartitionType = (typeof partitionTypes)[number];

export const syncStates = ["enabled", "disabled", ""] as const;
/** `disabled`: paused; empty: terminated. */
export type SyncState = (typeof syncStates)[number];

/** One session role of flexible sync (rules-and-config §3.1). */
export interface Role {
  readonly name: string;
  readonly applyWhen: Expression;
  readonly read: Expression;
  readonly write: Expression;
}

export const rolesRefreshes = ["immediate", "next-session"] as const;
/** When a changed role reaches open sessions of clients that can follow (rules-and-config §6). */
export type RolesRefresh = (typeof rolesRefreshes)[number];

/** Which roles are tried for which class. */
export interface Roles {
  readonly collections: ReadonlyMap<string, readonly Role[]>;
  readonly defaults: readonly Role[];
  /** Whether a user to whom none of a class's own roles applies is tried against the defaults. */
  readonly fallThroughToDefault: boolean;
  readonly refresh: RolesRefresh;
}

/** Fields that rules and queries may read: of every class, or by class. `undefined`: not declared, so not checked. */
export type QueryableFields =
  | { readonly kind: "everywhere"; readonly names: ReadonlySet<string> }
  | { readonly kind: "by class"; readonly names: ReadonlyMap<string, ReadonlySet<string>> }
  | undefined;

/** How a realm synchronises, as written in a rules file. */
export type SyncConfiguration =
  | {
      readonly mode: "partition";
      readonly state: SyncState;
      readonly key: string;
      readonly type: PartitionType;
      /** Whether every object must have a value for the key. */
      readonly required: boolean;
      readonly read: Expression;
      readonly write: Expression;
      readonly recoveryDisabled: boolean;
    }
  | {
      readonly mode: "flexible";
      readonly state: SyncState;
      readonly queryableFields: QueryableFields;
      readonly asymmetricClasses: readonly string[];
      readonly roles: Roles;
      readonly recoveryDisabled: boolean;
    };
