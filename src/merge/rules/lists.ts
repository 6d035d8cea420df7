import { MergeError } from "../error.ts";
import type { Item } from "../item.ts";
import { afterMove, sameList } from "../predicates.ts";
import type { LevelRule } from "./rule.ts";

// Every rule here is about one list: both instructions address elements of the same container. `priorSize` is the size each author
// saw; after two instructions met, each sees a list on which the other has been carried out.

function requireSameSize(a: Item, b: Item): void {
  if (a.priorSize !== b.priorSize) {
    throw new MergeError("ListSizeMismatch", b.instruction, `list of ${a.priorSize} and of ${b.priorSize}`);
  }
}

function requireIndexBelow(item: Item, index: number, limit: number): void {
  if (index >= limit) throw new MergeError("ListIndexOutOfRange", item.instruction, `index ${index} in a list of ${item.priorSize}`);
}

const requireElement = (item: Item): void => requireIndexBelow(item, item.index, item.priorSize);

// CONFLICT: one side inserts into the list, the other assigns to an element.
// RESOLUTION: the assignment follows its element.
export const arrayInsertUpdate: LevelRule<"ArrayInsert", "Update"> = {
  id: "L1",
  apply(insert, update) {
    if (!sameList(insert, update)) return false;
    requireSameSize(insert, update);
    requireIndexBelow(insert, insert.index, insert.priorSize + 1);
    requireElement(update);
    update.priorSize += 1;
    if (update.index >= insert.index) update.index += 1;
    return true;
  },
};

// CONFLICT: one side moves an element, the other assigns to an element.
// RESOLUTION: the assignment follows its element.
export const arrayMoveUpdate: LevelRule<"ArrayMove", "Update"> = {
  id: "L2",
  apply(move, update) {
    if (!sameList(move, update)) return false;
    requireElement(move);
    requireElement(update);
    update.index = afterMove(update.index, move.index, move.destination);
    return true;
  },
};

// CONFLICT: one side erases an element, the other assigns to an element.
// RESOLUTION: erasing wins over an assignment to that element; another assignment follows its element.
export const arrayEraseUpdate: LevelRule<"ArrayErase", "Update"> = {
  id: "L3",
  apply(erase, update) {
    if (!sameList(erase, update)) return false;
    requireSameSize(erase, update);
    requireElement(erase);
    requireElement(update);
    update.priorSize -= 1;
    if (erase.index === update.index) update.discard();
    else if (update.index > erase.index) update.index -= 1;
    return true;
  },
};

// CONFLICT: both sides insert into the list.
// RESOLUTION: both elements stay. At the same place the newer one comes after the older one; of equal pairs the local one.
export const arrayInsertArrayInsert: LevelRule<"ArrayInsert", "ArrayInsert"> = {
  id: "L4",
  apply(local, incoming) {
    if (!sameList(local, incoming)) return false;
    requireSameSize(local, incoming);
    local.priorSize += 1;
    incoming.priorSize += 1;
    const localFirst = local.index === incoming.index ? local.isOlderThan(incoming) : local.index < incoming.index;
    if (localFirst) incoming.index += 1;
    else local.index += 1;
    return true;
  },
};

// CONFLICT: one side moves an element, the other inserts one.
// RESOLUTION: both happen. Where the moved and the new element land at the same place, the newer one comes after the older one.
export const arrayMoveArrayInsert: LevelRule<"ArrayMove", "ArrayInsert"> = {
  id: "L5",
  apply(move, insert) {
    if (!sameList(move, insert)) return false;
    move.priorSize += 1;
    let place = insert.index;
    if (place > move.index) place -= 1;
    else move.index += 1;
    if (place < move.destination || (place === move.destination && move.isOlderThan(insert))) move.destination += 1;
    else place += 1;
    insert.index = place;
    return true;
  },
};

