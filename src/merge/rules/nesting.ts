import { afterMove, elementBeside, isInside, sameObject, stepInside } from "../predicates.ts";
import type { NestingRule } from "./rule.ts";

// CONFLICT: one side erases a class in which the other works.
// RESOLUTION: erasing wins.
export const insideEraseTable: NestingRule<"EraseTable"> = {
  id: "N1",
  apply(outer, inner) {
    if (outer.instruction.table !== inner.instruction.table) return false;
    inner.discard();
    return true;
  },
};

// CONFLICT: one side erases an object that the other edits.
// RESOLUTION: erasing wins.
export const insideEraseObject: NestingRule<"EraseObject"> = {
  id: "N2",
  apply(outer, inner) {
    if (inner.field === undefined || !sameObject(outer, inner)) return false;
    inner.discard();
    return true;
  },
};

// CONFLICT: one side assigns to a place inside which the other works.
// RESOLUTION: creating the embedded object, or the very kind of collection the other works in, does not disturb; any other value wins.
export const insideUpdate: NestingRule<"Update"> = {
  id: "N3",
  apply(outer, inner) {
    const step = stepInside(outer, inner);
    if (step === undefined) return false;
    const { type } = outer.instruction.value;
    const welcome =
      type === "ObjectValue" || (type === "List" && typeof step === "number") || (type === "Dictionary" && typeof step === "string");
    if (!welcome) inner.discard();
    return true;
  },
};

// CONFLICT: one side adds to a Mixed as a number, the other works inside the collection it takes it for.
// RESOLUTION: the number wins.
export const insideAddInteger: NestingRule<"AddInteger"> = {
  id: "N4",
  apply(outer, inner) {
    if (!isInside(outer, inner)) return false;
    inner.discard();
    return true;
  },
};

// CONFLICT: one side inserts into a list, the other works inside one of its elements.
// RESOLUTION: the work follows its element.
export const besideArrayInsert: NestingRule<"ArrayInsert"> = {
  id: "N5",
  apply(outer, inner) {
    const element = elementBeside(outer, inner);
    if (element === undefined) return false;
    if (element >= outer.index) inner.setPathIndex(outer.path.length - 1, element + 1);
    return true;
  },
};

// CONFLICT: one side moves an element of a list, the other works inside one of its elements.
// RESOLUTION: the work follows its element. The reference has the two mixed up and changes the move's source instead (merge-rules §10, Q2).
export const besideArrayMove: NestingRule<"ArrayMove"> = {
  id: "N6",
  apply(outer, inner, meeting) {
    const element = elementBeside(outer, inner);
    if (element === undefined) return false;
    if (meeting.referenceQuirks) outer.index = afterMove(outer.index, element, outer.destination);
    else inner.setPathIndex(outer.path.length - 1, afterMove(element, outer.index, outer.destination));
    return true;
  },
};

// CONFLICT: one side erases an element of a list, the other works inside one of its elements.
// RESOLUTION: work inside the erased element goes, other work follows its element.
export const besideArrayErase: NestingRule<"ArrayErase"> = {
  id: "N7",
  apply(outer, inner) {
    const element = elementBeside(outer, inner);
    if (element === undefined) return false;
    if (element === outer.index) inner.discard();
    else if (element > outer.index) inner.setPathIndex(outer.path.length - 1, element - 1);
    return true;
  },
};

// CONFLICT: one side empties a collection inside which the other works.
// RESOLUTION: emptying wins, whatever the times.
export const insideClear: NestingRule<"Clear"> = {
  id: "N8",
  apply(outer, inner) {
    if (!isInside(outer, inner)) return false;
    inner.discard();
    return true;
  },
};
