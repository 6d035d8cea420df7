import type { AddColumn, CollectionKind, ColumnType, KeyColumnType } from "../model.ts";

export type ScalarTypeName = Exclude<ColumnType, "Link">;

/** What a field, list element or entry holds: a type, nullable with `?` (Mixed always is), a link, or an embedded object of a class. */
export type ElementShape = ScalarTypeName | `${ScalarTypeName}?` | { readonly link: string } | { readonly embedded: string };

/** A field as it is declared: `"Int"`, `"String?"`, `{ list: "Int" }`, `{ link: "Person" }`, `{ dictionary: { embedded: "Address" } }`. */
export type FieldShape =
  | ElementShape
  | { readonly list: ElementShape }
  | { readonly dictionary: ElementShape }
  | { readonly set: ElementShape };

export interface KeyShape {
  /** Default `_id`, which all SDKs use today. */
  readonly name?: string;
  readonly type: Exclude<KeyColumnType, "GlobalKey">;
  /** Default false. */
  readonly nullable?: boolean;
}

/** A class as it is declared. */
export type ClassShape =
  | { readonly kind?: "TopLevel" | "Asymmetric"; readonly key: KeyShape; readonly fields?: Readonly<Record<string, FieldShape>> }
  | { readonly kind: "Embedded"; readonly key?: never; readonly fields?: Readonly<Record<string, FieldShape>> };

/** A column of a known class: what AddColumn says of it. */
export type KnownColumn = Omit<AddColumn, "kind" | "table">;

/** What the builder needs to know of a class that exists already; the object store's class descriptions have this form. */
export interface KnownClass {
  readonly tableType: "TopLevel" | "Embedded" | "Asymmetric";
  readonly keyType?: KeyColumnType;
  readonly columns: readonly KnownColumn[];
}

/** Finds a class by name; undefined when it is not known, and then nothing about it is checked. */
export type FindClass = (name: string) => KnownClass | undefined;

interface Element {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly linkTarget?: string;
}

/** The column that a field's declaration asks for (nullability as SDKs write it, changeset-format §4). */
export function columnOf(field: string, shape: FieldShape): KnownColumn {
  if (typeof shape === "object" && "list" in shape) return collectionColumn(field, shape.list, "List");
  if (typeof shape === "object" && "set" in shape) return collectionColumn(field, shape.set, "Set");
  if (typeof shape === "object" && "dictionary" in shape) return collectionColumn(field, shape.dictionary, "Dictionary");
  return collectionColumn(field, shape, "Single");
}

function collectionColumn(field: string, shape: ElementShape, collection: CollectionKind): KnownColumn {
  const column = { field, collection, ...elementOf(shape, collection) };
  return collection === "Dictionary" ? { ...column, dictionaryKeyType: "String" } : column;
}

function elementOf(shape: ElementShape, collection: CollectionKind): Element {
  if (typeof shape === "object") {
    const nullable = collection === "Single" || collection === "Dictionary";
    return { type: "Link", nullable, linkTarget: "link" in shape ? shape.link : shape.embedded };
  }
  const type = scalarTypeOf(shape);
  return { type, nullable: type === "Mixed" || shape !== type };
}

const scalarTypes: { readonly [Shape in ScalarTypeName | `${ScalarTypeName}?`]: ScalarTypeName } = {
  Mixed: "Mixed",
  "Mixed?": "Mixed",
  Int: "Int",
  "Int?": "Int",
  Bool: "Bool",
  "Bool?": "Bool",
  String: "String",
  "String?": "String",
  Binary: "Binary",
  "Binary?": "Binary",
  Timestamp: "Timestamp",
  "Timestamp?": "Timestamp",
  Float: "Float",
  "Float?": "Float",
  Double: "Double",
  "Double?": "Double",
  Decimal: "Decimal",
  "Decimal?": "Decimal",
  ObjectId: "ObjectId",
  "ObjectId?": "ObjectId",
  Uuid: "Uuid",
  "Uuid?": "Uuid",
};
const scalarTypeOf = (shape: ScalarTypeName | `${ScalarTypeName}?`): ScalarTypeName => scalarTypes[shape];
