import { z } from "zod";

const flags = z.strictObject({ mayRead: z.boolean(), mayWrite: z.boolean(), mayManage: z.boolean() });

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
  /** Life of a refresh token, in seconds: how long a device may stay away without signing in again. */
  refreshTokenSeconds: z
    .int()
    .min(60)
    .max(10 * 365 * 86_400)
    .default(60 * 86_400),
  /** Origins of web apps that may call the client interface; `*` permits all, since calls carry a token and no cookie. */
  allowedRequestOrigins: z.array(z.string().max(255)).max(100).default(["*"]),
});

export type RealmSettings = z.infer<typeof realmSettings>;
/** Settings as an operator writes them: all optional. */
export type RealmSettingsInput = z.input<typeof realmSettings>;
