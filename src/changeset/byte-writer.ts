import { writeHexText } from "./hex.ts";

const utf8 = new TextEncoder();

/** Writes the format's basic encodings (changeset-format §2, §8) into one growing buffer. Callers check ranges; sizes are its own concern. */
export class ByteWriter {
  position = 0;
  bytes: Uint8Array;
  private view: DataView;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  byte(value: number): void {
    if (this.position === this.bytes.length) this.reserve(1);
    this.bytes[this.position++] = value;
  }

  /** A non-negative safe integer. */
  unsigned(value: number): void {
    if (value < 0x40) {
      this.byte(value);
      return;
    }
    this.reserve(10);
    const { bytes } = this;
    let { position } = this;
    let rest = value;
    while (rest > 0x7fff_ffff) {
      bytes[position++] = 0x80 | (rest % 128);
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x40) {
      bytes[position++] = 0x80 | (rest & 0x7f);
      rest >>= 7;
    }
    bytes[position++] = rest;
    this.position = position;
  }

  /** A safe integer of either sign. */
  signed(value: number): void {
    if (value >= 0) {
      this.unsigned(value);
      return;
    }
    this.unsigned(-(value + 1));
    const last = this.position - 1;
    this.bytes[last] = this.bytes[last]! | 0x40;
  }

  /** A signed or unsigned 64-bit integer. */
  integer64(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) {
      this.signed(number);
      return;
    }
    const negative = value < 0n;
    this.groups(negative ? -(value + 1n) : value);
    if (negative) this.bytes[this.position - 1]! |= 0x40;
  }

  /** A magnitude of any size in groups of 7 bits; the last byte holds at most 6. Also the coefficient of a decimal. */
  groups(value: bigint): void {
    this.reserve(20);
    let rest = value;
    while (rest >= 0x40n) {
      this.bytes[this.position++] = 0x80 | Number(rest & 0x7fn);
      rest >>= 7n;
    }
    this.bytes[this.position++] = Number(rest);
  }

  float32Bits(bits: number): void {
    this.reserve(4);
    this.view.setUint32(this.position, bits, true);
    this.position += 4;
  }

  float64Bits(bits: bigint): void {
    this.reserve(8);
    this.view.setBigUint64(this.position, bits, true);
    this.position += 8;
  }

  /** The bytes of ObjectId or UUID text; false when the text does not hold exactly `length` bytes. */
  hexText(text: string, length: number): boolean {
    this.reserve(length);
    const fits = writeHexText(text, this.bytes, this.position, length);
    this.position += length;
    return fits;
  }

  binary(value: Uint8Array): void {
    this.unsigned(value.length);
    this.append(value);
  }

  append(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.position);
    this.position += value.length;
  }

  /** Appends a copy of what was written from `start` to `end`. */
  appendOwn(start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.copyWithin(this.position, start, end);
    this.position += end - start;
  }

  /** Length and UTF-8 of a text, which must be well-formed. */
  text(value: string): void {
    const { length } = value;
    const start = this.position;
    this.unsigned(length);
    this.reserve(length);
    const { bytes } = this;
    let { position } = this;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        this.position = start;
        this.binary(utf8.encode(value));
        return;
      }
      bytes[position++] = code;
    }
    this.position = position;
  }

  private reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}
