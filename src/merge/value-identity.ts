import { decimalClass, type Decimal } from "../changeset/decimal.ts";
import { doubleOfBits, floatOfBits } from "../changeset/floating.ts";
import type { Payload } from "../changeset/model.ts";

/**
 * A text that two payloads share exactly when they are the same value for the merge (`sameValue`, merge-rules §3), so that the members of
 * a set can be told apart by a look-up. Undefined for a NaN, which is not even the same as itself.
 */
export function valueIdentity(payload: Payload): string | undefined {
  switch (payload.type) {
    case "Null":
    case "ObjectValue":
    case "Dictionary":
    case "Erased":
    case "List":
    case "Set":
      return payload.type;
    case "Int":
    case "Bool":
    case "String":
    case "ObjectId":
    case "Uuid":
      return `${payload.type} ${payload.value}`;
    case "Binary":
      return `Binary ${Array.from(payload.value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    case "Timestamp":
      return `Timestamp ${payload.seconds} ${payload.nanoseconds}`;
    case "Float":
      return numberIdentity("Float", floatOfBits(payload.bits));
    case "Double":
      return numberIdentity("Double", doubleOfBits(payload.bits));
    case "Decimal":
      return decimalIdentity(payload);
    case "Link":
      return `Link ${payload.table.length} ${payload.table} ${payload.key.text}`;
  }
}

/** A number's shortest text is its own; both zeros read "0". */
const numberIdentity = (type: string, value: number): string | undefined => (Number.isNaN(value) ? undefined : `${type} ${value}`);

function decimalIdentity(decimal: Decimal): string {
  const kind = decimalClass(decimal);
  const sign = decimal.negative ? "-" : "";
  if (kind === "zero" || kind === "infinity") return `Decimal ${kind === "zero" ? "" : sign}${kind}`;
  let { coefficient, exponent } = decimal;
  // A NaN is the same only as its very bits.
  if (kind === "finite") {
    while (coefficient % 10n === 0n) {
      coefficient /= 10n;
      exponent += 1;
    }
  }
  return `Decimal ${sign}${kind} ${coefficient} ${exponent}`;
}
