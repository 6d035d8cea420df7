import { scrypt } from "node:crypto";
import { base64UrlToBytes, bytesToBase64Url, equalInConstantTime, randomBytes } from "./bytes.ts";

/** The lengths that SDKs' own tests expect, in UTF-16 units (app-services-api §3). */
export const passwordLength = { min: 6, max: 128 } as const;

/** scrypt's cost: 16 MiB and some 40 ms a hash. Stored with every hash, so that it can be raised later. */
const cost = { N: 16_384, r: 8, p: 1 } as const;
const keyLength = 32;

interface StoredHash {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

const derive = (password: string, salt: Uint8Array, { N, r, p }: { N: number; r: number; p: number }): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, keyLength, { N, r, p, maxmem: 256 * N * r + 2 ** 20 }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

/**
 * A hash that can be stored: `scrypt$N$r$p$salt$key`. The password is normalised (NFC) first, so that it may be typed on any keyboard.
 * `entitySalt`, an entity's own salt, is mixed into the random one and stored with it, so that hashes outlive a change of the entity.
 */
export const hashPassword = async (password: string, entitySalt = ""): Promise<string> => {
  const salt = new Uint8Array([...randomBytes(16), ...new TextEncoder().encode(entitySalt)]);
  const key = await derive(password, salt, cost);
  return ["scrypt", cost.N, cost.r, cost.p, bytesToBase64Url(salt), bytesToBase64Url(key)].join("$");
};

const parseHash = (text: string): StoredHash | undefined => {
  const [scheme, N, r, p, saltText, keyText] = text.split("$");
  const salt = base64UrlToBytes(saltText ?? "");
  const key = base64UrlToBytes(keyText ?? "");
  if (scheme !== "scrypt" || salt === undefined || key?.length !== keyLength) return undefined;
  const parsed = { N: Number(N), r: Number(r), p: Number(p), salt, key };
  const affordable = parsed.N >= 2 && parsed.N <= 131_072 && parsed.r >= 1 && parsed.r <= 16 && parsed.p >= 1 && parsed.p <= 4;
  return affordable ? parsed : undefined;
};

/** Whether a text is a stored hash of ours, of whatever cost, as a backup or another installation has them. */
export const isPasswordHash = (text: string): boolean => parseHash(text) !== undefined;

/** A hash of no password, of today's cost: what an unknown name is checked against. */
const nobody: StoredHash = { ...cost, salt: new Uint8Array(16), key: new Uint8Array(keyLength) };

/**
 * Whether the password is the one that was hashed. `stored` is undefined for a name that nobody has: then the same work is done and the
 * answer is no, so that neither answer nor time tell whether the name exists.
 */
export const verifyPassword = async (password: string, stored: string | undefined): Promise<boolean> => {
  const hash = stored === undefined ? undefined : parseHash(stored);
  const { salt, key, ...parameters } = hash ?? nobody;
  const derived = await derive(password.slice(0, passwordLength.max + 1), salt, parameters);
  return equalInConstantTime(derived, key) && hash !== undefined;
};

/** Whether a password has a permitted length. */
export const isPermittedPassword = (password: string): boolean =>
  password.length >= passwordLength.min && password.length <= passwordLength.max;
