import { sameObject } from "../predicates.ts";
import type { LevelRule } from "./rule.ts";

// CONFLICT: one side erases the object that the other creates.
// RESOLUTION: erasing wins, whatever the times.
export const eraseObjectCreateObject: LevelRule<"EraseObject", "CreateObject"> = {
  id: "O1",
  apply(erase, create) {
    if (!sameObject(erase, create)) return false;
    create.discard();
    return true;
  },
};

// CONFLICT: both sides erase the object, and may have created it again afterwards.
// RESOLUTION: the newer erasure stays and then takes what the other side did to the object after its own; of equal pairs the incoming stays.
export const eraseObjectEraseObject: LevelRule<"EraseObject", "EraseObject"> = {
  id: "O2",
  apply(local, incoming) {
    if (!sameObject(local, incoming)) return false;
    if (incoming.isOlderThan(local)) incoming.discard();
    else local.discard();
    return true;
  },
};
