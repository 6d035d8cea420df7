import type { CollectionKind, ColumnType, KeyColumnType, PayloadType } from "../model.ts";

/**
 * Instructions as JSON, for people, logs and tools. 64-bit integers are text (JSON numbers would lose digits), binaries are hex,
 * floats carry their bits beside the number. Everything survives the way there and back.
 */

export type ReadableKey =
  | null
  | { readonly int: string }
  | { readonly string: string }
  | { readonly objectid: string }
  | { readonly uuid: string }
  /** Two halves of 16 hex digits with a dash. */
  | { readonly globalkey: string };

export type ReadablePath = readonly (string | number)[];

export type ReadablePayload =
  | { readonly type: "Null" | "Erased" | "List" | "Dictionary" | "Set" | "ObjectValue" }
  | { readonly type: "Int"; readonly value: string }
  | { readonly type: "Bool"; readonly value: boolean }
  | { readonly type: "String"; readonly value: string }
  /** Hex. */
  | { readonly type: "Binary"; readonly value: string }
  /** Seconds as text and nanoseconds. */
  | { readonly type: "Timestamp"; readonly s: string; readonly ns: number }
  /** `bits` in hex decides; `value` is left out for what JSON cannot say (infinities, NaN). */
  | { readonly type: "Float" | "Double"; readonly value?: number; readonly bits: string }
  /** `bid128` is the whole pattern in hex, `coeff` (hex), `exp` and `neg` its parts, which are left out for NaN. */
  | {
      readonly type: "Decimal";
      readonly value: string;
      readonly coeff?: string;
      readonly exp?: number;
      readonly neg?: boolean;
      readonly bid128: string;
    }
  | { readonly type: "ObjectId" | "UUID"; readonly value: string }
  | { readonly type: "Link"; readonly table: string; readonly pk: ReadableKey };

interface ReadablePlace {
  readonly table: string;
  readonly object: ReadableKey;
  readonly field: string;
  readonly path: ReadablePath;
}

export type ReadableInstruction =
  | { readonly t: "AddTable"; readonly table: string; readonly kind: "Embedded" }
  | {
      readonly t: "AddTable";
      readonly table: string;
      readonly kind: "TopLevel" | "TopLevelAsymmetric";
      readonly pk_field: string;
      readonly pk_type: ReadableKeyColumnType;
      readonly pk_nullable: boolean;
    }
  | { readonly t: "EraseTable"; readonly table: string }
  | { readonly t: "CreateObject" | "EraseObject"; readonly table: string; readonly object: ReadableKey }
  | {
      readonly t: "AddColumn";
      readonly table: string;
      readonly field: string;
      readonly type: ReadableColumnType;
      readonly nullable: boolean;
      readonly collection: CollectionKind;
      readonly link_target?: string;
      readonly key_type?: ReadableColumnType;
    }
  | { readonly t: "EraseColumn"; readonly table: string; readonly field: string }
  | (ReadablePlace & { readonly t: "Update"; readonly value: ReadablePayload; readonly is_default: boolean })
  | (ReadablePlace & { readonly t: "Update"; readonly value: ReadablePayload; readonly prior_size: number })
  | (ReadablePlace & { readonly t: "AddInteger"; readonly value: string })
  | (ReadablePlace & { readonly t: "ArrayInsert"; readonly value: ReadablePayload; readonly prior_size: number })
  /** `ndx_2` is the destination. */
  | (ReadablePlace & { readonly t: "ArrayMove"; readonly ndx_2: number; readonly prior_size: number })
  | (ReadablePlace & { readonly t: "ArrayErase"; readonly prior_size: number })
  | (ReadablePlace & { readonly t: "Clear"; readonly collection: CollectionKind })
  | (ReadablePlace & { readonly t: "SetInsert" | "SetErase"; readonly value: ReadablePayload });

// The notation writes UUID where the model says Uuid; everything else has one name.
export type ReadableColumnType = Exclude<ColumnType, "Uuid"> | "UUID";
export type ReadableKeyColumnType = Exclude<KeyColumnType, "Uuid"> | "UUID";
export type ReadablePayloadType = Exclude<PayloadType, "Uuid"> | "UUID";
