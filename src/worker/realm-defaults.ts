import { realmSettings, type RealmSettingsInput } from "../accounts/settings.ts";
import type { Environment } from "./environment.ts";

const flags: Readonly<Record<string, boolean>> = { true: true, false: false };

/**
 * The Worker's settings REALM_REQUIRED and REALM_DELIMITER as defaults of the realms' own.
 * @throws Error that names the setting which cannot be read: a slip must not make realms less strict
 */
export const realmDefaultsOf = ({ REALM_REQUIRED, REALM_DELIMITER }: Environment): RealmSettingsInput => {
  const required = REALM_REQUIRED === undefined || REALM_REQUIRED === "" ? false : flags[REALM_REQUIRED.trim().toLowerCase()];
  if (required === undefined) throw new Error(`REALM_REQUIRED is true or false, not "${REALM_REQUIRED}"`);
  const delimiter = REALM_DELIMITER === undefined ? {} : { realmDelimiter: REALM_DELIMITER === "" ? null : REALM_DELIMITER };
  const defaults = { realmRequired: required, ...delimiter };
  if (!realmSettings.safeParse(defaults).success) throw new Error("REALM_DELIMITER has 1 to 8 characters, or none");
  return defaults;
};
