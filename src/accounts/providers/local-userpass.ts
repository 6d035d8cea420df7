import { z } from "zod";
import { findUserForSignIn } from "../entities/find-user.ts";
import { normaliseLoginName } from "../names.ts";
import { verifyPassword } from "../passwords.ts";
import { isRemote, verifyRemotely } from "../remote/verify.ts";
import { readInput } from "./input.ts";
import type { SignInOutcome, SignInProvider } from "./provider.ts";

const credentials = z.object({ username: z.string().max(1024), password: z.string().max(4096) });

const url = z.url({ protocol: /^https?$/ }).or(z.literal(""));

/** Settings of `local-userpass` (rules-and-config §8.5). */
export const localUserpassConfig = z
  .object({
    autoConfirm: z.boolean().optional(),
    runConfirmationFunction: z.boolean().default(false),
    confirmationFunctionName: z.string().default(""),
    emailConfirmationUrl: url.default(""),
    runResetFunction: z.boolean().default(false),
    resetFunctionName: z.string().default(""),
    resetPasswordUrl: url.default(""),
  })
  .transform(({ autoConfirm, ...config }) => ({
    ...config,
    // A realm that says nothing of confirmation has no way to confirm: then names are good at once.
    autoConfirm: autoConfirm ?? (!config.runConfirmationFunction && config.emailConfirmationUrl === ""),
  }));

export type LocalUserpassConfig = z.output<typeof localUserpassConfig>;

const refused: SignInOutcome = { kind: "refused", code: "InvalidPassword", counts: true };

/**
 * `local-userpass`: a name and a password; on in every realm. Unknown and unconfirmed names and wrong passwords are refused alike, in text,
 * status and work done (app-services-api §3).
 */
export const localUserpassProvider: SignInProvider = {
  type: "local-userpass",
  config: localUserpassConfig,
  onByDefault: true,
  secondFactor: "asked",
  accountName: (input) => {
    const name = normaliseLoginName(readInput(credentials, input).username);
    return name.ok ? name.name.key : undefined;
  },
  verify: async (attempt) => {
    const { username, password } = readInput(credentials, attempt.credentials);
    const name = normaliseLoginName(username);
    if (isRemote(attempt)) return name.ok ? verifyRemotely(attempt, name.name.key, password) : refused;
    const credential = name.ok ? await findUserForSignIn(attempt, name.name.key) : undefined;
    const matches = await verifyPassword(password, credential?.passwordHash);
    if (!matches || credential === undefined || !credential.confirmed) return refused;
    const email = credential.displayName;
    return { kind: "identity", identity: { subject: credential.username, profile: { email }, data: { email } } };
  },
};
