/** The protocol versions Reeve speaks. */
export type ProtocolVersion = 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14;

export const lowestVersion = 2;
export const highestVersion = 14;

/** What each version changed, one line each (sync-protocol §3.1). The lowest is the oldest that current SDKs offer. */
export const versionHistory: Readonly<Record<ProtocolVersion, string>> = {
  2: "merge: erasing an object always wins",
  3: "Mixed, typed links, sets and dictionaries in changesets; first version with flexible sync",
  4: "errors from the server are JSON_ERROR instead of ERROR",
  5: "compensating writes (231) instead of 230",
  6: "asymmetric tables",
  7: "the client obeys the action of JSON_ERROR and may send JSON_ERROR itself",
  8: "`#` in sub-protocol tokens; close codes 4001 to 4003; flexible BIND carries JSON instead of a path",
  9: "migration between partitions and flexible sync: `migratedPartition` in BIND, codes 232 and 234",
  10: "`sessionReason` in flexible BIND; LOG_MESSAGE from the server",
  11: "`schemaVersion` in flexible BIND; codes 235 and 236",
  12: "flexible DOWNLOAD estimates its progress (0 to 1) where a byte count was",
  13: "collections nested in Mixed; Clear names the kind of collection",
  14: "flexible DOWNLOAD: three batch states instead of a flag; the server may start a bootstrap at any time",
};

/** What a client of some version can be sent, and will send. Builds parse by what they are, not by what was negotiated (V1–V3). */
export interface VersionFeatures {
  /** Errors travel as JSON_ERROR; otherwise as plain ERROR, whose number alone decides. */
  readonly jsonErrors: boolean;
  /** Knows code 231; otherwise a refused write is 230 and a client reset. */
  readonly compensatingWrites: boolean;
  /** Obeys the action; otherwise acts on `shouldClientReset` or the number. */
  readonly actions: boolean;
  /** Knows the actions RefreshUser, RefreshLocation, LogOutUser and MigrateSchema; others act as on ApplicationBug (V3). */
  readonly lateActions: boolean;
  /** Flexible BIND carries a JSON object. */
  readonly bindBody: boolean;
  readonly migratedPartition: boolean;
  readonly sessionReason: boolean;
  readonly logMessages: boolean;
  readonly schemaVersion: boolean;
  /** Flexible DOWNLOAD may carry fractions as progress; otherwise only `0` is written (V2). */
  readonly fractionalProgress: boolean;
  /** Takes a bootstrap of the subscription set it has active; otherwise that needs 228 (V1). */
  readonly rebootstrap: boolean;
}

export const featuresOf = (version: ProtocolVersion): VersionFeatures => ({
  jsonErrors: version >= 4,
  compensatingWrites: version >= 5,
  actions: version >= 7,
  lateActions: version >= 10,
  bindBody: version >= 8,
  migratedPartition: version >= 9,
  sessionReason: version >= 10,
  logMessages: version >= 10,
  schemaVersion: version >= 11,
  fractionalProgress: version >= 12,
  rebootstrap: version >= 14,
});

export const isProtocolVersion = (value: number): value is ProtocolVersion =>
  Number.isInteger(value) && value >= lowestVersion && value <= highestVersion;
