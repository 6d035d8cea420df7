import type { KeyColumnType, KeyKind, ObjectKey } from "./model.ts";

/** The keys of one kind. */
export type KeyOf<Kind extends KeyKind> = Extract<ObjectKey, { kind: Kind }>;

/** The untyped null key: a null string key and a null integer key are the same (changeset-format §5). */
export const nullKey: KeyOf<"null"> = { kind: "null", text: "n" };

/** Key of an object whose class has an integer primary key; signed 64 bit. */
export const intKey = (value: bigint): KeyOf<"int"> => ({ kind: "int", value, text: `i${value}` });

export const stringKey = (value: string): KeyOf<"string"> => ({ kind: "string", value, text: `s${value}` });

/** `value`: 24 lower-case hex digits. */
export const objectIdKey = (value: string): KeyOf<"objectId"> => ({ kind: "objectId", value, text: `o${value}` });

/** `value`: canonical lower-case text with dashes. */
export const uuidKey = (value: string): KeyOf<"uuid"> => ({ kind: "uuid", value, text: `u${value}` });

/** Key of an object of a class without primary key; both halves unsigned 64 bit. */
export const globalKey = (hi: bigint, lo: bigint): KeyOf<"global"> => ({ kind: "global", hi, lo, text: `g${hi}-${lo}` });

/** The type of the primary key columns that keys of a kind fit; the null key fits every one that is nullable. */
export const columnTypeOfKey: Readonly<Record<Exclude<KeyKind, "null">, KeyColumnType>> = {
  int: "Int",
  string: "String",
  objectId: "ObjectId",
  uuid: "Uuid",
  global: "GlobalKey",
};

export const sameKey = (a: ObjectKey, b: ObjectKey): boolean => a.text === b.text;
