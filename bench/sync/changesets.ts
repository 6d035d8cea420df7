import { encodeChangeset } from "../../src/changeset/encode.ts";
import { intKey } from "../../src/changeset/key.ts";
import type { Instruction } from "../../src/changeset/model.ts";

const table = "Item";
const field = "text";

/** A class with an integer key, a text and a counter. */
export const schemaChangeset = (): Uint8Array =>
  encodeChangeset([
    { kind: "AddTable", table, tableType: "TopLevel", keyField: "_id", keyType: "Int", keyNullable: false },
    { kind: "AddColumn", table, field, type: "String", nullable: false, collection: "Single" },
  ]);

const create = (id: number): Instruction => ({ kind: "CreateObject", table, key: intKey(BigInt(id)) });

const assign = (id: number, value: string): Instruction => ({
  kind: "Update",
  table,
  key: intKey(BigInt(id)),
  field,
  path: [],
  value: { type: "String", value },
  isDefault: false,
});

/** Creates objects `from` … `from + count − 1` with a text of about `textBytes` bytes each. */
export const creations = (from: number, count: number, textBytes = 0): Uint8Array => {
  const instructions: Instruction[] = [];
  for (let id = from; id < from + count; id++) {
    instructions.push(create(id));
    if (textBytes > 0) instructions.push(assign(id, textOf(id, textBytes)));
  }
  return encodeChangeset(instructions);
};

const textOf = (seed: number, bytes: number): string => {
  let text = "";
  for (let state = seed + 1; text.length < bytes;) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    text += state.toString(36);
  }
  return text.slice(0, bytes);
};

/** `count` changesets of 150 bytes: each assigns a text to one of `objects` objects in turn. */
export const assignments = (count: number, objects: number, from = 0): Uint8Array[] => {
  const changesets: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const id = from + (index % objects);
    const bare = encodeChangeset([assign(id, "")]).length;
    // One byte more for the text's longer size.
    changesets.push(encodeChangeset([assign(id, textOf(index, 150 - bare - 1))]));
  }
  return changesets;
};
