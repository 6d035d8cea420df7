import { startCode, verifyCode } from "./code-steps.ts";
import { readConfig } from "./input.ts";
import type { SignInProvider } from "./provider.ts";
import { keyOfLoginName, messageConfig, readLoginName } from "./recipients.ts";

/** `otp`: six digits by mail or SMS, and nothing else. The first step takes `username`, the second repeats it with `flow` and `code`. */
export const oneTimeCodeProvider = (type: string): SignInProvider => ({
  type,
  config: messageConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: keyOfLoginName,
  first: {
    checksSecret: false,
    start: async (attempt) => startCode(attempt, readLoginName(attempt.credentials), readConfig(messageConfig, type, attempt.config)),
  },
  verify: verifyCode,
});
