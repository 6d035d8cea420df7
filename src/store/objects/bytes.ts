const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const minimumRoom = 256;

/** Appends to a buffer that grows; `finish` gives a copy and makes the writer ready for the next blob. */
export class ByteWriter {
  #buffer = new Uint8Array(4096);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A safe integer ≥ 0 as little-endian base-128. */
  uint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  int64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value);
    this.#length += 8;
  }

  uint64(value: bigint): void {
    this.int64(BigInt.asIntN(64, value));
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Two bytes a digit pair; `digits` is lower-case hex without separators. */
  hex(digits: string): void {
    for (let index = 0; index < digits.length; index += 2) this.byte(Number.parseInt(digits.slice(index, index + 2), 16));
  }

  bytes(bytes: Uint8Array): void {
    this.uint(bytes.length);
    this.raw(bytes);
  }

  /** Any JavaScript string, exactly: UTF-8, or its code units where it is no well-formed Unicode. */
  text(text: string): void {
    const wellFormed = text.isWellFormed();
    const encoded = wellFormed ? encoder.encode(text) : codeUnits(text);
    this.uint(encoded.length * 2 + (wellFormed ? 0 : 1));
    this.raw(encoded);
  }

  finish(): Uint8Array {
    const result = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    return result;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more + minimumRoom));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads what `ByteWriter` wrote. The bytes come from our own rows: running past their end means a damaged row and throws RangeError. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  byte(): number {
    return this.#view.getUint8(this.#position++);
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  int64(): bigint {
    const value = this.#view.getBigInt64(this.#position);
    this.#position += 8;
    return value;
  }

  uint64(): bigint {
    return BigInt.asUintN(64, this.int64());
  }

  uint32(): number {
    const value = this.#view.getUint32(this.#position);
    this.#position += 4;
    return value;
  }

  /** A copy: what is read must not keep a whole row alive. */
  raw(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new RangeError("stored object ends too early");
    const result = this.#bytes.slice(this.#position, end);
    this.#position = end;
    return result;
  }

  hex(length: number): string {
    let digits = "";
    for (let index = 0; index < length; index++) digits += this.byte().toString(16).padStart(2, "0");
    return digits;
  }

  bytes(): Uint8Array {
    return this.raw(this.uint());
  }

  text(): string {
    const marked = this.uint();
    const bytes = this.raw(Math.floor(marked / 2));
    return marked % 2 === 0 ? decoder.decode(bytes) : fromCodeUnits(bytes);
  }
}

/** Big-endian UTF-16 code units, lone surrogates included. */
export const codeUnits = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length * 2);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes[index * 2] = unit >> 8;
    bytes[index * 2 + 1] = unit & 0xff;
  }
  return bytes;
};

export const fromCodeUnits = (bytes: Uint8Array): string => {
  let text = "";
  for (let index = 0; index + 1 < bytes.length; index += 2)
    text += String.fromCharCode(((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0));
  return text;
};

export const encodeText = (text: string): Uint8Array => encoder.encode(text);
export const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes);
