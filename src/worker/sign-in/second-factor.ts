import { Hono } from "hono";
import { z } from "zod";
import { shutOutReason } from "../../accounts/access.ts";
import type { RealmAccounts } from "../../accounts/accounts.ts";
import { isId } from "../../accounts/ids.ts";
import type { FlowState } from "../../accounts/providers/flows.ts";
import type { Realm } from "../../accounts/repositories/realms.ts";
import type { User } from "../../accounts/repositories/users.ts";
import { HttpError } from "../../errors/http.ts";
import { answerNothing } from "../app-services/answers.ts";
import { readBody } from "../app-services/body.ts";
import type { AppServicesContext, AppServicesHono } from "../app-services/ports.ts";
import { finishSignIn } from "./answers.ts";

const base = "/realms/:realm/sign-in/second-factor";
const code = z.string().min(6).max(64);
const challengeText = z.string().max(256);
const wanted = z.enum(["tokens", "ticket"]).default("tokens");

/** How a user's guesses at codes are counted. */
const failuresOf = (user: User) => [{ kind: "name", name: `second factor of ${user.id}` }] as const;

/** Demands a right code, after the delays that wrong ones brought. */
const demandCode = async (accounts: RealmAccounts, user: User, judge: () => Promise<boolean>): Promise<void> => {
  const wait = await accounts.failures.charge(failuresOf(user));
  if (wait > 0) throw new HttpError("TooManyAttempts", undefined, wait);
  if (!(await judge())) throw new HttpError("SecondFactorInvalid");
  await accounts.failures.succeeded(failuresOf(user));
};

interface Challenge {
  readonly id: string;
  readonly realm: Realm;
  readonly accounts: RealmAccounts;
  readonly state: FlowState<"challenge">;
  readonly user: User;
}

/** The sign-in that a challenge stands for, if it still waits and its user may still sign in. */
const demandChallenge = async (context: AppServicesContext, text: string): Promise<Challenge> => {
  const { ports, realm } = context.var;
  const accounts = ports.accounts.inRealm(realm.name);
  const [id = "", secret = ""] = text.split(".");
  const state = isId(id) ? await accounts.flows.check("challenge", id, secret) : undefined;
  if (state === undefined) throw new HttpError("SignInStepExpired");
  const user = await accounts.users.find(state.userId);
  const reason = shutOutReason(realm, user);
  if (user === undefined || reason !== undefined) throw new HttpError("UserDisabled", reason);
  return { id, realm, accounts, state, user };
};

const finish = async (context: AppServicesContext, challenge: Challenge, answer: z.output<typeof wanted>) => {
  const { id, realm, accounts, state, user } = challenge;
  if (!(await accounts.flows.close(id))) throw new HttpError("SignInStepExpired");
  const request = { realm, provider: state.provider, device: state.device, deviceId: state.deviceId };
  return finishSignIn(context.var.ports, request, user, answer);
};

/** How an authenticator app shows the account. */
const labelOf = ({ id, profile }: User): string => profile["email"] ?? profile["name"] ?? id;

const enrol = async (accounts: RealmAccounts, realm: Realm, user: User) => {
  const enrolment = await accounts.secondFactors.enrol(user.id, realm.settings.displayName ?? realm.name, labelOf(user));
  if (enrolment === undefined) throw new HttpError("SecondFactorAlreadyEnrolled");
  return enrolment;
};

const confirm = async (accounts: RealmAccounts, user: User, given: string): Promise<readonly string[]> => {
  let codes: readonly string[] | undefined;
  await demandCode(accounts, user, async () => {
    codes = await accounts.secondFactors.confirm(user.id, given);
    return codes !== undefined;
  });
  return codes ?? [];
};

/** The second step of a sign-in whose user has, or needs, an authenticator app (TOTP, RFC 6238). */
export const secondFactorSteps = new Hono<AppServicesHono>()
  .post(base, async (context) => {
    const given = await readBody(context, z.object({ challenge: challengeText, code, answer: wanted }));
    const challenge = await demandChallenge(context, given.challenge);
    const { accounts, state, user } = challenge;
    if (state.enrol) throw new HttpError("SecondFactorEnrolmentRequired");
    await demandCode(accounts, user, () => accounts.secondFactors.verify(user.id, given.code));
    return context.json(await finish(context, challenge, given.answer));
  })
  .post(`${base}/enrol`, async (context) => {
    const given = await readBody(context, z.object({ challenge: challengeText }));
    const { accounts, realm, state, user } = await demandChallenge(context, given.challenge);
    if (!state.enrol) throw new HttpError("SecondFactorAlreadyEnrolled");
    return context.json(await enrol(accounts, realm, user));
  })
  .post(`${base}/confirm`, async (context) => {
    const given = await readBody(context, z.object({ challenge: challengeText, code, answer: wanted }));
    const challenge = await demandChallenge(context, given.challenge);
    if (!challenge.state.enrol) throw new HttpError("SecondFactorAlreadyEnrolled");
    const recoveryCodes = await confirm(challenge.accounts, challenge.user, given.code);
    return context.json({ ...(await finish(context, challenge, given.answer)), recovery_codes: recoveryCodes });
  });

/** A signed-in user's own authenticator app. */
export const ownSecondFactor = new Hono<AppServicesHono>()
  .get("/me/second-factor", async (context) => {
    const { accounts, user } = context.var.caller;
    return context.json(await accounts.secondFactors.find(user.id));
  })
  .post("/me/second-factor", async (context) => {
    const { accounts, realm, user } = context.var.caller;
    return context.json(await enrol(accounts, realm, user), 201);
  })
  .post("/me/second-factor/confirm", async (context) => {
    const { accounts, user } = context.var.caller;
    const given = await readBody(context, z.object({ code }));
    const recoveryCodes = await confirm(accounts, user, given.code);
    await accounts.audit.append({ actor: user.id, action: "second-factor.enrol", target: user.id });
    return context.json({ recovery_codes: recoveryCodes });
  })
  .post("/me/second-factor/recovery-codes", async (context) => {
    const { accounts, user } = context.var.caller;
    const given = await readBody(context, z.object({ code }));
    await demandCode(accounts, user, () => accounts.secondFactors.verify(user.id, given.code));
    return context.json({ recovery_codes: await accounts.secondFactors.replaceRecoveryCodes(user.id) });
  })
  // The code stands in a body: addresses are logged.
  .post("/me/second-factor/remove", async (context) => {
    const { accounts, user } = context.var.caller;
    const given = await readBody(context, z.object({ code }));
    await demandCode(accounts, user, () => accounts.secondFactors.verify(user.id, given.code));
    await accounts.secondFactors.remove(user.id);
    await accounts.audit.append({ actor: user.id, action: "second-factor.remove", target: user.id });
    return answerNothing(context);
  });
