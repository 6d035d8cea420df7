import { z } from "zod";
import { HttpError } from "../errors/http.ts";
import type { Accounts, RealmAccounts } from "./accounts.ts";
import { looksLikeEmail, normaliseLoginName, type LoginName } from "./names.ts";
import { hashPassword, isPermittedPassword, passwordLength, verifyPassword } from "./passwords.ts";
import { readConfig } from "./providers/input.ts";
import { localUserpassConfig, type LocalUserpassConfig } from "./providers/local-userpass.ts";
import type { FunctionPort } from "./providers/provider.ts";
import type { IssuedCode } from "./repositories/codes.ts";
import type { FailureSource } from "./repositories/failures.ts";
import type { Realm } from "./repositories/realms.ts";
import type { CodePurpose } from "./schema.ts";

/** Life of a link to confirm a name, and of one to reset a password, in seconds. */
export const confirmationSeconds = 30 * 86_400;
export const resetSeconds = 12 * 3600;

export interface PasswordPorts {
  readonly accounts: Accounts;
  /** Undefined where no functions can run: a realm that wants them then confirms and resets nobody. */
  readonly functions: FunctionPort | undefined;
}

type Verdict = "success" | "pending" | "fail";

const verdict = z.object({ status: z.enum(["success", "pending", "fail"]) });

/** A name that the caller may use to register, or the refusal that says what is wrong with it. */
const readName = (typed: string): LoginName => {
  const name = normaliseLoginName(typed);
  if (!name.ok) throw new HttpError("BadRequest", `the name ${name.problem}`);
  return name.name;
};

const demandPermitted = (password: string): void => {
  if (isPermittedPassword(password)) return;
  throw new HttpError("BadRequest", `password must be between ${passwordLength.min} and ${passwordLength.max} characters`);
};

/**
 * Names and passwords of one realm: registering, confirming, resetting, changing (app-services-api §8). Every method throws an `HttpError`
 * when it refuses.
 */
export class PasswordAccounts {
  readonly #accounts: RealmAccounts;
  readonly #realm: Realm;
  readonly #functions: FunctionPort | undefined;

  constructor({ accounts, functions }: PasswordPorts, realm: Realm) {
    this.#accounts = accounts.inRealm(realm.name);
    this.#realm = realm;
    this.#functions = functions;
  }

