import type { RealmName } from "../accounts/ids.ts";

/** Which partition: names its Durable Object, its rows in the account store, and nothing else. */
export interface PartitionAddress {
  readonly realm: RealmName;
  /** The canonical text of the partition value: two spellings of one value have the same. */
  readonly key: string;
}

/** The object's name. Unambiguous, since realm names hold no slash. */
export const objectName = ({ realm, key }: PartitionAddress): string => `${realm}/${key}`;
