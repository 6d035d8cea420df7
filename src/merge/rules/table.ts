import type { InstructionKind } from "../../changeset/model.ts";
import { clearAddInteger, clearClear, clearUpdate } from "./clear.ts";
import {
  arrayEraseArrayErase,
  arrayEraseArrayInsert,
  arrayEraseArrayMove,
  arrayEraseUpdate,
  arrayInsertArrayInsert,
  arrayInsertUpdate,
  arrayMoveArrayInsert,
  arrayMoveArrayMove,
  arrayMoveUpdate,
} from "./lists.ts";
import {
  besideArrayErase,
  besideArrayInsert,
  besideArrayMove,
  insideAddInteger,
  insideClear,
  insideEraseObject,
  insideEraseTable,
  insideUpdate,
} from "./nesting.ts";
import { eraseObjectCreateObject, eraseObjectEraseObject } from "./objects.ts";
import { type LevelRule, type NestingRule, type NoEffect, noEffect } from "./rule.ts";
import {
  addColumnAddColumn,
  addColumnEraseTable,
  addTableAddTable,
  eraseColumnAddColumn,
  eraseColumnEraseColumn,
  eraseColumnUpdate,
  eraseTableAddTable,
  eraseTableEraseTable,
} from "./schema.ts";
import { setEraseClear, setEraseSetErase, setEraseSetInsert, setInsertClear, setInsertSetInsert } from "./sets.ts";
import { addIntegerUpdate, updateUpdate } from "./values.ts";

/** The kinds in the order of the matrix of merge-rules §4. */
export const kindOrder = [
  "AddTable",
  "EraseTable",
  "CreateObject",
  "EraseObject",
  "Update",
  "AddInteger",
  "AddColumn",
  "EraseColumn",
  "ArrayInsert",
  "ArrayMove",
  "ArrayErase",
  "Clear",
  "SetInsert",
  "SetErase",
] as const satisfies readonly InstructionKind[];

/** The kinds up to and including `Last`. */
type Through<Kinds extends readonly InstructionKind[], Last extends InstructionKind> = Kinds extends readonly [
  infer First extends InstructionKind,
  ...infer Rest extends readonly InstructionKind[],
]
  ? First | (First extends Last ? never : Through<Rest, Last>)
  : never;

/** One entry for each unordered pair of kinds: the lower triangle of the matrix. A missing or surplus pair does not compile. */
export type LevelTable = {
  readonly [A in InstructionKind]: { readonly [B in Through<typeof kindOrder, A>]: LevelRule<A, B> | NoEffect };
};

export const levelTable: LevelTable = {
  AddTable: { AddTable: addTableAddTable },
  EraseTable: { AddTable: eraseTableAddTable, EraseTable: eraseTableEraseTable },
  CreateObject: { AddTable: noEffect, EraseTable: noEffect, CreateObject: noEffect },
  EraseObject: { AddTable: noEffect, EraseTable: noEffect, CreateObject: eraseObjectCreateObject, EraseObject: eraseObjectEraseObject },
  Update: { AddTable: noEffect, EraseTable: noEffect, CreateObject: noEffect, EraseObject: noEffect, Update: updateUpdate },
  AddInteger: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: addIntegerUpdate,
    AddInteger: noEffect,
  },
  AddColumn: {
    AddTable: noEffect,
    EraseTable: addColumnEraseTable,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: noEffect,
    AddInteger: noEffect,
    AddColumn: addColumnAddColumn,
  },
  EraseColumn: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: eraseColumnUpdate,
    AddInteger: noEffect,
    AddColumn: eraseColumnAddColumn,
    EraseColumn: eraseColumnEraseColumn,
  },
  ArrayInsert: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: arrayInsertUpdate,
    AddInteger: noEffect,
    AddColumn: noEffect,
    EraseColumn: noEffect,
    ArrayInsert: arrayInsertArrayInsert,
  },
  ArrayMove: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: arrayMoveUpdate,
    AddInteger: noEffect,
    AddColumn: noEffect,
    EraseColumn: noEffect,
    ArrayInsert: arrayMoveArrayInsert,
    ArrayMove: arrayMoveArrayMove,
  },
  ArrayErase: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: arrayEraseUpdate,
    AddInteger: noEffect,
    AddColumn: noEffect,
    EraseColumn: noEffect,
    ArrayInsert: arrayEraseArrayInsert,
    ArrayMove: arrayEraseArrayMove,
    ArrayErase: arrayEraseArrayErase,
  },
  Clear: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: clearUpdate,
    AddInteger: clearAddInteger,
    AddColumn: noEffect,
    EraseColumn: noEffect,
    ArrayInsert: noEffect,
    ArrayMove: noEffect,
    ArrayErase: noEffect,
    Clear: clearClear,
  },
  SetInsert: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: noEffect,
    AddInteger: noEffect,
    AddColumn: noEffect,
    EraseColumn: noEffect,
    ArrayInsert: noEffect,
    ArrayMove: noEffect,
    ArrayErase: noEffect,
    Clear: setInsertClear,
    SetInsert: setInsertSetInsert,
  },
  SetErase: {
    AddTable: noEffect,
    EraseTable: noEffect,
    CreateObject: noEffect,
    EraseObject: noEffect,
    Update: noEffect,
    AddInteger: noEffect,
    AddColumn: noEffect,
    EraseColumn: noEffect,
    ArrayInsert: noEffect,
    ArrayMove: noEffect,
    ArrayErase: noEffect,
    Clear: setEraseClear,
    SetInsert: setEraseSetInsert,
    SetErase: setEraseSetErase,
  },
};

/** What each kind does to instructions that reach deeper (merge-rules §5). A missing kind does not compile. */
export type NestingTable = { readonly [Outer in InstructionKind]: NestingRule<Outer> | NoEffect };

export const nestingTable: NestingTable = {
  AddTable: noEffect,
  EraseTable: insideEraseTable,
  CreateObject: noEffect,
  EraseObject: insideEraseObject,
  Update: insideUpdate,
  AddInteger: insideAddInteger,
  AddColumn: noEffect,
  EraseColumn: noEffect,
  ArrayInsert: besideArrayInsert,
  ArrayMove: besideArrayMove,
  ArrayErase: besideArrayErase,
  Clear: insideClear,
  SetInsert: noEffect,
  SetErase: noEffect,
};
