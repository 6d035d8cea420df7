import { FieldReader } from "./field-reader.ts";
import { writeAscii } from "./frame-writer.ts";
import { ProtocolError } from "./protocol-error.ts";

/**
 * Splits a body into its entries (§7.2): numbers, each ended by one space, then the changeset. Changesets are views into `body`.
 * `read` makes one entry: it takes the numbers in their order from `fields`, and then calls `changeset` for the size and the bytes.
 */
export const readEntries = <Entry>(
  body: Uint8Array,
  limit: number,
  read: (fields: FieldReader, changeset: () => Uint8Array) => Entry,
): readonly Entry[] => {
  const entries: Entry[] = [];
  const fields = new FieldReader(body, 0, body.length, "badEntryHead");
  const changeset = (): Uint8Array => {
    const size = fields.integer();
    const start = fields.offset;
    if (size > body.length - start) {
      throw new ProtocolError("badEntrySize", `a changeset of ${size} bytes announced, ${body.length - start} left`);
    }
    fields.offset = start + size;
    // A plain view even when the body is of a subclass (Node's Buffer), whose own views would be of it too.
    return new Uint8Array(body.buffer, body.byteOffset + start, size);
  };
  while (fields.offset < body.length) {
    if (entries.length === limit) throw new ProtocolError("limitExceeded", `more than ${limit} changesets in one message`);
    entries.push(read(fields, changeset));
  }
  return entries;
};

/** The reverse: one buffer for all entries. `numbers` gives an entry's numbers without the changeset's size, which is added. */
export const writeEntries = <Entry extends { readonly changeset: Uint8Array }>(
  entries: readonly Entry[],
  numbers: (entry: Entry) => string,
): Uint8Array<ArrayBuffer> => {
  const heads = entries.map((entry) => `${numbers(entry)} ${entry.changeset.length} `);
  const size = entries.reduce((total, entry, index) => total + heads[index]!.length + entry.changeset.length, 0);
  const body = new Uint8Array(size);
  let offset = 0;
  entries.forEach((entry, index) => {
    offset = writeAscii(body, offset, heads[index]!);
    body.set(entry.changeset, offset);
    offset += entry.changeset.length;
  });
  return body;
};
