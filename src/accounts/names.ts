/** A name under which somebody signs in with a password. */
export interface LoginName {
  /** What names are compared and stored by: NFC, lower case. */
  readonly key: string;
  /** NFC of what was typed; what the profile shows. */
  readonly display: string;
}

export type NameProblem = "empty" | "too long" | "contains characters that cannot be seen" | "mixes look-alike letters";

export type NameResult = { readonly ok: true; readonly name: LoginName } | { readonly ok: false; readonly problem: NameProblem };

/** The longest name, in UTF-16 units, before and after normalisation. */
export const maxLoginNameLength = 255;

// Control, format (zero-width, directional), private, unassigned characters and every kind of space or line separator.
const unseen = /[\p{C}\p{Z}]/u;

// Alphabets whose letters pass for one another's. A run of letters may use one of them.
const lookAlikeScripts = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u, /\p{Script=Armenian}/u, /\p{Script=Cherokee}/u];

const mixesScripts = (text: string): boolean =>
  text.split(/[^\p{L}\p{M}]+/u).some((run) => lookAlikeScripts.filter((script) => script.test(run)).length > 1);

/**
 * The one form of a login name (an e-mail, a mobile number, or any name: SDKs register all of them).
 *
 * Two people must not own names that look the same: besides upper and lower case and the two ways of writing an accent, which are made
 * equal, names are refused that hide characters, that mix alphabets within a word, or that use compatibility forms (full-width, ligatures,
 * mathematical letters) for plain ones. A whole word in one other alphabet is a name in its own right and permitted.
 */
export const normaliseLoginName = (typed: string): NameResult => {
  if (typed.length > maxLoginNameLength) return { ok: false, problem: "too long" };
  const display = typed.normalize("NFC");
  // Lower-casing can bring forth decomposed letters (as of the Turkish dotted I): compose again.
  const key = display.toLowerCase().normalize("NFC");
  if (key === "") return { ok: false, problem: "empty" };
  if (key.length > maxLoginNameLength) return { ok: false, problem: "too long" };
  if (unseen.test(display)) return { ok: false, problem: "contains characters that cannot be seen" };
  if (key.normalize("NFKC") !== key || mixesScripts(key)) return { ok: false, problem: "mixes look-alike letters" };
  return { ok: true, name: { key, display } };
};

/** Whether a name has the form of an e-mail address: enough to send to it, and no more. */
export const looksLikeEmail = (text: string): boolean => /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*$/u.test(text) && text.length <= 254;

/** A name split at the realm's delimiter: `myRealm:john` is `john` of the realm `myRealm`. */
export interface PrefixedName {
  readonly realm: string | undefined;
  readonly name: string;
}

/** Splits at the first delimiter. Without a delimiter in the settings, or in the name, no realm is named (realms, C9). */
export const splitRealmPrefix = (typed: string, delimiter: string | null): PrefixedName => {
  const at = delimiter === null || delimiter === "" ? -1 : typed.indexOf(delimiter);
  if (delimiter === null || at < 0) return { realm: undefined, name: typed };
  return { realm: typed.slice(0, at), name: typed.slice(at + delimiter.length) };
};
