import { z } from "zod";

const flags = z.strictObject({ mayRead: z.boolean(), mayWrite: z.boolean(), mayManage: z.boolean() });

/** Null: no limit. */
const limit = z.int().min(0).max(1_000_000_000_000).nullable().default(null);

/** What a realm and each of its users may use. A day is a UTC day; a minute is a clock minute. */
export const realmLimits = z.strictObject({
  /** Requests to the HTTP interfaces in a minute. */
  requestsPerMinute: limit,
  requestsPerMinutePerUser: limit,
  /** Sync connections open at one time. */
  connections: limit,
  connectionsPerUser: limit,
  /** Partitions that may exist; those beyond cannot be opened for the first time. */
  partitions: limit,
  /** Bytes that devices may upload and download in a day. */
  uploadedBytesPerDay: limit,
  downloadedBytesPerDay: limit,
  uploadedBytesPerDayPerUser: limit,
  downloadedBytesPerDayPerUser: limit,
  /** Bytes that the realm's partitions may hold together. */
  storedBytes: limit,
});
export type RealmLimits = z.infer<typeof realmLimits>;

const remote = z.strictObject({
  /** The endpoint's address. */
  url: z.url({ protocol: /^https?$/ }).max(1024),
  /** The name of the realm's secret with which requests are signed: at least 24 random bytes as base64. */
  secret: z.string().min(1).max(64),
});

/** Where the users of a remote realm live. */
export type RemoteSettings = z.infer<typeof remote>;

/** Settings of a realm, stored as JSON beside it. Every one has a default: `{}` is a working realm. */
export const realmSettings = z.object({
  /** What is shown to people in place of the name. */
  displayName: z.string().max(255).optional(),
  /** Whether creating and signing in demand that the realm is named where the URL does not name it (the default realm's URL). */
  realmRequired: z.boolean().default(false),
  /** What separates a realm from a user name in `myRealm:john`; null: names are never split. */
  realmDelimiter: z.string().min(1).max(8).nullable().default(":"),
  /**
   * What a signed-in user may do with a partition that has neither an owner nor any grant. Read and write by default, so that a fresh realm
   * syncs; a realm whose partitions are private until shared sets all to false.
   */
  openPartitions: flags.default({ mayRead: true, mayWrite: true, mayManage: false }),
  /**
   * Fields of the user entity by whose values users may sign in besides their login name (`useforauth`). The entity room keeps this in
   * step.
   */
  signInFields: z.array(z.string().min(1).max(64)).max(32).default(["email", "mobile", "username"]),
  /**
   * Whether requests to reset a password or to send a confirmation again succeed for names that nobody has, so that they tell nothing. App
   * Services answered `user not found`; a realm that needs that (test suites of SDKs do) sets it to false.
   */
  concealUnknownNames: z.boolean().default(true),
  /** `required`: everybody who signs in as a person needs an authenticator app, and sets it up at the next sign-in. */
  secondFactor: z.enum(["optional", "required"]).default("optional"),
  /** Life of a refresh token, in seconds: how long a device may stay away without signing in again. */
  refreshTokenSeconds: z
    .int()
    .min(60)
    .max(10 * 365 * 86_400)
    .default(60 * 86_400),
  /** Set for a realm whose users live behind an endpoint of their own and never in the account store. */
  remote: remote.nullable().default(null),
  /** Origins of web apps that may call the client interface; `*` permits all, since calls carry a token and no cookie. */
  allowedRequestOrigins: z.array(z.string().max(255)).max(100).default(["*"]),
  /** What the realm may use; none by default. */
  limits: realmLimits.prefault({}),
});

export type RealmSettings = z.infer<typeof realmSettings>;
/** Settings as an operator writes them: all optional. */
export type RealmSettingsInput = z.input<typeof realmSettings>;
