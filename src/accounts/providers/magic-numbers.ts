import { z } from "zod";
import type { RealmAccounts } from "../accounts.ts";
import { randomBytes } from "../bytes.ts";
import { isId } from "../ids.ts";
import { hashSecret, matchesHash, newSecret } from "../secrets.ts";
import { readConfig, readInput } from "./input.ts";
import type { SignInProvider } from "./provider.ts";
import { admit, findRecipient, limitMessages, messageConfig, readLoginName, sendMessage, stepExpired } from "./recipients.ts";

const credentials = z.object({ flow: z.string().max(64), secret: z.string().max(256) });

/** Three different numbers of two digits, and which of them is right. The bytes are as random as a number shown on a screen needs. */
const drawNumbers = (): { numbers: number[]; right: number } => {
  const numbers = new Set<number>();
  while (numbers.size < 3) numbers.add(10 + (new DataView(randomBytes(2).buffer).getUint16(0) % 90));
  return { numbers: [...numbers], right: new DataView(randomBytes(2).buffer).getUint16(0) % 3 };
};

/**
 * `magicnumbers`: the screen shows a number, the message has three as links, and choosing the right one lets the device in that began.
 * Somebody who began a sign-in in another's name cannot tell them which to choose; a wrong choice ends the sign-in.
 *
 * The first step takes `username` and answers `flow`, `secret` and `number`; the device repeats `flow` and `secret` until the owner has
 * chosen, and is told `SignInPending` so long.
 */
export const magicNumbersProvider = (type: string): SignInProvider => ({
  type,
  config: messageConfig,
  onByDefault: false,
  secondFactor: "asked",
  accountName: () => undefined,
  first: {
    checksSecret: false,
    start: async (attempt) => {
      const config = readConfig(messageConfig, type, attempt.config);
      const { lifeSeconds } = config;
      const name = readLoginName(attempt.credentials);
      await limitMessages(attempt, name);
      const { accounts, realm, origin } = attempt;
      const { numbers, right } = drawNumbers();
      const secrets = numbers.map(() => newSecret());
      const tokens = await Promise.all(secrets.map((secret) => hashSecret("magic-number", secret)));
      const state = { provider: attempt.provider, name: name.key, recipient: null, numbers, tokens, right, approved: false };
      const { id, secret } = await accounts.flows.open({ kind: "numbers", state, secret: "link", lifeSeconds });
      const linkOf = (index: number): string => {
        const link = new URL(`/api/v1/realms/${realm.name}/sign-in/numbers/${id}`, origin);
        link.searchParams.set("token", secrets[index] ?? "");
        return link.href;
      };
      const parameters = Object.fromEntries(
        numbers.flatMap((number, index) => [
          [`number${index + 1}`, String(number)],
          [`link${index + 1}`, linkOf(index)],
        ]),
      );
      const afterwards = async (): Promise<void> => {
        const found = await findRecipient(attempt, name, config);
        if (found === undefined) return;
        await accounts.flows.remember("numbers", id, { ...state, recipient: found.recipient });
        await sendMessage(attempt, found, "sign-in-numbers", parameters, lifeSeconds);
      };
      return { kind: "started", flow: { id, secret }, expiresInSeconds: lifeSeconds, number: numbers[right] ?? 0, afterwards };
    },
  },
  verify: async (attempt) => {
    const { accounts } = attempt;
    const { flow, secret } = readInput(credentials, attempt.credentials);
    const state = isId(flow) ? await accounts.flows.check("numbers", flow, secret) : undefined;
    if (state === undefined) return stepExpired;
    if (!state.approved || state.recipient === null) return { kind: "refused", code: "SignInPending", counts: false };
    return (await accounts.flows.close(flow)) ? admit(attempt, state) : stepExpired;
  },
});

/** What became of a choice. `expired`: the link is of no sign-in that still waits. */
export type NumberChoice = "right" | "wrong" | "expired";

/** The number that a link of the message stands for; undefined when it is of no sign-in that still waits. Changes nothing. */
export const numberOfLink = async ({ flows }: RealmAccounts, flow: string, token: string): Promise<number | undefined> => {
  const state = isId(flow) ? await flows.read("numbers", flow) : undefined;
  if (state === undefined || state.approved) return undefined;
  const matches = await Promise.all(state.tokens.map((hash) => matchesHash("magic-number", token, hash)));
  return state.numbers[matches.indexOf(true)];
};

/** Carries out the choice of a number: the right one lets the waiting device in, any other ends the sign-in. */
export const chooseNumber = async (accounts: RealmAccounts, flow: string, token: string): Promise<NumberChoice> => {
  const number = await numberOfLink(accounts, flow, token);
  const state = number === undefined ? undefined : await accounts.flows.read("numbers", flow);
  if (number === undefined || state === undefined) return "expired";
  if (state.numbers[state.right] !== number) {
    await accounts.flows.close(flow);
    return "wrong";
  }
  await accounts.flows.remember("numbers", flow, { ...state, approved: true });
  return "right";
};
