import type { AddColumn, AddTable } from "../../changeset/model.ts";
import { MergeError } from "../error.ts";
import type { LevelRule } from "./rule.ts";

// CONFLICT: both sides add the class.
// RESOLUTION: they must mean the same class; then neither addition needs to reach the other side.
export const addTableAddTable: LevelRule<"AddTable", "AddTable"> = {
  id: "T1",
  apply(a, b) {
    if (a.instruction.table !== b.instruction.table) return false;
    requireSameTable(a.instruction, b.instruction);
    a.discard();
    b.discard();
    return true;
  },
};

function requireSameTable(a: AddTable, b: AddTable): void {
  const fail = (what: string): never => {
    throw new MergeError("TableMismatch", a, what);
  };
  if (a.tableType === "Embedded" || b.tableType === "Embedded") {
    if (a.tableType !== b.tableType) fail("embedded on one side only");
    return;
  }
  if (a.tableType !== b.tableType) fail("asymmetric on one side only");
  if (a.keyType !== b.keyType) fail(`primary key of type ${a.keyType} and ${b.keyType}`);
  if (a.keyField !== b.keyField) fail(`primary key "${a.keyField}" and "${b.keyField}"`);
  if (a.keyNullable !== b.keyNullable) fail("primary key nullable on one side only");
}

// CONFLICT: one side erases the class that the other adds.
// RESOLUTION: erasing wins.
export const eraseTableAddTable: LevelRule<"EraseTable", "AddTable"> = {
  id: "T2",
  apply(erase, add) {
    if (erase.instruction.table !== add.instruction.table) return false;
    add.discard();
    return true;
  },
};

// CONFLICT: both sides erase the class.
// RESOLUTION: it is gone on both; a second erasure would fail.
export const eraseTableEraseTable: LevelRule<"EraseTable", "EraseTable"> = {
  id: "T3",
  apply(a, b) {
    if (a.instruction.table !== b.instruction.table) return false;
    a.discard();
    b.discard();
    return true;
  },
};

// CONFLICT: one side adds a column of links to a class that the other erases, but a class with columns pointing at it cannot be erased.
// RESOLUTION: erasing wins. The column is not added on the erasing side, and where it was added already it goes directly before the class.
export const addColumnEraseTable: LevelRule<"AddColumn", "EraseTable"> = {
  id: "T4",
  apply(add, erase, meeting) {
    const { table, field, type, linkTarget } = add.instruction;
    if (type !== "Link" || linkTarget !== erase.instruction.table || table === erase.instruction.table) return false;
    add.discard();
    meeting.inserted = { item: erase.origin.insertBefore(erase, { kind: "EraseColumn", table, field }), before: erase };
    return true;
  },
};

const sameColumn = (a: { table: string; field: string }, b: { table: string; field: string }): boolean =>
  a.table === b.table && a.field === b.field;

// CONFLICT: both sides add the column.
// RESOLUTION: they must mean the same column; then neither addition needs to reach the other side.
export const addColumnAddColumn: LevelRule<"AddColumn", "AddColumn"> = {
  id: "C1",
  apply(a, b) {
    if (!sameColumn(a.instruction, b.instruction)) return false;
    requireSameColumn(a.instruction, b.instruction);
    a.discard();
    b.discard();
    return true;
  },
};

/** Key types of dictionaries are not compared: only strings can be applied. */
function requireSameColumn(a: AddColumn, b: AddColumn): void {
  const fail = (what: string): never => {
    throw new MergeError("ColumnMismatch", a, what);
  };
  if (a.type !== b.type) fail(`of type ${a.type} and ${b.type}`);
  if (a.nullable !== b.nullable) fail("nullable on one side only");
  if (a.collection !== b.collection) fail(`of kind ${a.collection} and ${b.collection}`);
  if (a.type === "Link" && a.linkTarget !== b.linkTarget) fail(`links to "${a.linkTarget}" and "${b.linkTarget}"`);
}

// CONFLICT: one side erases the column that the other adds.
// RESOLUTION: erasing wins.
export const eraseColumnAddColumn: LevelRule<"EraseColumn", "AddColumn"> = {
  id: "C2",
  apply(erase, add) {
    if (!sameColumn(erase.instruction, add.instruction)) return false;
    add.discard();
    return true;
  },
};

// CONFLICT: one side erases a column in which the other assigns a value.
// RESOLUTION: erasing wins. The other instructions on that column survive: clients do not discard them either (merge-rules §10, Q7).
export const eraseColumnUpdate: LevelRule<"EraseColumn", "Update"> = {
  id: "C3",
  apply(erase, update) {
    if (!sameColumn(erase.instruction, update.instruction)) return false;
    update.discard();
    return true;
  },
};

// CONFLICT: both sides erase the column.
// RESOLUTION: it is gone on both; a second erasure would fail.
export const eraseColumnEraseColumn: LevelRule<"EraseColumn", "EraseColumn"> = {
  id: "C4",
  apply(a, b) {
    if (!sameColumn(a.instruction, b.instruction)) return false;
    a.discard();
    b.discard();
    return true;
  },
};
