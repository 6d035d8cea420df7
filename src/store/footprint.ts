import type { Instruction, InstructionKind } from "../changeset/model.ts";

/**
 * Which objects a changeset touches, as a byte of flags and 32-bit hashes (merge-rules §13, 2). Two changesets whose footprints do not
 * meet cannot affect each other; hashes that agree by chance only cost a look.
 */
export type Footprint = Uint8Array;

/** The union of several changesets' footprints, made for asking. */
export interface FootprintSet {
  readonly hashes: ReadonlySet<number>;
  readonly schema: boolean;
  readonly destructive: boolean;
}

const schemaFlag = 1;
const destructiveFlag = 2;

/** What a kind of instruction can meet: its object only, other schema changes, or anything (EraseTable and EraseColumn). */
const reach: Readonly<Record<InstructionKind, "object" | "schema" | "everything">> = {
  AddTable: "schema",
  AddColumn: "schema",
  EraseTable: "everything",
  EraseColumn: "everything",
  CreateObject: "object",
  EraseObject: "object",
  Update: "object",
  AddInteger: "object",
  ArrayInsert: "object",
  ArrayMove: "object",
  ArrayErase: "object",
  Clear: "object",
  SetInsert: "object",
  SetErase: "object",
};

/** Takes a class or property away from everybody. */
export const isDestructive = (instruction: Instruction): boolean => reach[instruction.kind] === "everything";

export function footprintOf(instructions: readonly Instruction[]): Footprint {
  let flags = 0;
  const hashes: number[] = [];
  let table = "";
  let keyText = "";
  for (const instruction of instructions) {
    if (!("key" in instruction)) {
      flags |= schemaFlag | (isDestructive(instruction) ? destructiveFlag : 0);
      continue;
    }
    // Instructions on one object usually follow each other.
    if (instruction.key.text === keyText && instruction.table === table) continue;
    ({ table } = instruction);
    keyText = instruction.key.text;
    const hash = hashOf(table, keyText);
    if (!hashes.includes(hash) || hashes.length > manyHashes) hashes.push(hash);
  }
  const footprint = new Uint8Array(1 + 4 * hashes.length);
  footprint[0] = flags;
  let at = 1;
  for (const hash of hashes) {
    footprint[at++] = hash;
    footprint[at++] = hash >>> 8;
    footprint[at++] = hash >>> 16;
    footprint[at++] = hash >>> 24;
  }
  return footprint;
}

export function footprintSetOf(changesets: Iterable<readonly Instruction[]>): FootprintSet {
  const hashes = new Set<number>();
  let schema = false;
  let destructive = false;
  for (const instructions of changesets) {
    for (const instruction of instructions) {
      if ("key" in instruction) hashes.add(hashOf(instruction.table, instruction.key.text));
      else {
        schema = true;
        destructive ||= isDestructive(instruction);
      }
    }
  }
  return { hashes, schema, destructive };
}

/** False: merging the two changes neither. */
export function mayMeet(footprint: Footprint, set: FootprintSet): boolean {
  const flags = footprint[0] ?? 0;
  if ((flags & destructiveFlag) !== 0 || set.destructive) return true;
  if ((flags & schemaFlag) !== 0 && set.schema) return true;
  if (footprint.length === 1 || set.hashes.size === 0) return false;
  for (let at = 1; at + 4 <= footprint.length; at += 4) {
    const hash = footprint[at]! | (footprint[at + 1]! << 8) | (footprint[at + 2]! << 16) | (footprint[at + 3]! << 24);
    if (set.hashes.has(hash)) return true;
  }
  return false;
}

/** Beyond this, looking for repetitions costs more than storing them. */
const manyHashes = 64;

/** FNV-1a over UTF-16 units; signed 32 bit. */
function hashOf(table: string, keyText: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < table.length; index++) hash = Math.imul(hash ^ table.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ 0x1f, 0x01000193);
  for (let index = 0; index < keyText.length; index++) hash = Math.imul(hash ^ keyText.charCodeAt(index), 0x01000193);
  return hash;
}
