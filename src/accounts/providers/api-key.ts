import { z } from "zod";
import { readInput } from "./input.ts";
import type { SignInProvider } from "./provider.ts";

const credentials = z.object({ key: z.string().min(1).max(256) });

/** `api-key`: signs in as the key's owner, a person or (for keys of the realm) a `server` user. */
export const apiKeyProvider: SignInProvider = {
  type: "api-key",
  config: z.object({}),
  onByDefault: false,
  secondFactor: "not asked",
  accountName: () => undefined,
  verify: async ({ accounts, credentials: input }) => {
    const apiKey = await accounts.apiKeys.findByKey(readInput(credentials, input).key);
    if (apiKey === undefined || apiKey.disabled) return { kind: "refused", code: "AuthError", message: "invalid API key", counts: true };
    return { kind: "user", userId: apiKey.userId, apiKeyId: apiKey.id };
  },
};
