import * as fc from "fast-check";
import { globalKey, intKey, nullKey, objectIdKey, stringKey, uuidKey } from "../../../src/changeset/key.ts";
import type { Instruction, InstructionKind, ObjectKey, Path, Payload, PayloadType, Place } from "../../../src/changeset/model.ts";
import { collectionKindOf, columnTypeOf, keyColumnTypeOf } from "../../../src/changeset/wire.ts";

/** Every instruction that the format can hold, with small names so that they repeat. */

const name = fc.oneof(
  fc.constantFrom("Dog", "name", "_id", "", "Ä", "k"),
  fc.string({ maxLength: 12, unit: "binary" }),
  fc.string({ minLength: 20, maxLength: 40 }),
);
const int64 = fc.oneof(fc.bigInt({ min: -70n, max: 70n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 70n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const uint32 = fc.oneof(fc.nat({ max: 70 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const objectId = hex(24);
const uuid = fc.tuple(hex(8), hex(4), hex(4), hex(4), hex(12)).map((parts) => parts.join("-"));

export const anyKey: fc.Arbitrary<ObjectKey> = fc.oneof(
  fc.constant(nullKey),
  int64.map(intKey),
  name.map(stringKey),
  objectId.map(objectIdKey),
  uuid.map(uuidKey),
  fc.tuple(uint64, uint64).map(([hi, lo]) => globalKey(hi, lo)),
);

const timestamp = fc.tuple(int64, fc.nat({ max: 999_999_999 })).map(([seconds, nanoseconds]): Payload => {
  return { type: "Timestamp", seconds, nanoseconds: seconds < 0n && nanoseconds > 0 ? -nanoseconds : nanoseconds };
});

const payloads: { readonly [Type in PayloadType]: fc.Arbitrary<Payload> } = {
  Null: fc.constant({ type: "Null" }),
  Int: int64.map((value) => ({ type: "Int", value })),
  Bool: fc.boolean().map((value) => ({ type: "Bool", value })),
  String: name.map((value) => ({ type: "String", value })),
  Binary: fc.uint8Array({ maxLength: 90 }).map((value) => ({ type: "Binary", value })),
  Timestamp: timestamp,
  Float: fc.integer({ min: 0, max: 0xffff_ffff }).map((bits) => ({ type: "Float", bits })),
  Double: uint64.map((bits) => ({ type: "Double", bits })),
  Decimal: fc
    .record({
      coefficient: fc.oneof(fc.bigInt({ min: 0n, max: 2000n }), fc.bigInt({ min: 0n, max: 2n ** 113n - 1n })),
      exponent: fc.integer({ min: -6176, max: 10_207 }),
      negative: fc.boolean(),
    })
    .map((parts) => ({ type: "Decimal", ...parts })),
  Link: fc.tuple(name, anyKey).map(([table, key]) => ({ type: "Link", table, key })),
  ObjectId: objectId.map((value) => ({ type: "ObjectId", value })),
  Uuid: uuid.map((value) => ({ type: "Uuid", value })),
  ObjectValue: fc.constant({ type: "ObjectValue" }),
  Dictionary: fc.constant({ type: "Dictionary" }),
  Erased: fc.constant({ type: "Erased" }),
  List: fc.constant({ type: "List" }),
  Set: fc.constant({ type: "Set" }),
};
export const anyPayload: fc.Arbitrary<Payload> = fc.oneof(...Object.values(payloads));

const steps = fc.array(fc.oneof(uint32, name), { maxLength: 6 });
const placeWith = (path: fc.Arbitrary<Path>): fc.Arbitrary<Place> => fc.record({ table: name, key: anyKey, field: name, path });
const anyPlace = placeWith(steps);
const listPlace = placeWith(fc.tuple(steps, uint32).map(([path, index]) => [...path, index]));
const namedPlace = placeWith(
  fc.oneof(
    fc.constant([]),
    fc.tuple(steps, name).map(([path, last]) => [...path, last]),
  ),
);

const instructions: { readonly [Kind in InstructionKind]: fc.Arbitrary<Instruction> } = {
  AddTable: fc.oneof(
    name.map((table): Instruction => ({ kind: "AddTable", table, tableType: "Embedded" })),
    fc.record({
      kind: fc.constant("AddTable"),
      table: name,
      tableType: fc.constantFrom("TopLevel", "Asymmetric"),
      keyField: name,
      keyType: fc.constantFrom(...keyColumnTypeOf.values()),
      keyNullable: fc.boolean(),
    }),
  ),
  EraseTable: fc.record({ kind: fc.constant("EraseTable"), table: name }),
  CreateObject: fc.record({ kind: fc.constant("CreateObject"), table: name, key: anyKey }),
  EraseObject: fc.record({ kind: fc.constant("EraseObject"), table: name, key: anyKey }),
  AddColumn: fc
    .record({
      table: name,
      field: name,
      type: fc.constantFrom(...columnTypeOf.values()),
      nullable: fc.boolean(),
      collection: fc.constantFrom(...collectionKindOf.values()),
      target: name,
      keys: fc.constantFrom(...columnTypeOf.values()),
    })
    .map(({ target, keys, ...column }): Instruction => ({
      kind: "AddColumn",
      ...column,
      nullable: column.nullable || (column.type === "Mixed" && column.collection !== "Dictionary"),
      ...(column.type === "Link" ? { linkTarget: target } : {}),
      ...(column.collection === "Dictionary" ? { dictionaryKeyType: keys } : {}),
    })),
  EraseColumn: fc.record({ kind: fc.constant("EraseColumn"), table: name, field: name }),
  Update: fc.oneof(
    fc
      .tuple(listPlace, anyPayload, uint32)
      .map(([place, value, priorSize]): Instruction => ({ kind: "Update", ...place, value, priorSize })),
    fc
      .tuple(namedPlace, anyPayload, fc.boolean())
      .map(([place, value, isDefault]): Instruction => ({ kind: "Update", ...place, value, isDefault })),
  ),
  AddInteger: fc.tuple(anyPlace, int64).map(([place, value]) => ({ kind: "AddInteger", ...place, value })),
  ArrayInsert: fc
    .tuple(listPlace, anyPayload, uint32)
    .map(([place, value, priorSize]) => ({ kind: "ArrayInsert", ...place, value, priorSize })),
  ArrayMove: fc
    .tuple(listPlace, uint32, uint32)
    .map(([place, destination, priorSize]) => ({ kind: "ArrayMove", ...place, destination, priorSize })),
  ArrayErase: fc.tuple(listPlace, uint32).map(([place, priorSize]) => ({ kind: "ArrayErase", ...place, priorSize })),
  Clear: fc
    .tuple(anyPlace, fc.constantFrom(...collectionKindOf.values()))
    .map(([place, collection]) => ({ kind: "Clear", ...place, collection })),
  SetInsert: fc.tuple(anyPlace, anyPayload).map(([place, value]) => ({ kind: "SetInsert", ...place, value })),
  SetErase: fc.tuple(anyPlace, anyPayload).map(([place, value]) => ({ kind: "SetErase", ...place, value })),
};
export const anyInstruction: fc.Arbitrary<Instruction> = fc.oneof(...Object.values(instructions));
export const anyInstructions: fc.Arbitrary<Instruction[]> = fc.array(anyInstruction, { maxLength: 30 });