// CONFLICT: one side erases an element, the other inserts one.
// RESOLUTION: both happen.
export const arrayEraseArrayInsert: LevelRule<"ArrayErase", "ArrayInsert"> = {
  id: "L6",
  apply(erase, insert) {
    if (!sameList(erase, insert)) return false;
    requireSameSize(erase, insert);
    requireElement(erase);
    requireIndexBelow(insert, insert.index, insert.priorSize + 1);
    erase.priorSize += 1;
    insert.priorSize -= 1;
    if (insert.index <= erase.index) erase.index += 1;
    else insert.index -= 1;
    return true;
  },
};

// CONFLICT: both sides move an element.
// RESOLUTION: of two moves of one element the newer one wins, starting from where the older one put it. Moves of different elements both
// happen; at the same destination the newer one comes after the older one. A move that ends where it starts goes.
export const arrayMoveArrayMove: LevelRule<"ArrayMove", "ArrayMove"> = {
  id: "L7",
  apply(local, incoming) {
    if (!sameList(local, incoming)) return false;
    requireSameSize(local, incoming);
    for (const move of [local, incoming]) {
      requireElement(move);
      requireIndexBelow(move, move.destination, move.priorSize);
    }
    if (local.index === incoming.index) moveSameElement(local, incoming);
    else moveTwoElements(local, incoming);
    return true;
  },
};

function moveSameElement(local: Item, incoming: Item): void {
  const [older, newer] = local.isOlderThan(incoming) ? [local, incoming] : [incoming, local];
  newer.index = older.destination;
  older.discard();
  if (newer.index === newer.destination) newer.discard();
}

function moveTwoElements(local: Item, incoming: Item): void {
  let { index: localFrom, destination: localTo } = local;
  let { index: incomingFrom, destination: incomingTo } = incoming;
  // Take both elements out …
  if (localFrom > incomingFrom) localFrom -= 1;
  else incomingFrom -= 1;
  // … and put each back as the other side has done already.
  if (localTo > incomingFrom) localTo -= 1;
  else incomingFrom += 1;
  if (localFrom < incomingTo) incomingTo -= 1;
  else localFrom += 1;
  const localLandsFirst = localTo === incomingTo ? local.isOlderThan(incoming) : localTo < incomingTo;
  if (localLandsFirst) incomingTo += 1;
  else localTo += 1;
  local.index = localFrom;
  local.destination = localTo;
  incoming.index = incomingFrom;
  incoming.destination = incomingTo;
  if (localFrom === localTo) local.discard();
  if (incomingFrom === incomingTo) incoming.discard();
}

// CONFLICT: one side erases an element, the other moves one.
// RESOLUTION: erasing wins and follows the element to where it was moved. Otherwise both happen; a move that ends where it starts goes.
export const arrayEraseArrayMove: LevelRule<"ArrayErase", "ArrayMove"> = {
  id: "L8",
  apply(erase, move) {
    if (!sameList(erase, move)) return false;
    requireSameSize(erase, move);
    requireElement(erase);
    requireElement(move);
    move.priorSize -= 1;
    if (erase.index === move.index) {
      erase.index = move.destination;
      move.discard();
      return true;
    }
    let from = move.index;
    let to = move.destination;
    let erased = erase.index;
    if (erased > from) erased -= 1;
    else from -= 1;
    if (erased >= to) erased += 1;
    else to -= 1;
    erase.index = erased;
    move.index = from;
    move.destination = to;
    if (from === to) move.discard();
    return true;
  },
};

// CONFLICT: both sides erase an element.
// RESOLUTION: the same element is erased once; different ones both go.
export const arrayEraseArrayErase: LevelRule<"ArrayErase", "ArrayErase"> = {
  id: "L9",
  apply(local, incoming) {
    if (!sameList(local, incoming)) return false;
    requireSameSize(local, incoming);
    requireElement(local);
    requireElement(incoming);
    local.priorSize -= 1;
    incoming.priorSize -= 1;
    if (local.index === incoming.index) {
      local.discard();
      incoming.discard();
    } else if (local.index > incoming.index) local.index -= 1;
    else incoming.index -= 1;
    return true;
  },
};
