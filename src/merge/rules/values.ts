import type { Payload, Update } from "../../changeset/model.ts";
import { MergeError } from "../error.ts";
import type { Item } from "../item.ts";
import { samePath } from "../predicates.ts";
import { dropOlder, type LevelRule } from "./rule.ts";

/** The payload as it is now: increments may have been added to it. */
const payloadOf = (update: Item<Update>): Payload => update.value ?? update.instruction.value;

// CONFLICT: both sides assign to the same place.
// RESOLUTION: a value beats the creation of an embedded object; two assignments of the same kind of collection both stay and their contents
// merge; otherwise an explicit value beats a default, and then the newer one wins.
export const updateUpdate: LevelRule<"Update", "Update"> = {
  id: "U1",
  apply(local, incoming) {
    if (!samePath(local, incoming)) return false;
    if (local.priorSize !== incoming.priorSize) {
      throw new MergeError("ListSizeMismatch", incoming.instruction, `list of ${local.priorSize} and of ${incoming.priorSize}`);
    }
    const localType = payloadOf(local).type;
    const incomingType = payloadOf(incoming).type;
    if (localType !== incomingType && localType === "ObjectValue") local.discard();
    else if (localType !== incomingType && incomingType === "ObjectValue") incoming.discard();
    else if (localType === incomingType && (localType === "List" || localType === "Dictionary")) return true;
    else if (isDefault(local) !== isDefault(incoming)) (isDefault(local) ? local : incoming).discard();
    else dropOlder(local, incoming);
    return true;
  },
};

const isDefault = (update: Item<Update>): boolean => update.instruction.isDefault === true;

// CONFLICT: one side adds to a number that the other assigns.
// RESOLUTION: an increment newer than the assignment, or one that meets a mere default, counts on top of it; an older one is lost. On null it
// is kept, since it does nothing there; on any other value it makes no sense and goes.
export const addIntegerUpdate: LevelRule<"AddInteger", "Update"> = {
  id: "U2",
  apply(add, update) {
    if (!samePath(add, update)) return false;
    const value = payloadOf(update);
    if (!update.isOlderThan(add) && !isDefault(update)) add.discard();
    else if (value.type === "Int") addTo(update, value.value, add.instruction.value);
    else if (value.type !== "Null") add.discard();
    return true;
  },
};

function addTo(update: Item<Update>, value: bigint, increment: bigint): void {
  if (increment !== 0n) update.value = { type: "Int", value: BigInt.asIntN(64, value + increment) };
}
