import { type FlatList, listOperations, payloadClasses } from "./flat-list.ts";
import { afterMove } from "./predicates.ts";

// The list rules (merge-rules §6, L1–L9 and U1) once more, on flat arrays: the same decisions as in rules/lists.ts, some ten times faster.
// One function for each kind of local instruction lets it meet all incoming ones, its own numbers in local variables.
//
// What costs is not the arithmetic but the branches that nobody can predict: which kind comes next, and which of two indices is smaller.
// So insertions, erasures and assignments are treated alike, as things that happen at an index and add 1, −1 or 0 elements (`effect`),
// and a comparison becomes a number: `x >> 31` is −1 for a negative x and 0 otherwise. Discarded instructions stand at index −1 with no
// effect, where they change nothing. Only moves, and two instructions on one element, take a branch.
//
// No sizes are checked here: in two sound histories that start from the same list every check of the rules holds, since both instructions
// of a meeting are then about one and the same list. `FlatList.isSound` is asked before.

const { insert, erase, update, move } = listOperations;

/** Lets every local instruction meet every incoming one, as `runGrid` would. Both must be sound histories of the same list. */
export function runListGrid(locals: FlatList, incoming: FlatList): void {
  for (let local = 0; local < locals.length && incoming.live > 0; local++) {
    switch (locals.operation[local]) {
      case insert:
        insertRow(locals, local, incoming);
        break;
      case erase:
        eraseRow(locals, local, incoming);
        break;
      case update:
        updateRow(locals, local, incoming);
        break;
      case move:
        moveRow(locals, local, incoming);
    }
  }
}

/** L4, L6, L1 and L5. */
function insertRow(own: FlatList, i: number, others: FlatList): void {
  const { hasMoves, length, operation, index, priorSize, rank: ranks, effect, inserts, touched } = others;
  const rank = own.rank[i]!;
  let place = own.index[i]!;
  let growth = 0;
  let met = 0;
  for (let j = 0; j < length; j++) {
    priorSize[j]! += 1;
    touched[j] = 1;
    if (hasMoves && operation[j] === move) {
      const after = insertMeetsMove(place, rank, others, j);
      if (after !== place) met = 1;
      place = after;
      continue;
    }
    // It comes before the other one: at a smaller index, or at the same unless the other is an insertion that is not newer.
    const winsTie = ((rank - ranks[j]!) >>> 31) | (1 - inserts[j]!);
    const at = index[j]!;
    const isBefore = (place - at - winsTie) >> 31;
    const change = effect[j]!;
    index[j] = at - isBefore;
    place += change & ~isBefore;
    growth += change;
    met |= change;
  }
  own.index[i] = place;
  own.priorSize[i]! += growth;
  if (met !== 0) own.touched[i] = 1;
}

/** L5. Returns where the insertion is afterwards. */
function insertMeetsMove(place: number, rank: number, moves: FlatList, j: number): number {
  const from = moves.index[j]!;
  const to = moves.destination[j]!;
  const between = place > from ? place - 1 : place;
  if (place <= from) moves.index[j] = from + 1;
  const landsFirst = between < to || (between === to && moves.rank[j]! < rank);
  if (landsFirst) moves.destination[j] = to + 1;
  return landsFirst ? between : between + 1;
}

/** L6, L9, L3 and L8. */
function eraseRow(own: FlatList, i: number, others: FlatList): void {
  const { hasMoves, length, operation, index, priorSize, effect, inserts, touched } = others;
  let place = own.index[i]!;
  let growth = 0;
  let met = 0;
  for (let j = 0; j < length; j++) {
    const at = index[j]!;
    priorSize[j]! -= 1;
    touched[j] = 1;
    if (hasMoves && operation[j] === move) {
      const after = eraseMeetsMove(place, others, j);
      if (after !== place) met = 1;
      place = after;
      continue;
    }
    if (at === place && inserts[j] === 0) {
      const sameErasure = operation[j] === erase;
      others.discard(j);
      if (!sameErasure) continue;
      own.discard(i);
      return;
    }
    const otherIsBefore = (at - place - inserts[j]!) >> 31;
    const change = effect[j]!;
    index[j] = at - 1 - otherIsBefore;
    place += change & otherIsBefore;
    growth += change;
    met |= change;
  }
  own.index[i] = place;
  own.priorSize[i]! += growth;
  if (met !== 0) own.touched[i] = 1;
}

