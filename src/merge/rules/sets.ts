import type { SetErase } from "../../changeset/model.ts";
import type { Item } from "../item.ts";
import { sameStoredPayload } from "../payload-layout.ts";
import { samePath } from "../predicates.ts";
import { sameValue } from "../../changeset/equality.ts";
import { dropOlder, type LevelRule } from "./rule.ts";

// CONFLICT: one side empties the set into which the other inserts.
// RESOLUTION: emptying wins, whatever the times.
export const setInsertClear: LevelRule<"SetInsert", "Clear"> = {
  id: "S1",
  apply(insert, clear) {
    if (!samePath(insert, clear)) return false;
    insert.discard();
    return true;
  },
};

// CONFLICT: one side empties the set from which the other erases.
// RESOLUTION: the element is gone already.
export const setEraseClear: LevelRule<"SetErase", "Clear"> = {
  id: "S2",
  apply(erase, clear) {
    if (!samePath(erase, clear)) return false;
    erase.discard();
    return true;
  },
};

// CONFLICT: both sides insert the same element.
// RESOLUTION: one insertion is enough; the newer one stays, so that it can still win over an erasure.
export const setInsertSetInsert: LevelRule<"SetInsert", "SetInsert"> = {
  id: "S3",
  apply(local, incoming) {
    if (!samePath(local, incoming) || !sameValue(local.instruction.value, incoming.instruction.value)) return false;
    dropOlder(local, incoming);
    return true;
  },
};

// CONFLICT: one side erases the element that the other inserts.
// RESOLUTION: the newer one wins, and of equal pairs the erasure.
export const setEraseSetInsert: LevelRule<"SetErase", "SetInsert"> = {
  id: "S4",
  apply(erase, insert) {
    if (!samePath(erase, insert) || !sameValue(erase.instruction.value, insert.instruction.value)) return false;
    if (erase.isOlderThan(insert)) erase.discard();
    else insert.discard();
    return true;
  },
};

// CONFLICT: both sides erase the same element.
// RESOLUTION: one erasure is enough; the newer one stays, so that it can still win over an insertion.
export const setEraseSetErase: LevelRule<"SetErase", "SetErase"> = {
  id: "S5",
  apply(local, incoming, meeting) {
    if (!samePath(local, incoming) || !(meeting.referenceQuirks ? sameStored(local, incoming) : sameByValue(local, incoming))) return false;
    dropOlder(local, incoming);
    return true;
  },
};

const sameByValue = (a: Item<SetErase>, b: Item<SetErase>): boolean => sameValue(a.instruction.value, b.instruction.value);

/** The reference compares where the bytes of a text stand, not what they say (merge-rules §10, Q3). */
function sameStored(a: Item<SetErase>, b: Item<SetErase>): boolean {
  const { layout } = a.origin;
  const otherLayout = b.origin.layout;
  if (layout === undefined || otherLayout === undefined) return sameByValue(a, b);
  return sameStoredPayload(a.instruction.value, layout, a.at, b.instruction.value, otherLayout, b.at);
}
