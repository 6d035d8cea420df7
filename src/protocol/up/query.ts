import { textFrame } from "../frame-writer.ts";
import type { FrameReader } from "../frame-reader.ts";
import type { Wire } from "../wire.ts";

/**
 * QUERY (§5.3), from the client, flexible sync only: propose a new subscription set.
 *
 * `query <session> <query version> <query size>⏎<query JSON>`. Versions grow, may skip, and are local to the file. After IDENT; uploads
 * made under the older set come before it. Answered by a bootstrap of that version or by QUERY_ERROR.
 */
export interface Query {
  readonly type: "query";
  readonly session: number;
  readonly queryVersion: number;
  /** JSON as sent; `query-set.ts` reads it. */
  readonly query: string;
}

export const decodeQuery = (reader: FrameReader, wire: Wire): Query => ({
  type: "query",
  session: reader.session(),
  queryVersion: reader.integer(),
  query: reader.text(reader.lastInteger(), wire.limits.query),
});

export const encodeQuery = (query: Query): Uint8Array<ArrayBuffer> =>
  textFrame(query.query, (size) => ["query", query.session, query.queryVersion, size]);
