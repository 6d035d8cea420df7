import { base64UrlToBytes, bytesToBase64Url, equalInConstantTime, randomBytes } from "./bytes.ts";

/** A secret for a machine to carry: 256 random bits as 43 characters of base64url. */
export const newSecret = (): string => bytesToBase64Url(randomBytes(32));

/** A secret for a person to type: six decimal digits, each equally likely. Guard it by a small number of tries. */
export const newDigits = (): string => {
  const bound = 4_294_000_000; // the largest multiple of a million below 2^32: values above would favour small numbers
  for (;;) {
    const value = new DataView(randomBytes(4).buffer).getUint32(0);
    if (value < bound) return (value % 1_000_000).toString().padStart(6, "0");
  }
};

/**
 * SHA-256 of a secret as base64url. Fast on purpose: it is for secrets of high entropy, or for those whose tries are counted, never for
 * passwords. `context` separates uses, so that a hash from one table is worthless in another.
 */
export const hashSecret = async (context: string, secret: string): Promise<string> =>
  bytesToBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${context}\0${secret}`))));

/** Whether `secret` is the one that was hashed; compares in constant time. */
export const matchesHash = async (context: string, secret: string, hash: string): Promise<boolean> => {
  const stored = base64UrlToBytes(hash);
  const given = base64UrlToBytes(await hashSecret(context, secret));
  return stored !== undefined && given !== undefined && equalInConstantTime(stored, given);
};
