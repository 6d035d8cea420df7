// What the tests and the client process say to each other: values, schemas, write operations, answers and events. The Kotlin side is client/src/main/kotlin/Notation.kt.

/** A value in the client's notation: what JSON carries exactly stands for itself, everything else names its type. */
export type Value =
  | null
  | boolean
  | number
  | string
  | { readonly $int: string }
  | { readonly $float: number | string }
  | { readonly $double: number | string }
  | { readonly $decimal: string }
  | { readonly $data: string }
  | { readonly $date: readonly [seconds: number | string, nanoseconds: number] }
  | { readonly $objectId: string }
  | { readonly $uuid: string }
  | { readonly $link: readonly [className: string, primaryKey: Value] }
  | readonly Value[]
  | { readonly [key: string]: Value };

export type Values = Readonly<Record<string, Value>>;

/** Every object of every top-level class, in a fixed order: two devices hold the same exactly when their dumps are deeply equal. */
export type Dump = Readonly<Record<string, readonly Values[]>>;

export interface ClassSchema {
  readonly name: string;
  readonly primaryKey?: string;
  readonly embedded?: boolean;
  /** Types by property: int bool string data date float double decimal objectId uuid mixed or a class, then `?`, then `[]`, `<>` or `{}`. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Where an operation works: class, primary key, then properties, list indexes and dictionary keys. */
export type Path = readonly [className: string, primaryKey: Value, ...steps: (string | number)[]];

export type Operation =
  | { readonly op: "create"; readonly class: string; readonly values: Values; readonly upsert?: boolean }
  | { readonly op: "deleteAll"; readonly class: string }
  | { readonly op: "delete" | "clear"; readonly at: Path }
  | { readonly op: "set" | "add"; readonly at: Path; readonly value: Value }
  | { readonly op: "increment"; readonly at: Path; readonly by: number }
  | { readonly op: "insert"; readonly at: Path; readonly index?: number; readonly value: Value }
  | { readonly op: "remove"; readonly at: Path; readonly index: number }
  | { readonly op: "remove"; readonly at: Path; readonly key: string }
  | { readonly op: "remove"; readonly at: Path; readonly value: Value };

/** The operations of a transaction, in a test's words. */
export const create = (className: string, values: Values): Operation => ({ op: "create", class: className, values });
export const upsert = (className: string, values: Values): Operation => ({ op: "create", class: className, values, upsert: true });
export const remove = (...at: Path): Operation => ({ op: "delete", at });
export const set = (at: Path, value: Value): Operation => ({ op: "set", at, value });
export const increment = (at: Path, by: number): Operation => ({ op: "increment", at, by });
export const insert = (at: Path, index: number, value: Value): Operation => ({ op: "insert", at, index, value });
export const append = (at: Path, value: Value): Operation => ({ op: "insert", at, value });
export const removeIndex = (at: Path, index: number): Operation => ({ op: "remove", at, index });
export const removeKey = (at: Path, key: string): Operation => ({ op: "remove", at, key });
export const removeValue = (at: Path, value: Value): Operation => ({ op: "remove", at, value });
export const addToSet = (at: Path, value: Value): Operation => ({ op: "add", at, value });
export const clear = (...at: Path): Operation => ({ op: "clear", at });
/** The texts in a list that a device reported; nothing when there is no list. */
export const texts = (list: Value | undefined): readonly string[] =>
  Array.isArray(list) ? list.filter((value) => typeof value === "string") : [];
export const link = (className: string, primaryKey: Value): Value => ({ $link: [className, primaryKey] });

export type Credentials =
  | { readonly provider: "anonymous" }
  | { readonly provider: "email"; readonly email: string; readonly password: string }
  | { readonly provider: "apiKey"; readonly key: string }
  /** `google` and `apple` take ID tokens, `facebook` an access token. */
  | { readonly provider: "jwt" | "google" | "apple" | "facebook"; readonly token: string }
  | { readonly provider: "googleCode"; readonly code: string }
  | { readonly provider: "function"; readonly payload: Values };

export interface SignedInUser {
  readonly id: string;
  readonly state: "logged_in" | "logged_out" | "removed";
  readonly accessToken: string;
  readonly profile: unknown;
  readonly customData: unknown;
  readonly identities: readonly { readonly id: string; readonly provider: string }[];
}

export type ClientReset = "manual" | "discard" | "recover" | "recoverOrDiscard";

interface Reported {
  readonly device: string;
  readonly realm: string;
}

/** What the SDK reports by itself. */
export type RealmEvent = Reported &
  (
    | { readonly event: "connection"; readonly state: "disconnected" | "connecting" | "connected" }
    | { readonly event: "progress"; readonly direction: "upload" | "download"; readonly estimate: number }
    | { readonly event: "resetStarted" }
    | { readonly event: "resetDone"; readonly recovered: boolean }
    | {
        readonly event: "error";
        readonly code: number;
        readonly codeName: string;
        readonly message: string;
        readonly fatal: boolean;
        readonly clientReset: boolean;
        readonly recoveryFile: string | null;
        readonly compensatingWrites: readonly { readonly reason: string; readonly class: string; readonly primaryKey: Value }[];
      }
  );

/** Why a command failed: AppError (the server refused over HTTP), SyncError, OpenError, Timeout, Usage, or the SDK's exception. */
export interface Refusal {
  readonly name: string;
  readonly message: string;
  readonly code?: number;
  readonly codeName?: string;
  readonly http?: number;
}
