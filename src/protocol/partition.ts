import { decodeText } from "./frame-reader.ts";
import { ProtocolError } from "./protocol-error.ts";

/**
 * The value that selects a partition. SDKs write one value in several ways, so `text`, which is what went over the wire, is never compared;
 * `key` is the same for every way of writing a value, differs between values, and names the partition everywhere: `s:part`, `i:42`,
 * `o:66a1f0c2d4e5b6a7980c1d2e`, `u:01234567-89ab-cdef-0123-456789abcdef`, `null`.
 */
export type Partition = { readonly key: string; readonly text: string } & (
  | { readonly kind: "string"; readonly value: string }
  /** Signed 64 bit. */
  | { readonly kind: "int"; readonly value: bigint }
  /** 24 lower-case hex digits. */
  | { readonly kind: "objectId"; readonly value: string }
  /** Lower case with dashes. */
  | { readonly kind: "uuid"; readonly value: string }
  | { readonly kind: "null" }
);

/** A partition string may have at most this many bytes of UTF-8: its key becomes part of a Durable Object's name and of routes. */
export const maxPartitionBytes = 512;
/** A text longer than this cannot hold a legal value, even with every character escaped. */
const maxTextBytes = 6 * maxPartitionBytes + 2;

export const nullPartition: Partition = { kind: "null", key: "null", text: "null" };
export const stringPartition = (value: string): Partition => ({ kind: "string", value, key: `s:${value}`, text: JSON.stringify(value) });
export const intPartition = (value: bigint): Partition => ({
  kind: "int",
  value,
  key: `i:${value}`,
  text: `{"$numberLong":"${value}"}`,
});
/** `value`: 24 hex digits. */
export const objectIdPartition = (value: string): Partition => {
  const digits = value.toLowerCase();
  return { kind: "objectId", value: digits, key: `o:${digits}`, text: `{"$oid":"${digits}"}` };
};
/** `value`: with dashes. */
export const uuidPartition = (value: string): Partition => {
  const canonical = value.toLowerCase();
  return { kind: "uuid", value: canonical, key: `u:${canonical}`, text: `{"$uuid":"${canonical}"}` };
};

/**
 * Reads the partition value of BIND (§5.1), in every style SDKs write: `"part"`, `null`, `42`, `{"$numberInt":"42"}`,
 * `{"$numberLong":"42"}`, `{"$oid":…}`, `{"$uuid":…}`, `{"$binary":{"base64":…,"subType":"04"}}`.
 *
 * @throws {ProtocolError} 204 for `session`: the session ends, the connection lives (SS4).
 */
export const parsePartition = (path: Uint8Array, session: number): Partition => {
  const partition = path.length <= maxTextBytes ? readPartition(path) : undefined;
  if (partition === undefined) throw new ProtocolError("badPartition", `an illegal partition value of ${path.length} bytes`, session);
  return partition;
};

const readPartition = (path: Uint8Array): Partition | undefined => {
  try {
    const text = decodeText(path);
    const partition = partitionOf(JSON.parse(text), text);
    return partition && { ...partition, text };
  } catch {
    return undefined;
  }
};

const partitionOf = (value: unknown, text: string): Partition | undefined => {
  if (value === null) return nullPartition;
  // Taken from the text: a double would lose digits above 2^53.
  if (typeof value === "number") return integer(text.trim(), 64);
  if (typeof value === "string") return isLegalString(value) ? stringPartition(value) : undefined;
  return typeof value === "object" ? wrapped(value) : undefined;
};

/** One of extended JSON's wrappers: an object with exactly one key. */
const wrapped = (value: object): Partition | undefined => {
  const [entry, ...others] = Object.entries(value) as [string, unknown][];
  if (entry === undefined || others.length > 0) return undefined;
  const [key, content] = entry;
  if (key === "$binary") return binary(content);
  if (typeof content !== "string") return undefined;
  if (key === "$numberInt") return integer(content, 32);
  if (key === "$numberLong") return integer(content, 64);
  if (key === "$oid") return /^[0-9a-f]{24}$/i.test(content) ? objectIdPartition(content) : undefined;
  if (key === "$uuid") return uuidText.test(content) ? uuidPartition(content) : undefined;
  return undefined;
};

const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const integer = (digits: string, bits: 32 | 64): Partition | undefined => {
  if (!/^-?\d{1,19}$/.test(digits)) return undefined;
  const value = BigInt(digits);
  return BigInt.asIntN(bits, value) === value ? intPartition(value) : undefined;
};

const binary = (content: unknown): Partition | undefined => {
  if (typeof content !== "object" || content === null || Object.keys(content).length !== 2) return undefined;
  if (!("base64" in content) || !("subType" in content)) return undefined;
  const { base64, subType } = content;
  if (typeof base64 !== "string" || typeof subType !== "string" || !/^0?4$/.test(subType)) return undefined;
  const bytes = atob(base64);
  if (bytes.length !== 16) return undefined;
  const hex = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return uuidPartition(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
};

/** Control characters would garble names and logs, and half a surrogate pair has no UTF-8. */
const isLegalString = (value: string): boolean =>
  // oxlint-disable-next-line no-control-regex
  value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value) && new TextEncoder().encode(value).length <= maxPartitionBytes;

/** The partition a key names, or undefined when nothing has that key. Its `text` is the canonical one. */
export const partitionOfKey = (key: string): Partition | undefined => {
  const value = key.slice(2);
  const partition = keyed(key, value);
  return partition?.key === key ? partition : undefined;
};

const keyed = (key: string, value: string): Partition | undefined => {
  if (key === "null") return nullPartition;
  if (key.startsWith("s:")) return isLegalString(value) ? stringPartition(value) : undefined;
  if (key.startsWith("i:")) return integer(value, 64);
  if (key.startsWith("o:")) return wrapped({ $oid: value });
  if (key.startsWith("u:")) return wrapped({ $uuid: value });
  return undefined;
};
