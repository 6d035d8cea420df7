import { highestVersion, type ProtocolVersion } from "../../../src/protocol/version.ts";
import { defaultLimits, type Limits, type Mode, type Wire } from "../../../src/protocol/wire.ts";
import { zlib as platformZlib } from "../../../src/platform/zlib.ts";

/** A connection's properties as tests need them: the newest version unless told. */
export const wireOf = (mode: Mode, version: ProtocolVersion = highestVersion, limits: Partial<Limits> = {}): Wire => ({
  mode,
  version,
  zlib: platformZlib,
  limits: { ...defaultLimits, ...limits },
});

/** Bytes of a frame written as text: Latin-1, with `⏎` for the line feed. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text.replaceAll("⏎", "\n"), (character) => character.charCodeAt(0));

/** The reverse, for comparisons that read well. */
export const textOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => String.fromCharCode(byte))
    .join("")
    .replace("\n", "⏎");
