import type { ObjectEnvironment } from "../durable-objects/environment.ts";
import type { MeterEnvironment } from "../durable-objects/meter-of.ts";
import type { Logs } from "../durable-objects/logs.ts";
import type { RealmMeter } from "../durable-objects/realm-meter.ts";
import type { Partition } from "../durable-objects/partition.ts";

/** Every binding, secret and setting of the Worker (docs/operations.md). Secrets and settings arrive as text and are parsed once where they are used. */
export interface Environment extends ObjectEnvironment, MeterEnvironment {
  /** Realms, users, identities, tokens, grants; its schema stands in `migrations/`. */
  readonly DB: D1Database;
  /** Snapshots and history segments. */
  readonly BACKUPS: R2Bucket;
  /** One object a partition. */
  readonly PARTITIONS: DurableObjectNamespace<Partition>;
  /** One object that keeps the last days' log lines. */
  readonly LOGS: DurableObjectNamespace<Logs>;
  /** One object a realm that counts what it uses. */
  readonly METERS: DurableObjectNamespace<RealmMeter>;
  /** Secret: `{"keys":[…]}`, private ES256 JWKs with `kid`; the first signs, all verify. */
  readonly SIGNING_KEYS: string;
  /** Secret: the token of the management interface and of tools. */
  readonly ADMIN_TOKEN: string;
  /** The origin that clients reach the service by, where it is not the origin of their requests: `https://sync.example.net`. */
  readonly PUBLIC_ORIGIN?: string;
  /** How much is logged; `info` when absent (`platform/logging.ts`). */
  readonly LOG_LEVEL?: string;
  /** `true`: creating accounts and signing in demand that a realm is named, in every realm that does not say otherwise. Default `false`. */
  readonly REALM_REQUIRED?: string;
  /** What separates a realm from a name, as in `myRealm:john`, where a realm does not say otherwise. Default `:`; empty: names are never split. */
  readonly REALM_DELIMITER?: string;
  /** Hosts (`127.0.0.1:8080`) that sign-in providers and the outbox may call although they are private or speak plain HTTP; for development. */
  readonly OUTGOING_HOSTS?: string;
  /** Where messages to people are delivered; absent: they wait in the mailbox of development (docs/sign-in.md). */
  readonly OUTBOX_URL?: string;
  /** Secret: signs what is delivered, `whsec_` and at least 24 random bytes as base64. */
  readonly OUTBOX_SECRET?: string;
}

/** Hono's view of the Worker: its bindings. */
export interface WorkerHono {
  readonly Bindings: Environment;
}
