import type { Instruction, ObjectKey } from "../changeset/model.ts";
import type { ObjectState } from "./objects/index.ts";

/**
 * What makes these objects at a client what they are here, whatever it did to them (FX11): each is erased, and created anew with all its
 * values if it exists. Erasing beats every change of it that the client has not uploaded yet.
 */
export function restoringInstructions(
  objects: Pick<ObjectState, "instructionsFor">,
  keys: Iterable<{ readonly table: string; readonly key: ObjectKey }>,
): Instruction[] {
  const instructions: Instruction[] = [];
  for (const { table, key } of keys) {
    instructions.push({ kind: "EraseObject", table, key });
    for (const instruction of objects.instructionsFor(table, key) ?? []) instructions.push(instruction);
  }
  return instructions;
}
