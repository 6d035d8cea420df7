import { type FlatList, listOperations, payloadClasses } from "./flat-list.ts";
import { afterMove } from "./predicates.ts";

// The list rules (merge-rules §6, L1–L9 and U1) once more, on flat arrays: the same decisions as in rules/lists.ts, an order of magnitude
// faster. Each function lets two instructions meet and returns false when a check fails; the caller then starts over with the rules proper,
// which say what is wrong. `a` belongs to the local side wherever both are of one kind.

const { insert, erase, update } = listOperations;

/**
 * Lets every local instruction meet every incoming one, on one list, as `runGrid` would.
 *
 * @returns false when they cannot be merged; the arrays are then worthless.
 */
export function runListGrid(locals: FlatList, incoming: FlatList): boolean {
  let row = Int32Array.from({ length: incoming.length }, (_, at) => at);
  for (let local = 0; local < locals.length; local++) {
    const dead = runListRow(locals, local, incoming, row);
    if (dead < 0) return false;
    if (dead * 2 > row.length) row = row.filter((at) => !incoming.isDead(at));
  }
  return true;
}

/** Returns how many dead ones it passed, −1 when they cannot be merged. */
function runListRow(locals: FlatList, local: number, incoming: FlatList, row: Int32Array): number {
  let dead = 0;
  const operation = locals.operation[local]!;
  for (let column = 0; column < row.length; column++) {
    const other = row[column]!;
    if (incoming.isDead(other)) {
      dead++;
      continue;
    }
    if (!meetInList(locals, local, operation, incoming, other)) return -1;
    if (locals.isDead(local)) break;
  }
  return dead;
}

function meetInList(a: FlatList, i: number, operation: number, b: FlatList, j: number): boolean {
  const other = b.operation[j]!;
  if (operation === insert) {
    if (other === insert) return insertInsert(a, i, b, j);
    if (other === erase) return eraseInsert(b, j, a, i);
    return other === update ? insertUpdate(a, i, b, j) : moveInsert(b, j, a, i);
  }
  if (operation === erase) {
    if (other === insert) return eraseInsert(a, i, b, j);
    if (other === erase) return eraseErase(a, i, b, j);
    return other === update ? eraseUpdate(a, i, b, j) : eraseMove(a, i, b, j);
  }
  if (operation === update) {
    if (other === insert) return insertUpdate(b, j, a, i);
    if (other === erase) return eraseUpdate(b, j, a, i);
    return other === update ? updateUpdate(a, i, b, j) : moveUpdate(b, j, a, i);
  }
  if (other === insert) return moveInsert(a, i, b, j);
  if (other === erase) return eraseMove(b, j, a, i);
  return other === update ? moveUpdate(a, i, b, j) : moveMove(a, i, b, j);
}

/** L4. */
function insertInsert(a: FlatList, i: number, b: FlatList, j: number): boolean {
  const size = a.priorSize[i]!;
  if (size !== b.priorSize[j]!) return false;
  a.priorSize[i] = size + 1;
  b.priorSize[j] = size + 1;
  a.touch(i);
  b.touch(j);
  const place = a.index[i]!;
  const other = b.index[j]!;
  if (place < other || (place === other && a.rank[i]! < b.rank[j]!)) b.index[j] = other + 1;
  else a.index[i] = place + 1;
  return true;
}

/** L6. */
function eraseInsert(erased: FlatList, i: number, inserted: FlatList, j: number): boolean {
  const size = erased.priorSize[i]!;
  const from = erased.index[i]!;
  const place = inserted.index[j]!;
  if (size !== inserted.priorSize[j]! || from >= size || place > size) return false;
  erased.priorSize[i] = size + 1;
  inserted.priorSize[j] = size - 1;
  erased.touch(i);
  inserted.touch(j);
  if (place <= from) erased.index[i] = from + 1;
  else inserted.index[j] = place - 1;
  return true;
}

/** L9. */
function eraseErase(a: FlatList, i: number, b: FlatList, j: number): boolean {
  const size = a.priorSize[i]!;
  const from = a.index[i]!;
  const other = b.index[j]!;
  if (size !== b.priorSize[j]! || from >= size || other >= size) return false;
  if (from === other) {
    a.discard(i);
    b.discard(j);
    return true;
  }
  a.priorSize[i] = size - 1;
  b.priorSize[j] = size - 1;
  a.touch(i);
  b.touch(j);
  if (from > other) a.index[i] = from - 1;
  else b.index[j] = other - 1;
  return true;
}

/** L1. */
function insertUpdate(inserted: FlatList, i: number, updated: FlatList, j: number): boolean {
  const size = inserted.priorSize[i]!;
  const place = inserted.index[i]!;
  const element = updated.index[j]!;
  if (size !== updated.priorSize[j]! || place > size || element >= size) return false;
  updated.priorSize[j] = size + 1;
  updated.touch(j);
  if (element >= place) updated.index[j] = element + 1;
  return true;
}

