import { ChangesetError } from "./error.ts";
import { objectIdText, uuidText } from "./hex.ts";
import { maxStringBytes } from "./wire.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Integers of one byte, by that byte: 0 … 63, −1 … −64. Saves an allocation for the commonest values. */
const oneByteIntegers: readonly bigint[] = Array.from({ length: 128 }, (_, byte) =>
  byte < 0x40 ? BigInt(byte) : -BigInt(byte & 0x3f) - 1n,
);
const twoTo49 = 2n ** 49n;
/** Up to this length ASCII is put together here, beyond it the platform's decoder is faster in spite of the cost of calling it. */
const shortText = 32;
/** The codes of a short text; making it in one call gives a flat string, where appending would build a tree of pieces. */
const asciiCodes: number[] = [];

/** Reads the format's basic encodings (changeset-format §2, §3, §8) from front to back. Raises only `ChangesetError`. */
export class ByteReader {
  position = 0;
  readonly end: number;
  readonly bytes: Uint8Array;
  private view: DataView | undefined;
  // The last scanned integer: magnitude = low + high · 2^49.
  private low = 0;
  private high = 0;
  private negative = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  uint8(): number {
    return this.unsigned(2, 1);
  }

  uint32(): number {
    return this.unsigned(5, 15);
  }

  /** A length or an opcode: an unsigned 64-bit integer, of which values from 2^53 on come out as `Infinity`. */
  size(): number {
    return this.unsigned(10, 1);
  }

  int32(): number {
    const start = this.position;
    this.scan(5, 7, start);
    return this.negative ? -this.low - 1 : this.low;
  }

  /** A 64-bit integer where only small ones have a meaning (types, markers, indices): exact below 2^49, `±Infinity` beyond. */
  smallInt64(): number {
    const { position } = this;
    if (position < this.end) {
      const byte = this.bytes[position]!;
      if (byte < 0x40) {
        this.position = position + 1;
        return byte;
      }
    }
    this.scan(10, 0, position);
    const magnitude = this.high === 0 ? this.low : Infinity;
    return this.negative ? -magnitude - 1 : magnitude;
  }

  int64(): bigint {
    const { position } = this;
    if (position < this.end) {
      const byte = this.bytes[position]!;
      if (byte < 0x80) {
        this.position = position + 1;
        return oneByteIntegers[byte]!;
      }
    }
    this.scan(10, 0, position);
    if (this.high === 0) return BigInt(this.negative ? -this.low - 1 : this.low);
    const magnitude = BigInt(this.low) + BigInt(this.high) * twoTo49;
    return this.negative ? -magnitude - 1n : magnitude;
  }

  uint64(): bigint {
    const start = this.position;
    this.scan(10, 1, start);
    if (this.negative) throw new ChangesetError("IntegerOutOfRange", "negative value in an unsigned field", start);
    return this.high === 0 ? BigInt(this.low) : BigInt(this.low) + BigInt(this.high) * twoTo49;
  }

  /** Coefficient of a decimal: 7 bits a byte, also in the last, at most 17 bytes and 113 bits. */
  decimalCoefficient(): bigint {
    const start = this.position;
    let coefficient = 0n;
    let part = 0;
    let scale = 1;
    let shift = 0n;
    for (let count = 0; count < 17; count++) {
      if (this.position >= this.end) throw new ChangesetError("TruncatedInput", "decimal coefficient", start);
      const byte = this.bytes[this.position++]!;
      part += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (count === 16 && byte > 1) break;
        return count < 7 ? BigInt(part) : coefficient + (BigInt(part) << shift);
      }
      scale *= 128;
      if ((count + 1) % 7 === 0) {
        coefficient += BigInt(part) << shift;
        part = 0;
        scale = 1;
        shift += 49n;
      }
    }
    throw new ChangesetError("DecimalOutOfRange", "coefficient has more than 113 bits", start);
  }

  float32Bits(): number {
    const start = this.take(4, "float");
    return this.dataView().getUint32(start, true);
  }

  float64Bits(): bigint {
    const start = this.take(8, "double");
    return this.dataView().getBigUint64(start, true);
  }

  objectId(): string {
    return objectIdText(this.bytes, this.take(12, "ObjectId"));
  }

  uuid(): string {
    return uuidText(this.bytes, this.take(16, "UUID"));
  }

  /** A length and that many bytes of UTF-8. */
  text(): string {
    const start = this.position;
    const length = this.size();
    if (length > maxStringBytes) throw new ChangesetError("StringTooLong", `string of ${length} bytes`, start);
    return this.textOf(this.take(length, "string"), length);
  }

  /** A length and a copy of that many bytes. */
  binary(): Uint8Array {
    const length = this.size();
    const start = this.take(length, "binary");
    return this.bytes.slice(start, start + length);
  }

  private textOf(start: number, length: number): string {
    const { bytes } = this;
    if (length <= shortText) {
      asciiCodes.length = length;
      let index = 0;
      for (; index < length; index++) {
        const byte = bytes[start + index]!;
        if (byte >= 0x80) break;
        asciiCodes[index] = byte;
      }
      if (index === length) return String.fromCharCode(...asciiCodes);
    }
    try {
      return utf8.decode(bytes.subarray(start, start + length));
    } catch {
      throw new ChangesetError("InvalidText", "string is not valid UTF-8", start);
    }
  }

  /** Steps over `length` bytes and returns where they begin. */
  private take(length: number, what: string): number {
    const start = this.position;
    if (length > this.end - start)
      throw new ChangesetError("TruncatedInput", `${what} of ${length} bytes, ${this.end - start} left`, start);
    this.position = start + length;
    return start;
  }

  private dataView(): DataView {
    return (this.view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength));
  }

  private unsigned(maxBytes: number, maxLast: number): number {
    const start = this.position;
    if (start < this.end) {
      // Most integers take one byte.
      const byte = this.bytes[start]!;
      if (byte < 0x40) {
        this.position = start + 1;
        return byte;
      }
    }
    this.scan(maxBytes, maxLast, start);
    if (this.negative) throw new ChangesetError("IntegerOutOfRange", "negative value in an unsigned field", start);
    return this.high < 16 ? this.low + this.high * 2 ** 49 : Infinity;
  }

  /** Scans an integer of at most `maxBytes` bytes, whose last possible byte may hold at most `maxLast`. */
  private scan(maxBytes: number, maxLast: number, start: number): void {
    const { bytes, end } = this;
    let low = 0;
    let high = 0;
    let scale = 1;
    let position = start;
    for (let count = 1; count <= maxBytes; count++) {
      if (position >= end) throw new ChangesetError("TruncatedInput", "integer", start);
      const byte = bytes[position++]!;
      const last = byte < 0x80;
      const bits = last ? byte & 0x3f : byte & 0x7f;
      if (count === maxBytes && (!last || bits > maxLast)) break;
      if (count === 8) scale = 1;
      if (count < 8) low += bits * scale;
      else high += bits * scale;
      if (last) {
        this.low = low;
        this.high = high;
        this.negative = byte >= 0x40;
        this.position = position;
        return;
      }
      scale *= 128;
    }
    throw new ChangesetError("IntegerOutOfRange", "integer does not fit its field", start);
  }
}
