import { ProtocolError, type ProtocolErrorReason } from "./protocol-error.ts";

const space = 0x20;
const lineFeed = 0x0a;
const zero = 0x30;
/** No legal field has more characters: 19 digits of 2^63−1 and some leading zeros. */
const longestField = 32;
const largestSalt = 2n ** 63n - 1n;

/**
 * Reads fields, each a number followed by exactly one separator, straight from bytes: the head of a frame, or the numbers before a
 * changeset. It never looks beyond `end`, and throws only `ProtocolError`, with the reason it was made with for bad syntax.
 */
export class FieldReader {
  readonly bytes: Uint8Array;
  offset: number;
  readonly end: number;
  readonly #bad: ProtocolErrorReason;

  constructor(bytes: Uint8Array, offset: number, end: number, bad: "badHead" | "badEntryHead") {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    this.#bad = bad;
  }

  /** The message type: letters and underscores up to a space. */
  word(): string {
    let word = "";
    const limit = Math.min(this.end, this.offset + longestField);
    while (this.offset < limit) {
      const byte = this.bytes[this.offset++]!;
      if (byte === space) return word;
      if (byte !== 0x5f && (byte < 0x61 || byte > 0x7a)) break;
      word += String.fromCharCode(byte);
    }
    throw new ProtocolError("unknownMessage", "the frame does not begin with a message type");
  }

  /** A decimal 0 … 2^53−1 followed by a space. */
  integer(): number {
    return this.#integer(space);
  }

  /** The same, ended by the head's line feed. */
  lastInteger(): number {
    return this.#integer(lineFeed);
  }

  /** A session ident ≥ 1, followed by a space. */
  session(): number {
    return this.#session(this.integer());
  }

  lastSession(): number {
    return this.#session(this.lastInteger());
  }

  /** 0 is false, any other number true. */
  flag(): boolean {
    return this.integer() !== 0;
  }

  lastFlag(): boolean {
    return this.lastInteger() !== 0;
  }

  salt(): bigint {
    return this.#salt(space);
  }

  lastSalt(): bigint {
    return this.#salt(lineFeed);
  }

  /** A decimal number 0 … 1 as C's `strtod` reads it (F3), followed by a space. */
  fraction(): number {
    const text = this.#text(space);
    const value = /^\d*\.?\d*(?:e[+-]?\d+)?$/i.test(text) && /^\.?\d/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) this.#fail("a decimal number was expected");
    if (value > 1) throw new ProtocolError("outOfRange", "progress is above 1");
    return value;
  }

  #integer(separator: number): number {
    const { bytes } = this;
    const start = this.offset;
    const limit = Math.min(this.end, start + longestField);
    let value = 0;
    for (let at = start; at < limit; at++) {
      const digit = bytes[at]! - zero;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        if (value > Number.MAX_SAFE_INTEGER) throw new ProtocolError("numberTooLarge", `a number above 2^53-1 at byte ${start}`);
        continue;
      }
      if (at === start || bytes[at] !== separator) break;
      this.offset = at + 1;
      return value;
    }
    return this.#fail("an unsigned decimal number was expected");
  }

  #session(value: number): number {
    if (value === 0) throw new ProtocolError("badSession", "session 0 is the connection");
    return value;
  }

  #salt(separator: number): bigint {
    const text = this.#text(separator);
    for (let index = 0; index < text.length; index++) {
      const digit = text.charCodeAt(index) - zero;
      if (digit < 0 || digit > 9) this.#fail("an unsigned decimal number was expected");
    }
    const value = BigInt(text);
    if (value > largestSalt) throw new ProtocolError("numberTooLarge", "a salt above 2^63-1");
    return value;
  }

  #text(separator: number): string {
    const limit = Math.min(this.end, this.offset + longestField);
    let text = "";
    for (let at = this.offset; at < limit; at++) {
      const byte = this.bytes[at]!;
      if (byte === separator && text !== "") {
        this.offset = at + 1;
        return text;
      }
      if (byte <= space) break;
      text += String.fromCharCode(byte);
    }
    return this.#fail("a field was expected");
  }

  #fail(detail: string): never {
    throw new ProtocolError(this.#bad, `${detail} at byte ${this.offset}`);
  }
}
