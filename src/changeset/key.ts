import type { ObjectKey } from "./model.ts";

/** The untyped null key: a null string key and a null integer key are the same (changeset-format §5). */
export const nullKey: ObjectKey = { kind: "null", text: "n" };

/** Key of an object whose class has an integer primary key; signed 64 bit. */
export const intKey = (value: bigint): ObjectKey => ({ kind: "int", value, text: `i${value}` });

export const stringKey = (value: string): ObjectKey => ({ kind: "string", value, text: `s${value}` });

/** `value`: 24 lower-case hex digits. */
export const objectIdKey = (value: string): ObjectKey => ({ kind: "objectId", value, text: `o${value}` });

/** `value`: canonical lower-case text with dashes. */
export const uuidKey = (value: string): ObjectKey => ({ kind: "uuid", value, text: `u${value}` });

/** Key of an object of a class without primary key; both halves unsigned 64 bit. */
export const globalKey = (hi: bigint, lo: bigint): ObjectKey => ({ kind: "global", hi, lo, text: `g${hi}-${lo}` });

export const sameKey = (a: ObjectKey, b: ObjectKey): boolean => a.text === b.text;
