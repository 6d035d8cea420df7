import { z } from "zod";
import { readConfig } from "./input.ts";
import type { SignInProvider } from "./provider.ts";

const customFunctionConfig = z.object({ authFunctionName: z.string().min(1) });

/** What the function may return: the person's id, bare or as `{id}`. */
const result = z.union([z.string().min(1).max(255), z.object({ id: z.string().min(1).max(255) }).transform(({ id }) => id)]);

/** `custom-function`: a function of the realm looks at whatever the client sent and returns the person's id (app-services-api §3). */
export const customFunctionProvider: SignInProvider = {
  type: "custom-function",
  config: customFunctionConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: () => undefined,
  verify: async ({ realm, config, credentials, functions }) => {
    const { authFunctionName } = readConfig(customFunctionConfig, "custom-function", config);
    if (functions === undefined) return { kind: "refused", code: "FunctionsUnavailable", counts: false };
    const outcome = await functions.call(realm.name, authFunctionName, [credentials]);
    if (outcome.kind === "failed") return { kind: "refused", code: "AuthError", message: outcome.message, counts: true };
    const subject = result.safeParse(outcome.value);
    if (!subject.success) return { kind: "refused", code: "AuthError", message: "the function did not return an id", counts: true };
    return { kind: "identity", identity: { subject: subject.data, profile: {}, data: {} } };
  },
};
