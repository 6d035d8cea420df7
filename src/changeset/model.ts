/**
 * What a change is: the instructions of one transaction, their payloads, keys and paths.
 *
 * A changeset is only a list of instructions here. What travels around it (versions, timestamp, file ident) belongs to the
 * messages and the history. Everything is immutable: a merge makes new instructions and shares the ones it did not touch.
 * Names and texts are JavaScript strings, 64-bit integers are `bigint`, versions and indices are `number`.
 */

/** A primary key. Made only by the constructors in `key.ts`, which fill in `text`. */
export type ObjectKey =
  | { readonly kind: "null"; readonly text: string }
  | { readonly kind: "int"; readonly value: bigint; readonly text: string }
  | { readonly kind: "string"; readonly value: string; readonly text: string }
  /** `value`: 24 lower-case hex digits. */
  | { readonly kind: "objectId"; readonly value: string; readonly text: string }
  /** `value`: canonical lower-case text with dashes. */
  | { readonly kind: "uuid"; readonly value: string; readonly text: string }
  /** Only for classes without a primary key; both halves are unsigned 64-bit. */
  | { readonly kind: "global"; readonly hi: bigint; readonly lo: bigint; readonly text: string };
// `text` is canonical and unique over type and value, so two keys are equal exactly when their texts are: it serves as map key.

export type KeyKind = ObjectKey["kind"];

/** One step below the field: a list index (0 … 2^32−1), or a dictionary key or field name of an embedded object. */
export type PathElement = string | number;

/** The way from the split-off field down; empty for the field itself (changeset-format §6). */
export type Path = readonly PathElement[];

/** A value that an instruction carries (changeset-format §7). */
export type Payload =
  | { readonly type: "Null" }
  | { readonly type: "Int"; readonly value: bigint }
  | { readonly type: "Bool"; readonly value: boolean }
  | { readonly type: "String"; readonly value: string }
  | { readonly type: "Binary"; readonly value: Uint8Array }
  /** Since 1970; both parts have the same sign or are zero, |nanoseconds| < 10^9. */
  | { readonly type: "Timestamp"; readonly seconds: bigint; readonly nanoseconds: number }
  /** IEEE bits, so that every NaN survives: unsigned 32 bit. */
  | { readonly type: "Float"; readonly bits: number }
  /** IEEE bits: unsigned 64 bit. */
  | { readonly type: "Double"; readonly bits: bigint }
  /** coefficient · 10^exponent, taken bitwise from the 128-bit pattern (changeset-format §8): coefficient < 2^113, exponent −6176 … 10207. */
  | { readonly type: "Decimal"; readonly coefficient: bigint; readonly exponent: number; readonly negative: boolean }
  | { readonly type: "Link"; readonly table: string; readonly key: ObjectKey }
  | { readonly type: "ObjectId"; readonly value: string }
  | { readonly type: "Uuid"; readonly value: string }
  /** Create an embedded object here. */
  | { readonly type: "ObjectValue" }
  /** Make this Mixed a dictionary. */
  | { readonly type: "Dictionary" }
  /** Remove this dictionary key. */
  | { readonly type: "Erased" }
  /** Make this Mixed a list. */
  | { readonly type: "List" }
  /** Parsed, but not applicable: sets cannot nest in Mixed. */
  | { readonly type: "Set" };

export type PayloadType = Payload["type"];

/** A payload that is a value of its own, as opposed to one that asks for a container or for removal. */
export type Scalar = Exclude<Payload, { readonly type: "ObjectValue" | "Dictionary" | "Erased" | "List" | "Set" }>;

/** Types a column may have; `Mixed` is written as payload type Null. */
export type ColumnType =
  | "Mixed"
  | "Int"
  | "Bool"
  | "String"
  | "Binary"
  | "Timestamp"
  | "Float"
  | "Double"
  | "Decimal"
  | "Link"
  | "ObjectId"
  | "Uuid";

export type CollectionKind = "Single" | "List" | "Dictionary" | "Set";

/** Types a primary key column may have; `GlobalKey` marks a class without one. */
export type KeyColumnType = "Int" | "String" | "ObjectId" | "Uuid" | "GlobalKey";

export type AddTable =
  | { readonly kind: "AddTable"; readonly table: string; readonly tableType: "Embedded" }
  | {
      readonly kind: "AddTable";
      readonly table: string;
      readonly tableType: "TopLevel" | "Asymmetric";
      readonly keyField: string;
      readonly keyType: KeyColumnType;
      readonly keyNullable: boolean;
    };
export interface EraseTable {
  readonly kind: "EraseTable";
  readonly table: string;
}
export interface CreateObject {
  readonly kind: "CreateObject";
  readonly table: string;
  readonly key: ObjectKey;
}
export interface EraseObject {
  readonly kind: "EraseObject";
  readonly table: string;
  readonly key: ObjectKey;
}
export interface AddColumn {
  readonly kind: "AddColumn";
  readonly table: string;
  readonly field: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly collection: CollectionKind;
  /** For `type: "Link"` the target class, "" for a legacy typed-link column; otherwise absent. */
  readonly linkTarget?: string;
  /** For dictionaries the type of the keys (String is the only applicable one); otherwise absent. */
  readonly dictionaryKeyType?: ColumnType;
}
export interface EraseColumn {
  readonly kind: "EraseColumn";
  readonly table: string;
  readonly field: string;
}
/** Where a path instruction works: the top-level object, its field, and the way down. */
export interface Place {
  readonly table: string;
  readonly key: ObjectKey;
  readonly field: string;
  readonly path: Path;
}
/** Exactly one of the two: `priorSize` when the path ends in an index, `isDefault` otherwise. */
export type Update = Place & { readonly kind: "Update"; readonly value: Payload } & (
    | { readonly priorSize: number; readonly isDefault?: never }
    | { readonly isDefault: boolean; readonly priorSize?: never }
  );
export interface AddInteger extends Place {
  readonly kind: "AddInteger";
  readonly value: bigint;
}
export interface ArrayInsert extends Place {
  readonly kind: "ArrayInsert";
  readonly value: Payload;
  readonly priorSize: number;
}
export interface ArrayMove extends Place {
  readonly kind: "ArrayMove";
  readonly destination: number;
  readonly priorSize: number;
}
export interface ArrayErase extends Place {
  readonly kind: "ArrayErase";
  readonly priorSize: number;
}
export interface Clear extends Place {
  readonly kind: "Clear";
  readonly collection: CollectionKind;
}
export interface SetInsert extends Place {
  readonly kind: "SetInsert";
  readonly value: Payload;
}
export interface SetErase extends Place {
  readonly kind: "SetErase";
  readonly value: Payload;
}

/** Instructions that address something inside one top-level object. */
export type PathInstruction = Update | AddInteger | ArrayInsert | ArrayMove | ArrayErase | Clear | SetInsert | SetErase;
export type SchemaInstruction = AddTable | EraseTable | AddColumn | EraseColumn;
export type ObjectInstruction = CreateObject | EraseObject;

/** One step of a transaction (changeset-format §4). */
export type Instruction = SchemaInstruction | ObjectInstruction | PathInstruction;
export type InstructionKind = Instruction["kind"];
