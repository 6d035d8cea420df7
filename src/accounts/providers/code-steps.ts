import { z } from "zod";
import { isId } from "../ids.ts";
import type { LoginName } from "../names.ts";
import { readInput } from "./input.ts";
import type { SignInAttempt, SignInOutcome, StartAttempt, StartOutcome } from "./provider.ts";
import { admit, findRecipient, limitMessages, readLoginName, sendMessage, stepExpired, type MessageConfig } from "./recipients.ts";

const credentials = z.object({ flow: z.string().max(64), code: z.string().max(32) });

/** Sends a code of six digits to whoever has this name. The answer is the same when nobody has. */
export const startCode = async (attempt: StartAttempt, name: LoginName, config: MessageConfig): Promise<StartOutcome> => {
  await limitMessages(attempt, name);
  const { lifeSeconds } = config;
  const { flows } = attempt.accounts;
  const state = { provider: attempt.provider, name: name.key, recipient: null };
  const { id, secret: code } = await flows.open({ kind: "code", state, secret: "digits", lifeSeconds });
  const afterwards = async (): Promise<void> => {
    const found = await findRecipient(attempt, name, config);
    if (found === undefined) return;
    await flows.remember("code", id, { ...state, recipient: found.recipient });
    await sendMessage(attempt, found, "sign-in-code", { code }, lifeSeconds);
  };
  return { kind: "started", flow: { id }, expiresInSeconds: lifeSeconds, afterwards };
};

/** Judges a code. It is good once, for the flow and the name that it was asked for. */
export const verifyCode = async (attempt: SignInAttempt): Promise<SignInOutcome> => {
  const name = readLoginName(attempt.credentials);
  const { flow, code } = readInput(credentials, attempt.credentials);
  const state = isId(flow) ? await attempt.accounts.flows.redeem("code", flow, code) : undefined;
  return state === undefined || state.name !== name.key ? stepExpired : admit(attempt, state);
};
