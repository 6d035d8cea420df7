import { samePath } from "../predicates.ts";
import { dropOlder, type LevelRule } from "./rule.ts";

// CONFLICT: one side empties the collection held by a Mixed, the other assigns to that Mixed.
// RESOLUTION: assigning the same kind of collection does not disturb; otherwise the newer one wins, and of equal pairs the Clear.
export const clearUpdate: LevelRule<"Clear", "Update"> = {
  id: "K1",
  apply(clear, update) {
    if (!samePath(clear, update)) return false;
    const { type } = update.instruction.value;
    const { collection } = clear.instruction;
    if ((collection === "List" && type === "List") || (collection === "Dictionary" && type === "Dictionary")) return true;
    if (clear.isOlderThan(update)) clear.discard();
    else update.discard();
    return true;
  },
};

// CONFLICT: one side empties the collection held by a Mixed, the other takes the Mixed for a number and adds to it.
// RESOLUTION: the increment goes.
export const clearAddInteger: LevelRule<"Clear", "AddInteger"> = {
  id: "K2",
  apply(clear, add) {
    if (!samePath(clear, add)) return false;
    add.discard();
    return true;
  },
};

// CONFLICT: both sides empty the same collection, and may have filled it again.
// RESOLUTION: the newer one stays and then takes what the other side put in after its own.
export const clearClear: LevelRule<"Clear", "Clear"> = {
  id: "K3",
  apply(local, incoming) {
    if (!samePath(local, incoming)) return false;
    dropOlder(local, incoming);
    return true;
  },
};
