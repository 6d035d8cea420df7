import { startCode, verifyCode } from "./code-steps.ts";
import { readConfig } from "./input.ts";
import { localUserpassProvider } from "./local-userpass.ts";
import type { SignInProvider } from "./provider.ts";
import { keyOfLoginName, messageConfig, readLoginName } from "./recipients.ts";

/**
 * `passwordotp`: the password, and then six digits by mail or SMS. The first step takes `username` and `password` and refuses them as
 * `local-userpass` does; the second repeats `username` with `flow` and `code`.
 */
export const passwordCodeProvider = (type: string): SignInProvider => ({
  type,
  config: messageConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: keyOfLoginName,
  first: {
    checksSecret: true,
    start: async (attempt) => {
      const proved = await localUserpassProvider.verify(attempt);
      if (proved.kind === "refused") return proved;
      const config = readConfig(messageConfig, type, attempt.config);
      return startCode(attempt, readLoginName(attempt.credentials), { ...config, createUsers: false });
    },
  },
  verify: verifyCode,
});
