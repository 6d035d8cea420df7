import type { Findings, Place } from "./diagnostic.ts";
import { shown } from "./yaml-source.ts";

/** A character that a name cannot have, told so that a look-alike is seen: `U+0435`. */
const describeCharacter = (character: string): string => {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  return /[\x21-\x7e]/.test(character)
    ? `"${character}"`
    : `${code}${/\p{L}/u.test(character) ? ", which only looks like a plain letter" : ""}`;
};

/** Checks a name for its characters; reports the first wrong one. */
export const checkName = (name: string, pattern: RegExp, what: string, at: Place, findings: Findings): boolean => {
  if (pattern.test(name)) return true;
  const strange = [...name].find((character) => !/[A-Za-z0-9_.-]/.test(character));
  const reason = strange === undefined ? "it begins wrong, or is empty or too long" : `it has ${describeCharacter(strange)}`;
  findings.add(at, "BAD_NAME", `${shown(name)} cannot be the name of ${what}: ${reason}`);
  return false;
};

/** Names given so far, to find those given twice, also in other letters' case. */
export class NameRegister {
  readonly #seen = new Map<string, string>();
  readonly #what: string;
  readonly #findings: Findings;

  constructor(what: string, findings: Findings) {
    this.#what = what;
    this.#findings = findings;
  }

  /** False when the name is taken. */
  take(name: string, at: Place): boolean {
    const taken = this.#seen.get(name.toLowerCase());
    if (taken === undefined) {
      this.#seen.set(name.toLowerCase(), name);
      return true;
    }
    const reason = taken === name ? "is given twice" : `differs from ${taken} only in upper and lower case`;
    this.#findings.add(at, "DUPLICATE_NAME", `the ${this.#what} ${name} ${reason}`);
    return false;
  }
}
