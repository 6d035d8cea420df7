import { bytesToHex, randomBytes } from "./bytes.ts";

declare const realmNameBrand: unique symbol;

/** The name of a realm, checked for its form. It stands in URLs as the App ID, so it is short and needs no encoding. */
export type RealmName = string & { readonly [realmNameBrand]: true };

/** The realm that always exists and cannot be deleted. */
export const defaultRealmName = "users";

/** Letters, digits, `-`, `_` and `.`, starting with a letter or digit, at most 64: the form of App IDs and of LoopBack's realm names. */
export const isRealmName = (text: string): text is RealmName => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(text);

/** The realm name in `text`, or undefined when it cannot be one. Whether such a realm exists is the store's to say. */
export const parseRealmName = (text: string): RealmName | undefined => (isRealmName(text) ? text : undefined);

/**
 * A new id: 24 lower-case hex digits, of which the first eight are the seconds since 1970, as in an ObjectId, since apps parse user ids as
 * such. The other 64 bits are random, so that ids are unique across realms and machines.
 */
export const newId = (now: number): string =>
  Math.floor(now / 1000)
    .toString(16)
    .padStart(8, "0") + bytesToHex(randomBytes(8));

/** Whether `text` has the form of an id. */
export const isId = (text: string): boolean => /^[0-9a-f]{24}$/.test(text);
