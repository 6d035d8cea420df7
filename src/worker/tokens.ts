import { createTokens, parseSigningKeys, type Tokens } from "../accounts/tokens.ts";
import type { Environment } from "./environment.ts";

let cache: { readonly secret: string; readonly tokens: Promise<Tokens> } | undefined;

/**
 * Signs and verifies with the Worker's keys, which are imported once per isolate.
 * @returns rejects when the secret SIGNING_KEYS is missing or wrong; the message never quotes it
 */
export const tokensOf = ({ SIGNING_KEYS: secret }: Environment): Promise<Tokens> => {
  if (cache?.secret === secret) return cache.tokens;
  const parsed = parseSigningKeys(secret);
  const tokens = parsed.ok ? createTokens(parsed.keys) : Promise.reject(new Error(parsed.problem));
  cache = { secret, tokens };
  return tokens;
};
