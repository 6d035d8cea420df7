import { and, eq, isNull, lt, sql } from "drizzle-orm";
import { Secret, TOTP } from "otpauth";
import { bytesToHex, randomBytes } from "../bytes.ts";
import { only, type RealmScope } from "../database.ts";
import { hashSecret } from "../secrets.ts";
import { recoveryCodes, secondFactors } from "./schema.ts";

/** RFC 6238 as every authenticator app implements it. */
const period = 30;
const parameters = { algorithm: "SHA1", digits: 6, period } as const;
/** Steps before and after the present one in which a code is good: clocks of phones differ. */
const window = 1;
/** 160 bits, as RFC 4226 recommends. */
const secretBytes = 20;
const recoveryCodeCount = 10;

export interface SecondFactor {
  /** Confirmed: every sign-in asks for a code. */
  readonly enrolled: boolean;
  /** An administrator demands one of this user. */
  readonly required: boolean;
}

/** What an authenticator app needs; shown once. */
export interface Enrolment {
  /** Base32, to type. */
  readonly secret: string;
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string;
}

const totpOf = (secret: string): TOTP => new TOTP({ ...parameters, secret: Secret.fromBase32(secret) });

/** The time step for which `code` is right, near `now` (milliseconds); undefined when it is wrong. */
export const matchingStep = (secret: string, code: string, now: number): number | undefined => {
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window });
  return delta === null ? undefined : Math.floor(now / 1000 / period) + delta;
};

/** A code to write down: 80 random bits as five groups of four hex digits. */
const newRecoveryCode = (): string => bytesToHex(randomBytes(10)).replaceAll(/(.{4})(?=.)/g, "$1-");

const hashRecoveryCode = (userId: string, code: string): Promise<string> =>
  hashSecret(`recovery-code ${userId}`, code.toLowerCase().replaceAll(/[^0-9a-f]/g, ""));

/** Authenticator apps of one realm's users, and their recovery codes. */
export class SecondFactors {
  readonly #scope: RealmScope;

  constructor(scope: RealmScope) {
    this.#scope = scope;
  }

  async find(userId: string): Promise<SecondFactor> {
    const row = await this.#row(userId);
    return { enrolled: row?.secret !== undefined && row.secret !== null && row.confirmedAt !== null, required: row?.required ?? false };
  }

  /** Begins to set one up; an unconfirmed earlier begin is replaced. Undefined when the user has one. */
  async enrol(userId: string, issuer: string, label: string): Promise<Enrolment | undefined> {
    const { database, realm, clock } = this.#scope;
    const secret = new Secret({ size: secretBytes });
    const stored = await database
      .insert(secondFactors)
      .values({ realm, userId, secret: secret.base32, createdAt: clock() })
      .onConflictDoUpdate({
        target: [secondFactors.realm, secondFactors.userId],
        set: { secret: secret.base32, lastStep: 0 },
        setWhere: isNull(secondFactors.confirmedAt),
      })
      .returning({ userId: secondFactors.userId });
    if (stored.length === 0) return undefined;
    return { secret: secret.base32, uri: new TOTP({ ...parameters, secret, issuer, label }).toString() };
  }

  /** Ends setting up with a first right code. Returns the recovery codes, which are shown once; undefined when the code is wrong. */
  async confirm(userId: string, code: string): Promise<readonly string[] | undefined> {
    const { database, clock } = this.#scope;
    const row = await this.#row(userId);
    if (row === undefined || row.confirmedAt !== null || !(await this.#useStep(userId, row.secret, code))) return undefined;
    const confirmed = await database
      .update(secondFactors)
      .set({ confirmedAt: clock() })
      .where(and(this.#is(userId), isNull(secondFactors.confirmedAt)))
      .returning({ userId: secondFactors.userId });
    return confirmed.length === 0 ? undefined : this.replaceRecoveryCodes(userId);
  }

  /** Whether `code` is a code of the user's app that was not used before, or a recovery code; either is used up. */
  async verify(userId: string, code: string): Promise<boolean> {
    const row = await this.#row(userId);
    if (row === undefined || row.confirmedAt === null) return false;
    if (/^\d{6}$/.test(code)) return this.#useStep(userId, row.secret, code);
    const { database, realm } = this.#scope;
    const used = await database
      .delete(recoveryCodes)
      .where(
        and(
          eq(recoveryCodes.realm, realm),
          eq(recoveryCodes.userId, userId),
          eq(recoveryCodes.codeHash, await hashRecoveryCode(userId, code)),
        ),
      )
      .returning({ userId: recoveryCodes.userId });
    return used.length > 0;
  }

  /** New recovery codes; the earlier ones stop working. */
  async replaceRecoveryCodes(userId: string): Promise<readonly string[]> {
    const { database, realm } = this.#scope;
    const codes = Array.from({ length: recoveryCodeCount }, newRecoveryCode);
    const rows = await Promise.all(codes.map(async (code) => ({ realm, userId, codeHash: await hashRecoveryCode(userId, code) })));
    await database.batch([
      database.delete(recoveryCodes).where(and(eq(recoveryCodes.realm, realm), eq(recoveryCodes.userId, userId))),
      database.insert(recoveryCodes).values(rows),
    ]);
    return codes;
  }

  /** Removes the app and its recovery codes; whether the user needs one stays as it was. */
  async remove(userId: string): Promise<void> {
    const { database, realm } = this.#scope;
    await database.batch([
      database.update(secondFactors).set({ secret: null, confirmedAt: null, lastStep: 0 }).where(this.#is(userId)),
      database.delete(recoveryCodes).where(and(eq(recoveryCodes.realm, realm), eq(recoveryCodes.userId, userId))),
    ]);
  }

  /** Demands a second factor of this user, or no longer. */
  async setRequired(userId: string, required: boolean): Promise<void> {
    const { database, realm, clock } = this.#scope;
    await database
      .insert(secondFactors)
      .values({ realm, userId, required, createdAt: clock() })
      .onConflictDoUpdate({ target: [secondFactors.realm, secondFactors.userId], set: { required } });
  }

  async #useStep(userId: string, secret: string | null, code: string): Promise<boolean> {
    const step = secret === null ? undefined : matchingStep(secret, code, this.#scope.clock());
    if (step === undefined) return false;
    const used = await this.#scope.database
      .update(secondFactors)
      .set({ lastStep: step })
      .where(and(this.#is(userId), lt(secondFactors.lastStep, step)))
      .returning({ lastStep: sql<number>`${secondFactors.lastStep}` });
    return used.length > 0;
  }

  async #row(userId: string) {
    return only(await this.#scope.database.select().from(secondFactors).where(this.#is(userId)));
  }

  #is(userId: string) {
    return and(eq(secondFactors.realm, this.#scope.realm), eq(secondFactors.userId, userId));
  }
}
