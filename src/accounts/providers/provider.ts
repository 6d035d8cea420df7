import type { HttpErrorCode } from "../../errors/http.ts";
import type { RealmAccounts } from "../accounts.ts";
import type { RealmName } from "../ids.ts";
import type { Realm } from "../repositories/realms.ts";
import type { JsonObject } from "../schema.ts";

/** What a function of the realm gave back. `failed`: it threw, does not exist, or exceeded a limit; `message` is its error's text. */
export type FunctionOutcome =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "failed"; readonly message: string };

/** The realm's own functions, as providers use them. Arguments and results are plain values that EJSON can write. */
export interface FunctionPort {
  call(realm: RealmName, name: string, parameters: readonly unknown[]): Promise<FunctionOutcome>;
}

/** One try to sign in. */
export interface SignInAttempt {
  readonly realm: Realm;
  readonly accounts: RealmAccounts;
  /** The provider's settings as stored; each provider reads them itself. */
  readonly config: JsonObject;
  /** What the client sent, without `options` and `provider`. Nothing is checked yet. */
  readonly credentials: JsonObject;
  /** Undefined when no functions can run. */
  readonly functions: FunctionPort | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A person as a provider knows them. */
export interface ProvenIdentity {
  /** The provider's own name for the person; never reused for another. */
  readonly subject: string;
  /** Merged into the user's profile. Values are strings: SDKs fail on others. */
  readonly profile: Readonly<Record<string, string>>;
  /** What the identity shows besides (`provider_data`). */
  readonly data: JsonObject;
}

/** What a provider found out. It changes nothing itself: making and linking users is the sign-in's. */
export type SignInOutcome =
  /** Somebody the provider vouches for; a user is made at the first time. */
  | { readonly kind: "identity"; readonly identity: ProvenIdentity }
  /** Nobody in particular: a new user each time. */
  | { readonly kind: "newcomer" }
  /** A user of this realm, known already. */
  | { readonly kind: "user"; readonly userId: string; readonly apiKeyId: string | null }
  /** `counts`: whether this was a wrong guess, to be counted against name and address. */
  | { readonly kind: "refused"; readonly code: HttpErrorCode; readonly message?: string; readonly counts: boolean };

/** A way to sign in. One file each; `signInProviders` joins them. */
export interface SignInProvider {
  /** The segment of the sign-in URL and the `provider_type` of its identities. */
  readonly type: string;
  /** Whether it is on in realms that have not configured it. */
  readonly onByDefault: boolean;
  /** The account name in the credentials, normalised, by which failures are counted; undefined for providers without guessable names. */
  accountName(credentials: JsonObject): string | undefined;
  /**
   * Proves who somebody is. Refusals are outcomes; what is thrown is a fault, except an `HttpError` for credentials that cannot be read.
   * Takes as long for a name that does not exist as for a wrong secret.
   */
  verify(attempt: SignInAttempt): Promise<SignInOutcome>;
}
