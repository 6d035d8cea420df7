/** The queries of a subscription set: class name (no prefix) → query text, each in parentheses and joined by ` OR ` (§5.3). */
export type QuerySet = ReadonlyMap<string, string>;

/**
 * Reads the JSON of QUERY or of a flexible IDENT; undefined when it is not one object of texts. The query texts are not parsed: that and
 * what to answer (QUERY_ERROR, or an empty view at IDENT) is the session's.
 */
export const parseQuerySet = (json: string): QuerySet | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const queries = new Map<string, string>();
  for (const [name, query] of Object.entries(value)) {
    if (typeof query !== "string") return undefined;
    queries.set(name, query);
  }
  return queries;
};

/** The JSON as SDKs write it: keys sorted, compact. */
export const formatQuerySet = (queries: QuerySet): string => {
  const names = [...queries.keys()].sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(queries.get(name))}`).join(",")}}`;
};
