import { base64UrlToBytes, bytesToBase64Url } from "../../accounts/bytes.ts";
import { inputError } from "../../errors/management.ts";

/** A place in a list as clients see it: opaque, so that the order behind it may change. */
export const writeCursor = (key: string): string => bytesToBase64Url(new TextEncoder().encode(`1:${key}`));

/** The key that a cursor stands for. Throws when this service did not write it. */
export const readCursor = (cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined;
  const bytes = base64UrlToBytes(cursor);
  const text = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  if (!text.startsWith("1:")) throw inputError("query.cursor", "is no cursor that this service gave");
  return text.slice(2);
};

/** A page of what was read with one row more than asked for: that row only tells that there is more. */
export const pageFrom = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  show: (row: Row) => Item,
): { items: Item[]; next: string | null } => {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(show), next: last === undefined ? null : writeCursor(keyOf(last)) };
};