/** L8. Returns where the erasure is afterwards. */
function eraseMeetsMove(erased: number, moves: FlatList, j: number): number {
  let place = erased;
  let from = moves.index[j]!;
  let to = moves.destination[j]!;
  if (place === from) {
    moves.discard(j);
    return to;
  }
  if (place > from) place -= 1;
  else from -= 1;
  if (place >= to) place += 1;
  else to -= 1;
  moves.setMove(j, from, to);
  return place;
}

/** L1, L3, U1 and L2. */
function updateRow(own: FlatList, i: number, others: FlatList): void {
  const { hasMoves, length, operation, index, effect, inserts } = others;
  let place = own.index[i]!;
  let growth = 0;
  let met = 0;
  for (let j = 0; j < length; j++) {
    const at = index[j]!;
    if (hasMoves && operation[j] === move) {
      const after = afterMove(place, at, others.destination[j]!);
      if (after !== place) met = 1;
      place = after;
      continue;
    }
    if (at === place && inserts[j] === 0) {
      if (operation[j] === erase) own.discard(i);
      else discardUpdate(own, i, others, j);
      if (own.isDead(i)) return;
      continue;
    }
    const otherIsBefore = (at - place - inserts[j]!) >> 31;
    const change = effect[j]!;
    place += change & otherIsBefore;
    growth += change;
    met |= change;
  }
  own.index[i] = place;
  own.priorSize[i]! += growth;
  if (met !== 0) own.touched[i] = 1;
}

/** U1: which of two assignments to one element goes, if any; elements of lists have no defaults. */
function discardUpdate(own: FlatList, i: number, others: FlatList, j: number): void {
  const ours = own.payloadClass[i]!;
  const theirs = others.payloadClass[j]!;
  if (ours !== theirs && ours === payloadClasses.objectValue) own.discard(i);
  else if (ours !== theirs && theirs === payloadClasses.objectValue) others.discard(j);
  else if (ours === theirs && (ours === payloadClasses.list || ours === payloadClasses.dictionary)) return;
  else if (own.rank[i]! < others.rank[j]!) own.discard(i);
  else others.discard(j);
}

/** L5, L8, L2 and L7. Moves are rare: their numbers stay in the arrays. */
function moveRow(own: FlatList, i: number, others: FlatList): void {
  for (let j = 0; j < others.length && !own.isDead(i); j++) {
    switch (others.operation[j]) {
      case insert:
        own.resize(i, 1);
        others.setIndex(j, insertMeetsMove(others.index[j]!, others.rank[j]!, own, i));
        break;
      case erase:
        own.resize(i, -1);
        others.setIndex(j, eraseMeetsMove(others.index[j]!, own, i));
        break;
      case update:
        others.setIndex(j, afterMove(others.index[j]!, own.index[i]!, own.destination[i]!));
        break;
      case move:
        meetMoves(own, i, others, j);
    }
  }
}

/** L7. */
function meetMoves(own: FlatList, i: number, others: FlatList, j: number): void {
  const isOlder = own.rank[i]! < others.rank[j]!;
  let from = own.index[i]!;
  let to = own.destination[i]!;
  let otherFrom = others.index[j]!;
  let otherTo = others.destination[j]!;
  if (from === otherFrom) {
    if (isOlder) {
      others.setMove(j, to, otherTo);
      own.discard(i);
    } else {
      own.setMove(i, otherTo, to);
      others.discard(j);
    }
    return;
  }
  if (from > otherFrom) from -= 1;
  else otherFrom -= 1;
  if (to > otherFrom) to -= 1;
  else otherFrom += 1;
  if (from < otherTo) otherTo -= 1;
  else from += 1;
  if (to === otherTo ? isOlder : to < otherTo) otherTo += 1;
  else to += 1;
  own.setMove(i, from, to);
  others.setMove(j, otherFrom, otherTo);
}
