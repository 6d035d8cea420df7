/** Names of details whose values never reach a log, whoever passes them. */
const secretNames = /token|secret|passw|authorization|cookie|credential|api[-_]?key|private/i;

/** JSON web tokens, bearer headers, and secrets in the query of a URL. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, "[token]"],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 [token]"],
  [/([?&](?:baas_at|token|access_token|refresh_token|code|key|password)=)[^&\s"]+/gi, "$1[redacted]"],
];

/** The longest text of one detail. */
const maxLength = 4096;

const redactText = (text: string): string => {
  let clean = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  for (const [pattern, replacement] of secretTexts) clean = clean.replace(pattern, replacement);
  return clean;
};

/** Details as they may be logged: values of secret names, and tokens within other texts, are taken out. */
export const redactDetails = (details: Readonly<Record<string, string | number | boolean>>): Record<string, string | number | boolean> =>
  Object.fromEntries(
    Object.entries(details).map(([name, value]) => {
      if (typeof value !== "string") return [name, value];
      return [name, secretNames.test(name) ? "[redacted]" : redactText(value)];
    }),
  );
