import type { CreateObject, EraseObject, Instruction, InstructionKind } from "../../changeset/model.ts";
import { admitKey } from "./admission.ts";
import { addColumn, addTable, eraseColumn, eraseTable } from "./apply-schema.ts";
import { addInteger, arrayErase, arrayInsert, arrayMove, clear, setErase, setInsert, update } from "./apply-values.ts";
import { classNamed } from "./places.ts";
import type { Workspace } from "./workspace.ts";

const createObject = (workspace: Workspace, { table, key }: CreateObject): void => {
  const owner = classNamed(workspace, table);
  admitKey(owner, key);
  const record = workspace.record(owner, key);
  if (record.fields === undefined) workspace.replaceFields(record, []);
};

/** Links to the object stay where they are and dangle from now on; what it owns goes with it (merge-rules §8). */
const eraseObject = (workspace: Workspace, { table, key }: EraseObject): void => {
  const owner = classNamed(workspace, table);
  admitKey(owner, key);
  const record = workspace.record(owner, key);
  if (record.fields !== undefined) workspace.replaceFields(record, undefined);
};

type Handlers = { readonly [Kind in InstructionKind]: (workspace: Workspace, instruction: Extract<Instruction, { kind: Kind }>) => void };

const handlers: Handlers = {
  AddTable: addTable,
  EraseTable: eraseTable,
  AddColumn: addColumn,
  EraseColumn: eraseColumn,
  CreateObject: createObject,
  EraseObject: eraseObject,
  Update: update,
  AddInteger: addInteger,
  ArrayInsert: arrayInsert,
  ArrayMove: arrayMove,
  ArrayErase: arrayErase,
  Clear: clear,
  SetInsert: setInsert,
  SetErase: setErase,
};

const dispatch = <Kind extends InstructionKind>(
  workspace: Workspace,
  kind: Kind,
  instruction: Extract<Instruction, { kind: Kind }>,
): void => handlers[kind](workspace, instruction);

/** Carries out one instruction, or throws `Refusal` having changed nothing. */
export const applyInstruction = (workspace: Workspace, instruction: Instruction): void => {
  dispatch(workspace, instruction.kind, instruction);
};
