import { sameDecimal } from "./decimal.ts";
import { doubleOfBits, floatOfBits } from "./floating.ts";
import { sameKey } from "./key.ts";
import type { Payload } from "./model.ts";

/** Whether two byte strings are equal. Not for secrets: it stops at the first difference. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}

/**
 * SAMEVAL of merge-rules §3: same type and equal content. Floats and doubles compare as numbers (NaN differs from itself, −0 is 0),
 * decimals numerically, links by class and key, everything else exactly. An Int 1 and a Double 1.0 differ.
 */
export function sameValue(a: Payload, b: Payload): boolean {
  switch (a.type) {
    case "Null":
    case "ObjectValue":
    case "Dictionary":
    case "Erased":
    case "List":
    case "Set":
      return a.type === b.type;
    case "Int":
      return b.type === "Int" && a.value === b.value;
    case "Bool":
      return b.type === "Bool" && a.value === b.value;
    case "String":
      return b.type === "String" && a.value === b.value;
    case "Binary":
      return b.type === "Binary" && sameBytes(a.value, b.value);
    case "Timestamp":
      return b.type === "Timestamp" && a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
    case "Float":
      return b.type === "Float" && floatOfBits(a.bits) === floatOfBits(b.bits);
    case "Double":
      return b.type === "Double" && doubleOfBits(a.bits) === doubleOfBits(b.bits);
    case "Decimal":
      return b.type === "Decimal" && sameDecimal(a, b);
    case "Link":
      return b.type === "Link" && a.table === b.table && sameKey(a.key, b.key);
    case "ObjectId":
      return b.type === "ObjectId" && a.value === b.value;
    case "Uuid":
      return b.type === "Uuid" && a.value === b.value;
  }
}