  /** Registers a name. Its user is made when it first signs in. `address`: where the request came from, whose failures are counted. */
  async register(typed: string, password: string, address: string | undefined): Promise<void> {
    const config = await this.#config();
    if (!this.#realm.active) throw new HttpError("UserDisabled", "realm inactive");
    const sources: FailureSource[] = address === undefined ? [] : [{ kind: "address", address }];
    const name = readName(typed);
    demandPermitted(password);
    const mails = !config.autoConfirm && !config.runConfirmationFunction;
    if (mails && !looksLikeEmail(name.key)) throw new HttpError("BadRequest", "the name must be an e-mail address");
    const confirmed = config.autoConfirm && !config.runConfirmationFunction;
    await this.#charge(sources);
    const hash = await hashPassword(password);
    // A name by which another user signs in, such as an e-mail in a field, is taken as well.
    const owner = await this.#accounts.users.findByKey(this.#realm.settings.signInFields, name.key);
    const registered = owner === undefined && (await this.#accounts.credentials.register(name, hash, confirmed));
    if (!registered) throw new HttpError("AccountNameInUse");
    await this.#accounts.failures.refund(sources);
    if (confirmed) return;
    if (mails) return this.#mailConfirmation(config, name.key, name.display);
    await this.#confirmByFunction(config, name, password);
  }

  /** Confirms a name by the code that was sent to its owner. */
  async confirm(tokenId: string, token: string): Promise<void> {
    const username = await this.#accounts.codes.redeem("confirm-email", tokenId, token);
    if (username === undefined || !(await this.#accounts.credentials.confirm(username))) throw new HttpError("UserpassTokenInvalid");
  }

  /** Sends the link to confirm once more. */
  async resendConfirmation(typed: string): Promise<void> {
    const { config, name, displayName } = await this.#findUnconfirmed(typed);
    if (displayName === undefined) return;
    await this.#mailConfirmation(config, name.key, displayName);
  }

  /** Asks the confirmation function once more. */
  async rerunConfirmation(typed: string): Promise<void> {
    const { config, name, displayName } = await this.#findUnconfirmed(typed);
    if (displayName === undefined) return;
    if (!config.runConfirmationFunction) throw new HttpError("BadRequest", "no confirmation function is configured");
    await this.#confirmByFunction(config, name, undefined);
  }

  /** Sends a link to reset the password. */
  async requestReset(typed: string): Promise<void> {
    const config = await this.#config();
    if (config.runResetFunction) throw new HttpError("BadRequest", "please use reset password via function");
    if (config.resetPasswordUrl === "") throw new HttpError("BadRequest", "error processing request");
    const name = readName(typed);
    await this.#limitMessages(name);
    const credential = await this.#accounts.credentials.find(name.key);
    // A code is made for names that nobody has, too: the same work for both.
    const code = await this.#issue("reset-password", name.key, resetSeconds);
    if (credential === undefined) return this.#unknownName();
    await this.#mail("reset-password", config.resetPasswordUrl, credential.displayName, code, resetSeconds);
  }

  /** Sets a new password by the code that was sent, and ends the user's sessions. */
  async completeReset(tokenId: string, token: string, password: string): Promise<void> {
    demandPermitted(password);
    const username = await this.#accounts.codes.redeem("reset-password", tokenId, token);
    if (username === undefined || !(await this.#replacePassword(username, password))) throw new HttpError("UserpassTokenInvalid");
  }

  /** Lets the realm's reset function decide over a new password. */
  async callReset(typed: string, password: string, parameters: readonly unknown[]): Promise<void> {
    const config = await this.#config();
    if (!config.runResetFunction) throw new HttpError("BadRequest", "no reset function is configured");
    demandPermitted(password);
    const name = readName(typed);
    await this.#limitMessages(name);
    const failed = new HttpError("BadRequest", `failed to reset password for user "${name.display}"`);
    const credential = await this.#accounts.credentials.find(name.key);
    const currentPasswordValid = await verifyPassword(password, credential?.passwordHash);
    if (credential === undefined) throw this.#realm.settings.concealUnknownNames ? failed : new HttpError("UserNotFound");
    const { id, token } = await this.#issue("reset-password", name.key, resetSeconds);
    const request = { username: credential.displayName, password, token, tokenId: id, currentPasswordValid };
    const status = await this.#ask(config.resetFunctionName, [request, ...parameters]);
    if (status === "fail") throw failed;
    if (status === "success") await this.#replacePassword(name.key, password);
  }

  /**
   * Sets the password of a user who is signed in, or whom an administrator looks after, and ends all sessions. A user who has no name with
   * a password yet is not given one: false.
   */
  async changePassword(userId: string, password: string): Promise<boolean> {
    demandPermitted(password);
    const names = await this.#accounts.credentials.listOfUser(userId);
    for (const { username } of names) await this.#replacePassword(username, password);
    return names.length > 0;
  }

  async #config(): Promise<LocalUserpassConfig> {
    if (this.#realm.settings.remote !== null) throw new HttpError("BadRequest", "the users of this realm are kept elsewhere");
    const row = await this.#accounts.providers.find("local-userpass");
    if (row?.disabled === true) throw new HttpError("AuthProviderNotFound");
    return readConfig(localUserpassConfig, "local-userpass", row?.config ?? {});
  }

  async #replacePassword(username: string, password: string): Promise<boolean> {
    if (!(await this.#accounts.credentials.setPassword(username, await hashPassword(password)))) return false;
    const credential = await this.#accounts.credentials.find(username);
    if (credential?.userId !== null && credential?.userId !== undefined) await this.#accounts.sessions.revokeAll(credential.userId);
    await this.#accounts.failures.forget(username);
    return true;
  }

  /** The name to confirm; `displayName` undefined when nobody has it and that is concealed. */
  async #findUnconfirmed(typed: string): Promise<{ config: LocalUserpassConfig; name: LoginName; displayName: string | undefined }> {
    const config = await this.#config();
    const name = readName(typed);
    await this.#limitMessages(name);
    const credential = await this.#accounts.credentials.find(name.key);
    if (credential === undefined) {
      this.#unknownName();
      return { config, name, displayName: undefined };
    }
    if (config.autoConfirm && !config.runConfirmationFunction) {
      throw new HttpError("BadRequest", `cannot run confirmation for ${credential.displayName}: automatic confirmation is enabled`);
    }
    if (credential.confirmed) throw new HttpError("UserAlreadyConfirmed");
    return { config, name, displayName: credential.displayName };
  }

  #unknownName(): void {
    if (!this.#realm.settings.concealUnknownNames) throw new HttpError("UserNotFound");
  }

  async #confirmByFunction(config: LocalUserpassConfig, name: LoginName, password: string | undefined): Promise<void> {
    const { id, token } = await this.#issue("confirm-email", name.key, confirmationSeconds);
    const request = { username: name.display, token, tokenId: id, ...(password === undefined ? {} : { password }) };
    const status = await this.#ask(config.confirmationFunctionName, [request]);
    if (status === "success") await this.#accounts.credentials.confirm(name.key);
    if (status !== "fail") return;
    // A refused registration leaves nothing behind; a refused repetition leaves the name as it was.
    if (password !== undefined) await this.#accounts.credentials.delete(name.key);
    throw new HttpError("BadRequest", `failed to confirm user "${name.display}"`);
  }

  /** A function that throws, is missing or answers something else has said no. */
  async #ask(name: string, parameters: readonly unknown[]): Promise<Verdict> {
    const outcome = await this.#functions?.call(this.#realm.name, name, parameters);
    if (outcome?.kind !== "returned") return "fail";
    const read = verdict.safeParse(outcome.value);
    return read.success ? read.data.status : "fail";
  }

  async #mailConfirmation(config: LocalUserpassConfig, username: string, displayName: string): Promise<void> {
    if (config.emailConfirmationUrl === "") throw new HttpError("BadRequest", "error processing request");
    const code = await this.#issue("confirm-email", username, confirmationSeconds);
    await this.#mail("confirm-email", config.emailConfirmationUrl, displayName, code, confirmationSeconds);
  }

  #issue(purpose: CodePurpose, subject: string, lifeSeconds: number): Promise<IssuedCode> {
    return this.#accounts.codes.issue({ purpose, subject, form: "link", lifeSeconds });
  }

  async #mail(template: CodePurpose, url: string, recipient: string, code: IssuedCode, lifeSeconds: number): Promise<void> {
    const link = new URL(url);
    link.searchParams.set("token", code.token);
    link.searchParams.set("tokenId", code.id);
    await this.#accounts.outbox.send({ channel: "email", recipient, template, parameters: { link: link.href }, lifeSeconds });
  }

  /** Every message counts like a failure of a name of its own, so that nobody's mailbox can be flooded. */
  async #limitMessages(name: LoginName): Promise<void> {
    await this.#charge([{ kind: "name", name: `message to ${name.key}` }]);
  }

  async #charge(sources: readonly FailureSource[]): Promise<void> {
    const wait = await this.#accounts.failures.charge(sources);
    if (wait > 0) throw new HttpError("TooManyAttempts", undefined, wait);
  }
}
