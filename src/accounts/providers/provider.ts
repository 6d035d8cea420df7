import type { z } from "zod";
import type { HttpErrorCode } from "../../errors/http.ts";
import type { RealmAccounts } from "../accounts.ts";
import type { RealmName } from "../ids.ts";
import type { Outgoing } from "../outbox/outgoing.ts";
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
  /** Requests to the servers that the settings name. */
  readonly outgoing: Outgoing;
  /** Where the request came from; undefined where it is not known. */
  readonly address: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A try to take the first of two steps. */
export interface StartAttempt extends SignInAttempt {
  /** The type under which the provider was addressed. */
  readonly provider: string;
  /** The origin that people reach the service by, for links. */
  readonly origin: string;
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

/** `counts`: whether this was a wrong guess, to be counted against name and address. */
export interface Refusal {
  readonly kind: "refused";
  readonly code: HttpErrorCode;
  readonly message?: string;
  readonly counts: boolean;
}

/** What a provider found out. It changes nothing itself: making and linking users is the sign-in's. */
export type SignInOutcome =
  /** Somebody the provider vouches for; a user is made at the first time. */
  | { readonly kind: "identity"; readonly identity: ProvenIdentity }
  /** The owner of a registered and confirmed name, whose user is made at the first time. */
  | { readonly kind: "registration"; readonly username: string }
  /** Nobody in particular: a new user each time. */
  | { readonly kind: "newcomer" }
  /** A user of this realm, known already. */
  | { readonly kind: "user"; readonly userId: string; readonly apiKeyId: string | null }
  | Refusal;

/** What the first of two steps led to. */
export type StartOutcome =
  | {
      readonly kind: "started";
      /** What the client repeats with the second step. `secret` is for the client; it stands in no message. */
      readonly flow: { readonly id: string; readonly secret?: string };
      readonly expiresInSeconds: number;
      /** The number to show on the screen (magic numbers). */
      readonly number?: number;
      /**
       * Finds the person and sends the message. Carried out after the answer, so that neither its content nor its time tell whether the name
       * exists.
       */
      readonly afterwards: () => Promise<void>;
    }
  | Refusal;

/** A browser's way through an identity provider: sent away by `authorise`, received back by `complete`. */
export interface RedirectSteps {
  /** The URL to send the browser to. */
  authorise(attempt: SignInAttempt, request: AuthorisationRequest): Promise<URL>;
  /** Judges what the browser brought back. */
  complete(attempt: SignInAttempt, answer: AuthorisationAnswer): Promise<SignInOutcome>;
  /** Addresses of apps to which browsers may be sent in the end, compared character by character. */
  allowedRedirects(config: JsonObject): readonly string[];
}

/** The first of two steps. */
export interface FirstStep {
  /** Whether it is a guess at a secret, to be counted against the name. */
  readonly checksSecret: boolean;
  start(attempt: StartAttempt): Promise<StartOutcome>;
}

/** What ties the way there to the way back. */
export interface AuthorisationRequest {
  /** Our own address, to which the identity provider sends the browser back. */
  readonly callback: string;
  readonly state: string;
  readonly nonce: string;
  /** Proof Key for Code Exchange (RFC 7636). */
  readonly codeVerifier: string;
}

export interface AuthorisationAnswer extends AuthorisationRequest {
  readonly parameters: URLSearchParams;
}

/** A way to sign in. One file each; `registry.ts` joins them. */
export interface SignInProvider {
  /** The segment of the sign-in URL and the `provider_type` of its identities. */
  readonly type: string;
  /** The form of its settings. */
  readonly config: z.ZodType;
  /** Whether it is on in realms that have not configured it. */
  readonly onByDefault: boolean;
  /** Whether users who have a second factor are asked for it after this provider; programs and anonymous users cannot be. */
  readonly secondFactor: "asked" | "not asked";
  /** The account name in the credentials, normalised, by which failures are counted; undefined for providers without guessable names. */
  accountName(credentials: JsonObject): string | undefined;
  /**
   * Proves who somebody is. Refusals are outcomes; what is thrown is a fault, except an `HttpError` for credentials that cannot be read.
   * Takes as long for a name that does not exist as for a wrong secret.
   */
  verify(attempt: SignInAttempt): Promise<SignInOutcome>;
  /** The first step, for providers that send something before they can verify it. */
  readonly first?: FirstStep;
  /** For providers to which a browser can be sent. */
  readonly redirect?: RedirectSteps;
}
