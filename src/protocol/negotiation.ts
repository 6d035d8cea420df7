import { isProtocolVersion, type ProtocolVersion } from "./version.ts";
import type { Mode } from "./wire.ts";

/** The sub-protocol to answer the upgrade with, and what it fixes for the connection. */
export interface Negotiated {
  /** The client's own token, byte for byte (H1). */
  readonly token: string;
  readonly mode: Mode;
  readonly version: ProtocolVersion;
}

const prefixes: Readonly<Record<Mode, string>> = {
  partition: "com.mongodb.realm-sync",
  flexible: "com.mongodb.realm-query-sync",
};

/** SDKs offer 13 tokens of at most 31 characters. */
const longestOffer = 4096;

/**
 * Chooses from the `Sec-WebSocket-Protocol` header of an upgrade (§2.3, H1–H4): the highest offered version we know, because builds parse
 * by what they are and not by what was agreed. Core < 13.10 separates with `/` instead of `#`. Should tokens of both modes be offered, the
 * one that comes first among the highest decides.
 *
 * Undefined when nothing fits: the upgrade must then be refused with HTTP 400, since a 101 without a token crashes clients.
 */
export const negotiate = (offer: string | null): Negotiated | undefined => {
  if (offer === null || offer.length > longestOffer) return undefined;
  return offer
    .split(",")
    .map((token) => readToken(token.trim()))
    .filter((read) => read !== undefined)
    .reduce<Negotiated | undefined>((best, next) => (best === undefined || next.version > best.version ? next : best), undefined);
};

const readToken = (token: string): Negotiated | undefined => {
  const [, prefix, digits] = /^([a-z.-]+)[#/]([1-9]\d?)$/.exec(token) ?? [];
  const version = Number(digits);
  if (!isProtocolVersion(version)) return undefined;
  if (prefix === prefixes.partition) return { token, mode: "partition", version };
  return prefix === prefixes.flexible ? { token, mode: "flexible", version } : undefined;
};

/** The token of one mode and version, as a client offers it. */
export const tokenOf = (mode: Mode, version: ProtocolVersion): string => `${prefixes[mode]}${version < 8 ? "/" : "#"}${version}`;
