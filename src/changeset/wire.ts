import type { CollectionKind, ColumnType, InstructionKind, KeyColumnType, KeyKind, PayloadType } from "./model.ts";

/** The numbers of the binary format (changeset-format §4–§7), each table complete over its kinds. */

/** Opcode of the record that defines an interned string. */
export const internOpcode = 0x3f;

export const opcodes = {
  AddTable: 0,
  EraseTable: 1,
  CreateObject: 2,
  EraseObject: 3,
  Update: 4,
  AddInteger: 5,
  AddColumn: 6,
  EraseColumn: 7,
  ArrayInsert: 8,
  ArrayMove: 9,
  ArrayErase: 10,
  Clear: 11,
  SetInsert: 12,
  SetErase: 13,
} as const satisfies Record<InstructionKind, number>;

export const payloadTypes = {
  Null: 0,
  Int: 1,
  Bool: 2,
  String: 3,
  Binary: 4,
  Timestamp: 5,
  Float: 6,
  Double: 7,
  Decimal: 8,
  Link: 9,
  ObjectId: 10,
  Uuid: 11,
  ObjectValue: -2,
  Dictionary: -3,
  Erased: -4,
  List: -5,
  Set: -6,
} as const satisfies Record<PayloadType, number>;

export const columnTypes: Record<ColumnType, number> = {
  Mixed: 0,
  Int: 1,
  Bool: 2,
  String: 3,
  Binary: 4,
  Timestamp: 5,
  Float: 6,
  Double: 7,
  Decimal: 8,
  Link: 9,
  ObjectId: 10,
  Uuid: 11,
};
/** GlobalKey's number; as a payload it is refused. */
export const globalKeyType = -1;

/** The type that a key begins with (changeset-format §5). */
export const keyTypes: Record<KeyKind, number> = {
  null: payloadTypes.Null,
  int: payloadTypes.Int,
  string: payloadTypes.String,
  objectId: payloadTypes.ObjectId,
  uuid: payloadTypes.Uuid,
  global: globalKeyType,
};

export const keyColumnTypes: Record<KeyColumnType, number> = { Int: 1, String: 3, ObjectId: 10, Uuid: 11, GlobalKey: globalKeyType };

export const collectionKinds: Record<CollectionKind, number> = { Single: 0, List: 1, Dictionary: 2, Set: 3 };

/** The names that a table gives numbers to, in its order. */
export const namesOf = <Name extends string>(table: Readonly<Record<Name, number>>): Name[] => {
  const names: Name[] = [];
  for (const name in table) names.push(name);
  return names;
};

/** What the numbers of a table stand for. */
const byNumber = <Name extends string>(numbers: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> =>
  new Map(namesOf(numbers).map((name) => [numbers[name], name]));

export const columnTypeOf = byNumber(columnTypes);
export const keyColumnTypeOf = byNumber(keyColumnTypes);
export const collectionKindOf = byNumber(collectionKinds);

export const tableTypes = { TopLevel: 0, Embedded: 1, Asymmetric: 2 } as const;

/** Longest string in bytes, interned or payload. */
export const maxStringBytes = 0xffffef;
/** The marker before a name in a path. */
export const nameMarker = -1;

export const decimalExponentBias = 6176;
export const maxDecimalExponent = 10_207;
export const decimalCoefficientBits = 113n;
export const nanosecondsPerSecond = 1_000_000_000;
