/** Which partition: names its Durable Object, its row in the account store, and nothing else. */
export interface PartitionAddress {
  /** The realm's name, which holds no slash. */
  readonly realm: string;
  /** The canonical text of the partition value: two spellings of one value have the same. */
  readonly key: string;
}

/** The object's name. Unambiguous, since realm names hold no slash. */
export const objectName = ({ realm, key }: PartitionAddress): string => `${realm}/${key}`;
