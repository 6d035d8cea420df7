import type { Instruction } from "../changeset/model.ts";

/**
 * What a changeset can have to do with another, in a few bytes: kept beside each history entry, it tells which entries need not even be
 * decoded for a merge (merge-rules §13.2). It errs on one side only: `canMeet` may be true for changesets that do nothing to each other.
 */
export interface Footprint {
  /** Hashes of the (class, key) pairs it touches, ascending, without repetition; undefined when there are too many to list. */
  readonly objects: Uint32Array | undefined;
  /** Whether it has schema instructions. */
  readonly schema: boolean;
  /** Whether it erases classes or columns, and so can meet anything. */
  readonly destructive: boolean;
}

/** Beyond this many objects a footprint no longer lists them: 16 KiB in bytes. */
export const maxFootprintObjects = 4096;

export function footprintOf(instructions: readonly Instruction[]): Footprint {
  const hashes = new Set<number>();
  let schema = false;
  let destructive = false;
  for (const instruction of instructions) {
    switch (instruction.kind) {
      case "EraseTable":
      case "EraseColumn":
        destructive = true;
        schema = true;
        break;
      case "AddTable":
      case "AddColumn":
        schema = true;
        break;
      case "CreateObject":
      case "EraseObject":
      case "Update":
      case "AddInteger":
      case "ArrayInsert":
      case "ArrayMove":
      case "ArrayErase":
      case "Clear":
      case "SetInsert":
      case "SetErase":
        if (hashes.size <= maxFootprintObjects) hashes.add(objectHash(instruction.table, instruction.key.text));
    }
  }
  const objects = hashes.size > maxFootprintObjects ? undefined : Uint32Array.from(hashes).sort();
  return { objects, schema, destructive };
}

/** Whether two changesets might do something to each other. */
export function canMeet(a: Footprint, b: Footprint): boolean {
  if (isEmpty(a) || isEmpty(b)) return false;
  if (a.destructive || b.destructive || (a.schema && b.schema)) return true;
  if (a.objects === undefined || b.objects === undefined) return touchesObjects(a) && touchesObjects(b);
  return intersect(a.objects, b.objects);
}

/** The footprint of several changesets together. */
export function uniteFootprints(footprints: readonly Footprint[]): Footprint {
  const hashes = new Set<number>();
  let listed = true;
  for (const { objects } of footprints) {
    if (objects === undefined) listed = false;
    else if (hashes.size <= maxFootprintObjects) for (const hash of objects) hashes.add(hash);
  }
  return {
    objects: listed && hashes.size <= maxFootprintObjects ? Uint32Array.from(hashes).sort() : undefined,
    schema: footprints.some(({ schema }) => schema),
    destructive: footprints.some(({ destructive }) => destructive),
  };
}

const schemaBit = 1;
const destructiveBit = 2;
const unlistedBit = 4;

/** One byte of flags, then four bytes for each object, little-endian. */
export function encodeFootprint({ objects, schema, destructive }: Footprint): Uint8Array {
  const bytes = new Uint8Array(1 + 4 * (objects?.length ?? 0));
  bytes[0] = (schema ? schemaBit : 0) | (destructive ? destructiveBit : 0) | (objects === undefined ? unlistedBit : 0);
  const view = new DataView(bytes.buffer);
  objects?.forEach((hash, at) => view.setUint32(1 + 4 * at, hash, true));
  return bytes;
}

/** Reads what `encodeFootprint` wrote. */
export function decodeFootprint(bytes: Uint8Array): Footprint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = bytes[0] ?? 0;
  const hashes = Uint32Array.from({ length: Math.max(0, (bytes.length - 1) >> 2) }, (_, at) => view.getUint32(1 + 4 * at, true));
  return {
    objects: (flags & unlistedBit) === 0 ? hashes : undefined,
    schema: (flags & schemaBit) !== 0,
    destructive: (flags & destructiveBit) !== 0,
  };
}

const touchesObjects = ({ objects }: Footprint): boolean => objects === undefined || objects.length > 0;

const isEmpty = (footprint: Footprint): boolean => !footprint.schema && !footprint.destructive && !touchesObjects(footprint);

function intersect(a: Uint32Array, b: Uint32Array): boolean {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = a[i]!;
    const right = b[j]!;
    if (left === right) return true;
    if (left < right) i++;
    else j++;
  }
  return false;
}

/** FNV-1a over the UTF-16 units of class and key. Part of the stored form: it must stay as it is. */
function objectHash(table: string, key: string): number {
  return hashText(key, Math.imul(hashText(table, 0x811c9dc5), 0x01000193));
}

function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
