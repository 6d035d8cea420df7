import type { ErrorFamily } from "./entry.ts";

/** What can be wrong with realm files (`iam/*.yaml`). Each finding names file, line and column; while there is one, nothing is applied. */
export const realmFileErrors = {
  REALM_FILES_INVALID: {
    status: 422,
    message: "the realm files cannot be applied",
    explanation: "At least one of the files has an error; `diagnostics` lists all of them with their places. Nothing was changed.",
  },
  YAML_SYNTAX: { status: 422, message: "not valid YAML", explanation: "The file cannot be parsed. The message is the parser's." },
  YAML_LIMIT: {
    status: 422,
    message: "the file is too large or nested too deeply",
    explanation:
      "256 KiB a file, 1 MiB together, 20,000 nodes with aliases written out, 32 levels: no honest realm file comes near, bombs do.",
  },
  DUPLICATE_KEY: {
    status: 422,
    message: "a key stands twice",
    explanation: "Parsers keep one of the two in silence; delete the wrong one.",
  },
  UNKNOWN_KEY: {
    status: 422,
    message: "a key is not known",
    explanation: "Probably a slip of the pen: the nearest known key is suggested. Nothing is ignored, since a misspelt rule is no rule.",
  },
  WRONG_TYPE: { status: 422, message: "a value has the wrong type", explanation: "The message says what belongs here." },
  MISSING: { status: 422, message: "something is missing", explanation: "The message names the key that is required here." },
  BAD_NAME: {
    status: 422,
    message: "a name has characters that it cannot have",
    explanation:
      "Names of realms, entities and fields are plain ASCII, so that two names that look alike are the same. The message names the character.",
  },
  DUPLICATE_NAME: {
    status: 422,
    message: "a name is given twice",
    explanation: "Two realms, entities, fields or providers have one name, or names that differ only in upper and lower case.",
  },
  UNKNOWN_ENTITY: {
    status: 422,
    message: "there is no such entity",
    explanation: "A realm or `inherits` names an entity that no file defines.",
  },
  UNKNOWN_PROVIDER: {
    status: 422,
    message: "there is no such sign-in provider",
    explanation: "A realm lists a provider that is neither defined in `providers` nor one of Reeve's own (docs/sign-in.md).",
  },
  INHERITANCE_CYCLE: { status: 422, message: "entities inherit from each other", explanation: "The message names the circle." },
  UNKNOWN_TYPE: {
    status: 422,
    message: "there is no such field type",
    explanation: "ulid, string, boolean, object, number, date, or array(…) of one.",
  },
  TYPE_CONFLICT: {
    status: 422,
    message: "an inherited field has another type",
    explanation: "An entity may add to an inherited field, and cannot change its type: users are stored by it.",
  },
  UNKNOWN_VALIDATION: { status: 422, message: "there is no such validation", explanation: "required, unique, length, final." },
  UNKNOWN_COMPLIANCE: {
    status: 422,
    message: "there is no such compliance",
    explanation: "hash keeps only a hash of the value; nolog keeps it out of logs and the audit log. Others are not known.",
  },
  BAD_LENGTH: {
    status: 422,
    message: "the length cannot be fulfilled",
    explanation: "min and max are whole numbers, and min is not above max.",
  },
  BAD_EXPRESSION: {
    status: 422,
    message: "an expression cannot be read",
    explanation: "Expressions are literals, names of fields, +, parentheses and the functions ulid, now, lower, upper, trim, coalesce.",
  },
  BAD_DEFAULT: {
    status: 422,
    message: "a default has the wrong type",
    explanation: "The value of `defaultvalue` must be one that the field can hold.",
  },
  COMPUTATION_CYCLE: { status: 422, message: "computed fields depend on each other", explanation: "The message names the circle." },
  IDENTITY_COUNT: {
    status: 422,
    message: "exactly one field names the user",
    explanation: "`useforidentity: true` stands on exactly one field of an entity; where it declares none, the inherited one counts.",
  },
  BAD_ATTRIBUTE: {
    status: 422,
    message: "the field cannot be used so",
    explanation: "Only texts that are kept as they are can be names for signing in; only passwords and other texts can be hashed.",
  },
  TWO_DEFAULTS: { status: 422, message: "two realms are the default", explanation: "`default: true` stands on one realm at most." },
  DEFAULT_INACTIVE: {
    status: 422,
    message: "the default realm is not active",
    explanation: "The default realm serves whoever names no realm.",
  },
  BAD_SETTING: { status: 422, message: "a setting has a wrong value", explanation: "The message names the setting and what it takes." },
  STORED_USERS: {
    status: 422,
    message: "stored users do not fit",
    explanation: "Two users have the same value in a field that the files make unique. Change one of them first; nothing was changed.",
  },
} as const satisfies ErrorFamily;

export type RealmFileErrorCode = keyof typeof realmFileErrors;
