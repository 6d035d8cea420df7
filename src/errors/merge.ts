import type { ErrorFamily } from "./entry.ts";

/** What is told to a client whose changes cannot be merged; the class, field and path at fault go to the log. */
const badMerge = { status: 212, message: "The uploaded changes cannot be merged with the changes of others." };
const refused = "The whole upload is refused and nothing of it is stored.";

/** Bad merges (merge-rules §9). `status` is the sync protocol's number for a bad changeset. */
export const mergeErrors = {
  TableMismatch: {
    ...badMerge,
    explanation: `Two files added the same class at the same time with a different primary key or of a different kind (embedded, asymmetric). ${refused} Give both apps the same model; the file that lost must start over.`,
  },
  ColumnMismatch: {
    ...badMerge,
    explanation: `Two files added the same property at the same time with a different type, nullability, collection or link target. ${refused} Give both apps the same model; the file that lost must start over.`,
  },
  ListSizeMismatch: {
    ...badMerge,
    explanation: `Two concurrent instructions on one list disagree about the list's size before them, so one of them was not recorded on the state it claims. ${refused} No Realm SDK writes this on a sound file; the file must start over.`,
  },
  ListIndexOutOfRange: {
    ...badMerge,
    explanation: `A list instruction addresses an element beyond the list's end. ${refused} No Realm SDK writes this on a sound file; the file must start over.`,
  },
  InconsistentPaths: {
    ...badMerge,
    explanation: `Of two concurrent instructions one treats a place as a list and the other as a dictionary or an embedded object. ${refused} It arises when a Mixed property changes its kind of collection back and forth within one offline period.`,
  },
} satisfies ErrorFamily;

export type MergeErrorCode = keyof typeof mergeErrors;
