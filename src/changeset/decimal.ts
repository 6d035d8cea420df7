import type { Payload } from "./model.ts";
import { decimalExponentBias } from "./wire.ts";

/** A Decimal128 as payloads hold it: the bit pattern split, not normalised (changeset-format §8). */
export type Decimal = Extract<Payload, { type: "Decimal" }>;

const maxCoefficient = 10n ** 34n - 1n;
const maxFiniteExponent = 6111;
const minExponent = -decimalExponentBias;
/** Exponents from here on mark the patterns whose coefficient does not fit: they count as zero. */
const firstNonCanonical = 6112;
const infinityExponent = 9184;
const notANumberExponent = 9696;

export type DecimalClass = "finite" | "zero" | "infinity" | "NaN";

/** What kind of number the pattern is. Non-canonical patterns (coefficient ≥ 10^34, exponent 6112 … 9183) are zeros. */
export function decimalClass({ coefficient, exponent }: Decimal): DecimalClass {
  if (exponent >= notANumberExponent) return "NaN";
  if (exponent >= infinityExponent) return "infinity";
  return exponent >= firstNonCanonical || coefficient > maxCoefficient || coefficient === 0n ? "zero" : "finite";
}

/** Numeric equality (merge-rules §3, SAMEVAL): 1.0 = 1.00, all zeros are equal, NaN only if bit-identical. */
export function sameDecimal(a: Decimal, b: Decimal): boolean {
  const kind = decimalClass(a);
  if (kind !== decimalClass(b)) return false;
  if (kind === "zero") return true;
  if (a.negative !== b.negative) return false;
  if (kind === "infinity") return true;
  if (kind === "NaN") return a.coefficient === b.coefficient && a.exponent === b.exponent;
  const difference = a.exponent - b.exponent;
  if (Math.abs(difference) > 34) return false;
  return difference >= 0
    ? a.coefficient * 10n ** BigInt(difference) === b.coefficient
    : b.coefficient * 10n ** BigInt(-difference) === a.coefficient;
}

/**
 * The value as text, from which `parseDecimal` gets the same pattern back (except for non-canonical ones, which read as zero, and
 * payload bits of NaN): digits with a point as far as the exponent reaches, the rest as `E`: "10.50", "1E-1", "-3.25E10", "Inf", "NaN".
 */
export function decimalText(decimal: Decimal): string {
  const sign = decimal.negative ? "-" : "";
  const kind = decimalClass(decimal);
  if (kind === "NaN") return `${sign}NaN`;
  if (kind === "infinity") return `${sign}Inf`;
  const inRange = decimal.exponent < firstNonCanonical && decimal.coefficient <= maxCoefficient;
  const digits = inRange ? decimal.coefficient.toString() : "0";
  let exponent = inRange ? decimal.exponent : 0;
  let beforePoint = digits.length;
  if (exponent !== 0) {
    const fraction = exponent < 0 ? Math.min(-exponent, digits.length - 1) : digits.length - 1;
    beforePoint -= fraction;
    exponent += fraction;
  }
  const fraction = beforePoint < digits.length ? `.${digits.slice(beforePoint)}` : "";
  return `${sign}${digits.slice(0, beforePoint)}${fraction}${exponent === 0 ? "" : `E${exponent}`}`;
}

const notation = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,6}))?$/;
const special = /^([+-]?)(inf|infinity|nan)$/i;
/** Longest text that can be a decimal: 34 digits, sign, point and exponent, with room for leading zeros. */
const maxTextLength = 100;

/**
 * Reads decimal text; trailing zeros keep their meaning ("1.0" ≠ "1.00" bitwise). Nothing is rounded.
 *
 * @returns undefined when it is no number, or does not fit 34 digits and exponents −6176 … 6111.
 */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > maxTextLength) return undefined;
  const named = special.exec(text);
  if (named !== null) {
    const exponent = named[2]?.toLowerCase() === "nan" ? notANumberExponent : infinityExponent;
    return { type: "Decimal", coefficient: 0n, exponent, negative: named[1] === "-" };
  }
  const parts = notation.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = "", fraction = parts[4] ?? "", , scale = "0"] = parts;
  let coefficient = BigInt(whole + fraction);
  let exponent = Number(scale) - fraction.length;
  // An exponent beyond the range can be folded into a short coefficient (1E6112 = 10E6111) and back when only zeros are lost.
  while (exponent > maxFiniteExponent && coefficient !== 0n && coefficient * 10n <= maxCoefficient) {
    coefficient *= 10n;
    exponent--;
  }
  while ((exponent < minExponent || coefficient > maxCoefficient) && coefficient !== 0n && coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  if (coefficient === 0n) exponent = Math.min(Math.max(exponent, minExponent), maxFiniteExponent);
  if (coefficient > maxCoefficient || exponent > maxFiniteExponent || exponent < minExponent) return undefined;
  return { type: "Decimal", coefficient, exponent, negative: sign === "-" };
}

const coefficientBits = 113n;
const lowMask = (1n << coefficientBits) - 1n;

/** The 128-bit pattern. */
export const bitsOfDecimal = ({ coefficient, exponent, negative }: Decimal): bigint =>
  (negative ? 1n << 127n : 0n) | (BigInt(exponent + decimalExponentBias) << coefficientBits) | coefficient;

/** The decimal of a 128-bit pattern. */
export const decimalOfBits = (bits: bigint): Decimal => ({
  type: "Decimal",
  coefficient: bits & lowMask,
  exponent: Number((bits >> coefficientBits) & 0x3fffn) - decimalExponentBias,
  negative: bits >> 127n === 1n,
});
