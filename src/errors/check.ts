import type { ErrorEntry } from "./entry.ts";

/** A finding that makes `reeve check` end with status 1. */
const error = (message: string, explanation: string): ErrorEntry => ({ status: 1, message, explanation });
/** A finding that is shown and does not fail the check. */
const warning = (message: string, explanation: string): ErrorEntry => ({ status: 0, message, explanation });

/** What can be wrong with a deployment's files, found before it is deployed. The status is the exit status that the finding alone leads to. */
export const checkErrors = {
  FileUnreadable: error(
    "A file cannot be read.",
    "It is missing, is not UTF-8 text, is larger than 1 MiB (.dev.vars: 64 KiB), or its permissions forbid it.",
  ),
  FileTooOpen: warning(
    "A file with secrets can be read by other users of this machine.",
    "Give it mode 0600: whoever reads the signing keys can sign in as anybody, and whoever reads the admin token may do everything.",
  ),
  TomlSyntax: error("The file is not TOML.", "wrangler refuses the file too; nothing else in it was checked."),
  EnvironmentSyntax: error(
    "A line is not NAME=value.",
    "Files of variables hold one variable a line, comments begin with #, and a value with spaces stands in quotes.",
  ),
  DuplicateVariable: error("A variable is set twice.", "The last one counts, so the first is misleading at best. Delete one of them."),
  EntryMissing: error("The Worker's entry file does not exist.", "`main` of wrangler.toml must name the file that exports the Worker."),
  CompatibilityTooOld: error(
    "The compatibility date or flags are not those that the Worker is written for.",
    "With an older date the runtime behaves otherwise: the Worker may not start, or may fail on connections. Take the date of the repository's wrangler.toml.",
  ),
  BindingMissing: error(
    "A binding that the Worker uses is missing.",
    "Every request that needs it fails with 500. docs/operations.md lists the bindings.",
  ),
  BindingWrong: error(
    "A binding names something that the Worker does not have.",
    "The Durable Object classes are those that the entry file exports; a migration must make each of them with SQLite storage (`new_sqlite_classes`), which cannot be changed afterwards.",
  ),
  DatabaseNotCreated: warning(
    "The database's id is the placeholder.",
    "`wrangler d1 create reeve` prints the id that belongs here. Local work needs none.",
  ),
  SettingUnknown: warning("A setting is not known.", "The Worker ignores it. It may be misspelt, or be meant for another version."),
  SettingInvalid: error(
    "A setting has a value that it cannot have.",
    "The Worker would use the default or refuse to start. The message says what the setting takes.",
  ),
  SecretInSettings: error(
    "A secret stands among the settings.",
    "Settings of wrangler.toml are shown in the provider's console and kept in version control. Use `wrangler secret put`, make a new secret, and treat this one as known to others.",
  ),
  SecretMissing: error(
    "A secret is missing.",
    "Without SIGNING_KEYS nobody can sign in (503); without ADMIN_TOKEN tools cannot. `npm run dev` makes both for local work.",
  ),
  AdminTokenWeak: error(
    "The admin token is easy to guess.",
    "It opens everything to whoever has it. Use at least 32 random characters, as `npm run dev` makes them.",
  ),
  SigningKeysMalformed: error(
    "The signing keys are not a list of private keys.",
    'The secret is `{"keys":[…]}` with 1 to 16 private ES256 keys as JWK (RFC 7517): kty EC, crv P-256, x, y, d and kid. `npm run --silent keys` prints a fresh one.',
  ),
  SigningKeyAlgorithm: error("A signing key is for another algorithm.", "Tokens are signed with ES256 only: an EC key on the curve P-256."),
  SigningKeyNameTaken: error(
    "Two signing keys have the same kid.",
    "A token names its key by kid, so tokens of one of them could not be verified. Give the newer one another kid.",
  ),
  SigningKeyMismatch: error(
    "A signing key's public half does not belong to its private half.",
    "Every token signed with it would be refused. Take both halves from the same pair, or make a new one.",
  ),
  JsonSyntax: error(
    "The file is not JSON.",
    "Rules are JSON; comments (`//`, `/* */`) are permitted. Nothing else in the file was checked.",
  ),
  DuplicateKey: error("An object has the same key twice.", "JSON readers keep one of them silently; which one decides over access here."),
  NestedTooDeeply: error(
    "The JSON is nested more than 64 levels deep.",
    "No rule needs that; it is refused to bound the work of reading it.",
  ),
  WrongShape: error("A value has the wrong type.", "The message names what belongs here."),
  UnknownKey: warning("A key is not known.", "It has no effect. It may be misspelt, which matters when it was meant to restrict access."),
  MissingKey: error("A required key is missing.", "The message names it and what it takes."),
  MixedSyncModes: error(
    "Partition-based and flexible sync are both configured.",
    "A realm uses one of them: `sync` (partition-based) or `flexible_sync`. Devices of the other kind are refused with 113 or 114.",
  ),
  UnknownPartitionType: error("The partition key has a type that it cannot have.", "It is string, long, objectId or uuid."),
  UnknownExpansion: error(
    "An expansion (%%…) does not exist.",
    "Text that begins with %% is always an expansion. A rule with one that does not exist would never grant what it seems to.",
  ),
  UnknownOperator: error("An operator does not exist.", "The message lists those that do."),
  ForbiddenConstruct: error(
    "An expansion or operator is not permitted in this place.",
    "Partition rules know no document; `applyWhen` is decided at the session's start, before any document; `read` and `write` of a role are decided by document, so they cannot call functions or convert values.",
  ),
  DocumentFieldForbidden: error(
    "A document's field is used where there is no document.",
    "Partition rules and `applyWhen` are decided when a session starts. Compare with %%user…, %%values… or, in partition rules, %%partition.",
  ),
  FieldNotQueryable: error(
    "A rule reads a field that is not queryable.",
    "`read` and `write` can use queryable fields only (and `_id`). Add the field to queryable_fields_names; devices then upload it as one.",
  ),
  OperandWrong: error(
    "An operator has an operand that it cannot have.",
    "$in and $nin take a list or an expansion that gives one; $exists takes true or false; $and, $or and $nor take lists of expressions.",
  ),
  LiteralTypeMismatch: warning(
    "A literal can never equal what it is compared with.",
    'Values of different types are never equal: a long partition is compared with a number, an objectId one with {"$oid":"…"}, a user\'s id with text.',
  ),
  UnknownFunction: error(
    "A rule calls a function that does not exist.",
    "Such a rule never grants anything: a call that fails counts as false.",
  ),
  RoleNameTaken: error(
    "Two roles of one list have the same name.",
    "Logs and the stored role of a device name the role, so it must be unique in its list.",
  ),
  RoleUnreachable: warning(
    "A role is never reached.",
    "Roles are tried in order and the first whose `applyWhen` holds is taken; one before this applies always.",
  ),
  RoleWithoutAccess: warning("A role gives no access.", "Neither `read` nor `write` can be true, so whoever gets it sees nothing."),
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type CheckCode = keyof typeof checkErrors;
