import type { ErrorFamily } from "./entry.ts";

/** What is told to a client whose bytes are at fault; the exact reason goes to the log, not over the wire. */
const badChangeset = { status: 212, message: "The uploaded changeset cannot be read." };
const malformed = "No Realm SDK writes such bytes: the upload was damaged, truncated or made by hand. Nothing of it was stored.";

/**
 * Errors of the changeset codec, its readable form and the builder. `status` is the sync protocol's number for those a client can
 * cause over the wire (212, bad changeset) and the HTTP status for those that only arise from JSON or our own code.
 */
export const changesetErrors = {
  TruncatedInput: { ...badChangeset, explanation: `The bytes end inside a record. ${malformed}` },
  IntegerOutOfRange: {
    ...badChangeset,
    explanation: `An integer is too long for its field, or negative where only sizes and indices may stand. ${malformed}`,
  },
  UnknownInstruction: { ...badChangeset, explanation: `An opcode is neither 0 to 13 nor 0x3f. ${malformed}` },
  UnexpectedInternIndex: { ...badChangeset, explanation: `Interned strings are not numbered 0, 1, 2 in order of appearance. ${malformed}` },
  RepeatedInternString: { ...badChangeset, explanation: `The same string is interned twice in one changeset. ${malformed}` },
  UnknownInternString: { ...badChangeset, explanation: `A name refers to an interned string that was not defined before. ${malformed}` },
  StringTooLong: { ...badChangeset, explanation: "A string is longer than 16,777,199 bytes, the most a Realm file can hold." },
  InvalidText: {
    ...badChangeset,
    explanation:
      "A string is not valid UTF-8. The format does not check this; Reeve refuses it, since it could not hand the text on unchanged.",
  },
  UnsupportedPayloadType: { ...badChangeset, explanation: `A value has a type that does not exist or may not be a value. ${malformed}` },
  UnsupportedKeyType: { ...badChangeset, explanation: `A primary key has a type that keys cannot have. ${malformed}` },
  UnsupportedColumnType: {
    ...badChangeset,
    explanation: `A column is declared with a type columns cannot have, or as a Mixed that is not nullable. ${malformed}`,
  },
  UnsupportedCollection: { ...badChangeset, explanation: `A collection kind is not one of single, list, dictionary, set. ${malformed}` },
  UnsupportedTableType: { ...badChangeset, explanation: `A class is neither top-level nor embedded nor asymmetric. ${malformed}` },
  MissingIndex: { ...badChangeset, explanation: `A list instruction's path does not end in an index. ${malformed}` },
  InvalidPathElement: { ...badChangeset, explanation: `A path holds an index of 2^32 or more, or an unknown marker. ${malformed}` },
  PathTooDeep: { ...badChangeset, explanation: "A path goes deeper than collections can be nested (100 levels by default)." },
  TimestampOutOfRange: {
    ...badChangeset,
    explanation: `A timestamp's nanoseconds are 10^9 or more, or of the other sign than its seconds. ${malformed}`,
  },
  DecimalOutOfRange: { ...badChangeset, explanation: `A decimal does not fit the 128-bit format. ${malformed}` },
  ChangesetTooLarge: {
    ...badChangeset,
    explanation:
      "A changeset is larger, or has more instructions, than the configured limit. Raise the limit, or write smaller transactions.",
  },
  Unencodable: {
    status: 500,
    message: "The changes cannot be written.",
    explanation:
      "Code of this server built an instruction whose value the format cannot hold: an integer beyond 64 bits, text with a lone surrogate, or the like.",
  },
  InvalidReadableChangeset: {
    status: 400,
    message: "The changes are not written as they should be.",
    explanation: "JSON given as instructions has a missing, unknown or ill-typed member; the error names its place.",
  },
  InvalidChange: {
    status: 400,
    message: "This change is not possible.",
    explanation: "The changeset builder was given a value that does not fit its field, or a list operation without a known list size.",
  },
  InvalidKeyText: {
    status: 400,
    message: "This is not a primary key.",
    explanation: "A base64 key, as used in rejectedUpdates, is damaged or holds a type that keys cannot have.",
  },
} satisfies ErrorFamily;

export type ChangesetErrorCode = keyof typeof changesetErrors;
