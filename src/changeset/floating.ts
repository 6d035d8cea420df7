/** Conversions between numbers and the IEEE-754 bits that Float and Double payloads carry. */

const view = new DataView(new ArrayBuffer(8));

/** The number that 32 bits of a Float stand for. */
export function floatOfBits(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

/** Bits of the Float nearest to `value`, unsigned; NaN gives the quiet NaN 0x7fc00000. */
export function bitsOfFloat(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

/** The number that 64 bits of a Double stand for; exact, except that the kinds of NaN fall together. */
export function doubleOfBits(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** Bits of a Double, unsigned; NaN gives the quiet NaN 0x7ff8000000000000. */
export function bitsOfDouble(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}
