const digits = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const dash = 0x2d;

/** Value of a hex digit's character code, −1 for any other. */
const digitValue = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};

/** Lower-case hex of bytes `start` … `start + length`; at most a few thousand bytes. */
export function hexOf(bytes: Uint8Array, start = 0, length: number = bytes.length - start): string {
  let text = "";
  for (let index = start; index < start + length; index++) {
    const byte = bytes[index]!;
    text += String.fromCharCode(digits[byte >> 4]!, digits[byte & 15]!);
  }
  return text;
}

/** The bytes that pairs of hex digits stand for, in either case; undefined when the text is anything else. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    const high = digitValue(text.charCodeAt(2 * index));
    const low = digitValue(text.charCodeAt(2 * index + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

// Both are made in one call with all character codes: that gives a flat string at once, where concatenation builds a tree of pieces.
const objectIdCodes = Array.from<number>({ length: 24 }).fill(0);
const uuidCodes = Array.from<number>({ length: 36 }).fill(dash);
const uuidPlaces = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** The 12 bytes from `start` as 24 hex digits. */
export function objectIdText(bytes: Uint8Array, start: number): string {
  for (let index = 0; index < 12; index++) {
    const byte = bytes[start + index]!;
    objectIdCodes[2 * index] = digits[byte >> 4]!;
    objectIdCodes[2 * index + 1] = digits[byte & 15]!;
  }
  return String.fromCharCode(...objectIdCodes);
}

/** The 16 bytes from `start` as canonical UUID text. */
export function uuidText(bytes: Uint8Array, start: number): string {
  for (let index = 0; index < 16; index++) {
    const byte = bytes[start + index]!;
    const place = uuidPlaces[index]!;
    uuidCodes[place] = digits[byte >> 4]!;
    uuidCodes[place + 1] = digits[byte & 15]!;
  }
  return String.fromCharCode(...uuidCodes);
}

/** Writes the bytes of ObjectId or UUID text (dashes are skipped) at `start`; false when it is not exactly `length` bytes of hex. */
export function writeHexText(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  let written = 0;
  for (let index = 0; index < text.length;) {
    const code = text.charCodeAt(index);
    if (code === dash) {
      index++;
      continue;
    }
    const high = digitValue(code);
    const low = digitValue(text.charCodeAt(index + 1));
    if (high < 0 || low < 0 || written === length) return false;
    bytes[start + written++] = (high << 4) | low;
    index += 2;
  }
  return written === length;
}

export const isObjectIdText = (text: string): boolean => /^[0-9a-f]{24}$/.test(text);
export const isUuidText = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
