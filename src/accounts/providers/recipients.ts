import { z } from "zod";
import { HttpError } from "../../errors/http.ts";
import { networkOf } from "../addresses.ts";
import { looksLikeEmail, normaliseLoginName, type LoginName } from "../names.ts";
import type { FailureSource } from "../repositories/failures.ts";
import type { User } from "../repositories/users.ts";
import type { MessageTemplate } from "../schema.ts";
import type { Recipient } from "./flows.ts";
import { readInput } from "./input.ts";
import type { SignInAttempt, SignInOutcome } from "./provider.ts";

/** Settings that all providers which send messages have in common. */
export const messageConfig = z.object({
  /** Ways to send, the preferred first. */
  channels: z
    .array(z.enum(["email", "sms"]))
    .min(1)
    .max(2)
    .default(["email"]),
  /** Whether somebody whose address is not known yet becomes a user by proving it. */
  createUsers: z.boolean().default(false),
  /** Life of a code or link, in seconds. */
  lifeSeconds: z.int().min(30).max(86_400).default(600),
});

export type MessageConfig = z.output<typeof messageConfig>;

const credentials = z.object({ username: z.string().max(1024) });

/** The login name in the credentials. Names that nobody can have are told apart from no others. */
export const readLoginName = (input: unknown): LoginName => {
  const name = normaliseLoginName(readInput(credentials, input).username);
  if (!name.ok) throw new HttpError("InvalidParameter", `invalid: username ${name.problem}`);
  return name.name;
};

/** A login name's key for counting failures. */
export const keyOfLoginName = (input: unknown): string | undefined => {
  const name = normaliseLoginName(readInput(credentials, input).username);
  return name.ok ? name.name.key : undefined;
};

/** Where a message goes, and whom it signs in. */
export interface FoundRecipient {
  readonly channel: "email" | "sms";
  readonly address: string;
  readonly recipient: Recipient;
}

/** A telephone number as E.164 has it, with the separators that people write. */
const phoneOf = (text: unknown): string | undefined => {
  const digits = typeof text === "string" ? text.replaceAll(/[\s().-]/g, "") : "";
  return /^\+[1-9]\d{6,14}$/.test(digits) ? digits : undefined;
};

const emailOf = (text: unknown): string | undefined => (typeof text === "string" && looksLikeEmail(text) ? text : undefined);

/** Where a message can reach somebody, by what is known of them; the name that was typed counts when it is itself an address of theirs. */
const addressesOf = (user: User | undefined, name: string): Record<"email" | "sms", string | undefined> => ({
  email: emailOf(user?.fields["email"]) ?? emailOf(name) ?? emailOf(user?.profile["email"]),
  sms: phoneOf(user?.fields["mobile"]) ?? phoneOf(name),
});

/**
 * The person behind a login name and the address to reach them, by the first channel that has one. Names that were registered and never
 * confirmed belong to nobody: whoever registered them may not be the owner of the address.
 */
export const findRecipient = async (
  { accounts, realm }: SignInAttempt,
  name: LoginName,
  config: MessageConfig,
): Promise<FoundRecipient | undefined> => {
  const registered = await accounts.credentials.find(name.key);
  const credential = registered?.confirmed === true ? registered : undefined;
  const owner = credential?.userId ?? undefined;
  const user =
    owner === undefined ? await accounts.users.findByKey(realm.settings.signInFields, name.key) : await accounts.users.find(owner);
  const addresses = addressesOf(user, credential?.displayName ?? name.display);
  const channel = config.channels.find((candidate) => addresses[candidate] !== undefined);
  const address = channel === undefined ? undefined : addresses[channel];
  if (channel === undefined || address === undefined) return undefined;
  if (user !== undefined) return { channel, address, recipient: { kind: "user", userId: user.id } };
  if (credential !== undefined) return { channel, address, recipient: { kind: "registration", username: credential.username } };
  return config.createUsers ? { channel, address, recipient: { kind: "newcomer", subject: name.key } } : undefined;
};

/** What the second step knows of the first. */
interface FirstStep {
  readonly name: string;
  readonly recipient: Recipient | null;
}

/** Whom the second step signs in. Messages to them were wanted, and count no longer. */
export const admit = async ({ accounts: { failures }, address }: SignInAttempt, { name, recipient }: FirstStep): Promise<SignInOutcome> => {
  if (recipient === null) return stepExpired;
  await failures.forget(messagesTo(name));
  await failures.refund(messagesFrom(address));
  switch (recipient.kind) {
    case "user":
      return { kind: "user", userId: recipient.userId, apiKeyId: null };
    case "registration":
      return { kind: "registration", username: recipient.username };
    case "newcomer": {
      const email = emailOf(recipient.subject);
      const known = email === undefined ? {} : { email };
      return { kind: "identity", identity: { subject: recipient.subject, profile: known, data: known } };
    }
  }
};

/** A code, link or number that is no longer, or never was, good. */
export const stepExpired: SignInOutcome = { kind: "refused", code: "SignInStepExpired", counts: true };

/** Under which name messages are counted; no login name has a space. */
const messagesTo = (name: string): string => `message to ${name}`;

/** Messages that a network caused are counted apart from its wrong guesses. */
const messagesFrom = (address: string | undefined): readonly FailureSource[] =>
  address === undefined ? [] : [{ kind: "address", address: `message from ${networkOf(address)}` }];

/**
 * Counts a message to this name, whether anybody has it or not, and from this network, so that neither one mailbox nor many telephones can be
 * flooded. Throws `TooManyAttempts`.
 */
export const limitMessages = async ({ accounts, address }: SignInAttempt, name: LoginName): Promise<void> => {
  const wait = await accounts.failures.charge([{ kind: "name", name: messagesTo(name.key) }, ...messagesFrom(address)]);
  if (wait > 0) throw new HttpError("TooManyAttempts", undefined, wait);
};

/** Stores a message for delivery. */
export const sendMessage = (
  { accounts }: SignInAttempt,
  { channel, address }: FoundRecipient,
  template: MessageTemplate,
  parameters: Readonly<Record<string, string>>,
  lifeSeconds: number,
): Promise<void> => accounts.outbox.send({ channel, recipient: address, template, parameters, lifeSeconds });
