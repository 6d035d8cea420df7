import { z } from "zod";
import type { SignInProvider } from "./provider.ts";

/** `anon-user`: nothing is asked and every sign-in is a new user. The account can be kept by linking another identity to it. */
export const anonymousProvider: SignInProvider = {
  type: "anon-user",
  config: z.object({}),
  onByDefault: false,
  secondFactor: "not asked",
  accountName: () => undefined,
  verify: async () => ({ kind: "newcomer" }),
};