/** L3. */
function eraseUpdate(erased: FlatList, i: number, updated: FlatList, j: number): boolean {
  const size = erased.priorSize[i]!;
  const from = erased.index[i]!;
  const element = updated.index[j]!;
  if (size !== updated.priorSize[j]! || from >= size || element >= size) return false;
  if (from === element) {
    updated.discard(j);
    return true;
  }
  updated.priorSize[j] = size - 1;
  updated.touch(j);
  if (element > from) updated.index[j] = element - 1;
  return true;
}

/** L2. */
function moveUpdate(moved: FlatList, i: number, updated: FlatList, j: number): boolean {
  const from = moved.index[i]!;
  const element = updated.index[j]!;
  if (from >= moved.priorSize[i]! || element >= updated.priorSize[j]!) return false;
  setIndex(updated, j, afterMove(element, from, moved.destination[i]!));
  return true;
}

/** U1; elements of lists have no defaults. */
function updateUpdate(a: FlatList, i: number, b: FlatList, j: number): boolean {
  if (a.index[i] !== b.index[j]) return true;
  if (a.priorSize[i] !== b.priorSize[j]) return false;
  const ours = a.payloadClass[i]!;
  const theirs = b.payloadClass[j]!;
  if (ours !== theirs && ours === payloadClasses.objectValue) a.discard(i);
  else if (ours !== theirs && theirs === payloadClasses.objectValue) b.discard(j);
  else if (ours === theirs && (ours === payloadClasses.list || ours === payloadClasses.dictionary)) return true;
  else if (a.rank[i]! < b.rank[j]!) a.discard(i);
  else b.discard(j);
  return true;
}

/** L5. */
function moveInsert(moved: FlatList, i: number, inserted: FlatList, j: number): boolean {
  moved.priorSize[i]! += 1;
  moved.touch(i);
  let place = inserted.index[j]!;
  if (place > moved.index[i]!) place -= 1;
  else moved.index[i]! += 1;
  const to = moved.destination[i]!;
  if (place < to || (place === to && moved.rank[i]! < inserted.rank[j]!)) moved.destination[i] = to + 1;
  else place += 1;
  setIndex(inserted, j, place);
  return true;
}

/** L7. */
function moveMove(a: FlatList, i: number, b: FlatList, j: number): boolean {
  const size = a.priorSize[i]!;
  if (size !== b.priorSize[j]! || !isMoveWithin(a, i, size) || !isMoveWithin(b, j, size)) return false;
  const aOlder = a.rank[i]! < b.rank[j]!;
  if (a.index[i] === b.index[j]) {
    if (aOlder) moveSameElement(a, i, b, j);
    else moveSameElement(b, j, a, i);
    return true;
  }
  let aFrom = a.index[i]!;
  let aTo = a.destination[i]!;
  let bFrom = b.index[j]!;
  let bTo = b.destination[j]!;
  if (aFrom > bFrom) aFrom -= 1;
  else bFrom -= 1;
  if (aTo > bFrom) aTo -= 1;
  else bFrom += 1;
  if (aFrom < bTo) bTo -= 1;
  else aFrom += 1;
  if (aTo === bTo ? aOlder : aTo < bTo) bTo += 1;
  else aTo += 1;
  setMove(a, i, aFrom, aTo);
  setMove(b, j, bFrom, bTo);
  return true;
}

function moveSameElement(older: FlatList, i: number, newer: FlatList, j: number): void {
  setMove(newer, j, older.destination[i]!, newer.destination[j]!);
  older.discard(i);
}

const isMoveWithin = (list: FlatList, at: number, size: number): boolean => list.index[at]! < size && list.destination[at]! < size;

/** L8. */
function eraseMove(erased: FlatList, i: number, moved: FlatList, j: number): boolean {
  const size = erased.priorSize[i]!;
  let from = moved.index[j]!;
  let place = erased.index[i]!;
  if (size !== moved.priorSize[j]! || place >= size || from >= size) return false;
  let to = moved.destination[j]!;
  if (place === from) {
    setIndex(erased, i, to);
    moved.discard(j);
    return true;
  }
  moved.priorSize[j] = size - 1;
  moved.touch(j);
  if (place > from) place -= 1;
  else from -= 1;
  if (place >= to) place += 1;
  else to -= 1;
  setIndex(erased, i, place);
  setMove(moved, j, from, to);
  return true;
}

function setIndex(list: FlatList, at: number, index: number): void {
  if (list.index[at] === index) return;
  list.index[at] = index;
  list.touch(at);
}

/** A move that ends where it starts goes. */
function setMove(list: FlatList, at: number, from: number, to: number): void {
  setIndex(list, at, from);
  if (list.destination[at] !== to) {
    list.destination[at] = to;
    list.touch(at);
  }
  if (from === to) list.discard(at);
}
