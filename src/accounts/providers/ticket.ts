import { z } from "zod";
import type { RealmAccounts } from "../accounts.ts";
import { isId } from "../ids.ts";
import { readInput } from "./input.ts";
import type { SignInProvider } from "./provider.ts";

/**
 * Tickets carry a finished sign-in to another client of the same person: an app signs in by a way that its SDK does not know (a magic link, a
 * browser, a second factor) and hands the SDK a ticket. They live for a minute and are good once.
 */
const prefix = "reeve-ticket";
export const ticketSeconds = 60;

const credentials = z.object({ token: z.string().max(256) });

/** A ticket for this user, as text without meaning to its bearer. */
export const issueTicket = async ({ flows }: RealmAccounts, userId: string, provider: string): Promise<string> => {
  const { id, secret } = await flows.open({ kind: "ticket", state: { userId, provider }, secret: "link", lifeSeconds: ticketSeconds });
  return [prefix, id, secret].join(".");
};

/** Whether text is meant as a ticket: SDKs show it as a custom token, the one kind of credentials whose text is free. */
export const looksLikeTicket = (token: unknown): boolean => typeof token === "string" && token.startsWith(`${prefix}.`);

/** `ticket`: what an earlier sign-in gave out. The second factor was asked for then. */
export const ticketProvider: SignInProvider = {
  type: "ticket",
  config: z.object({}),
  onByDefault: true,
  secondFactor: "not asked",
  accountName: () => undefined,
  verify: async ({ accounts, credentials: input }) => {
    const [, id = "", secret = ""] = readInput(credentials, input).token.split(".");
    const state = isId(id) ? await accounts.flows.redeem("ticket", id, secret) : undefined;
    if (state === undefined) return { kind: "refused", code: "SignInStepExpired", counts: true };
    return { kind: "user", userId: state.userId, apiKeyId: null };
  },
};
