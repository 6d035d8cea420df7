import { decimalClass, type Decimal } from "../../changeset/decimal.ts";
import { doubleOfBits, floatOfBits } from "../../changeset/floating.ts";
import type { Scalar } from "../../changeset/model.ts";

const decimalText = (negative: boolean, digits: string, exponent: number): string => {
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "n0";
  const sign = negative ? "-" : "";
  return `n${sign}${significant}e${exponent + digits.length - significant.length}`;
};

const integerText = (value: bigint): string => {
  const negative = value < 0n;
  return decimalText(negative, (negative ? -value : value).toString(), 0);
};

const numberText = (value: number): string => {
  if (Number.isNaN(value)) return "nNaN";
  if (!Number.isFinite(value)) return value > 0 ? "nInfinity" : "n-Infinity";
  // Below 2^63 a whole double must meet the 64-bit integer it equals; above, its shortest text is what a decimal of that value says.
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 63) return integerText(BigInt(value));
  const [mantissa = "0", exponent = "0"] = Math.abs(value).toExponential().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return decimalText(value < 0, `${whole}${fraction}`, Number(exponent) - fraction.length);
};

const decimalIdentity = (value: Decimal): string => {
  switch (decimalClass(value)) {
    case "NaN":
      return "nNaN";
    case "infinity":
      return value.negative ? "n-Infinity" : "nInfinity";
    case "zero":
      return "n0";
    case "finite":
      return decimalText(value.negative, value.coefficient.toString(), value.exponent);
  }
};

/**
 * Text that two values share exactly when a set holds them as one member (merge-rules §7): numbers by value across Int, Float, Double
 * and Decimal, with NaN equal to NaN and −0 to 0; links by class and key; everything else by type and content.
 *
 * A Float or Double meets a Decimal through its shortest decimal text, so that Double 0.1 is Decimal 0.1. The relation is transitive;
 * the reference's, which rounds to 7 or 15 digits, is not, and mixed numeric types in one set are outside what converges (Q9).
 */
export const memberIdentity = (value: Scalar): string => {
  switch (value.type) {
    case "Null":
      return "0";
    case "Int":
      return integerText(value.value);
    case "Float":
      return numberText(floatOfBits(value.bits));
    case "Double":
      return numberText(doubleOfBits(value.bits));
    case "Decimal":
      return decimalIdentity(value);
    case "Bool":
      return value.value ? "bt" : "bf";
    case "String":
      return `s${value.value}`;
    case "Binary":
      return `x${binaryText(value.value)}`;
    case "Timestamp":
      return `t${value.seconds}.${value.nanoseconds}`;
    case "ObjectId":
      return `o${value.value}`;
    case "Uuid":
      return `u${value.value}`;
    case "Link":
      return `l${value.table.length}:${value.table}${value.key.text}`;
  }
};

/** One character a byte: compares and hashes like the bytes. */
export const binaryText = (bytes: Uint8Array): string => {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return text;
};
