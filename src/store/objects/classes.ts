import type { AddColumn, CollectionKind, ColumnType, KeyColumnType, ObjectKey } from "../../changeset/model.ts";
import type { Fields } from "./values.ts";

/** What a value at some place may be: the type of a column, of a collection's elements, or of a nested Mixed. */
export interface ValueType {
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** For links the target class; "" for a legacy column of links to any class. */
  readonly linkTarget?: string;
  /** Whether the target class is embedded: the value is then owned instead of linked. */
  readonly embedded: boolean;
}

/** A column. `id` is unique in its class and never used again, so that what rows hold of an erased column cannot come back. */
export interface Column extends ValueType {
  readonly id: number;
  readonly name: string;
  readonly collection: CollectionKind;
}

export type ClassIdentity =
  | { readonly tableType: "Embedded" }
  | {
      readonly tableType: "TopLevel" | "Asymmetric";
      readonly keyField: string;
      readonly keyType: KeyColumnType;
      readonly keyNullable: boolean;
    };

/** A class as readers see it. Columns in order of their creation; the primary key column is not among them. */
export type ClassDescription = ClassIdentity & { readonly name: string; readonly columns: readonly ColumnDescription[] };
export type ColumnDescription = Omit<AddColumn, "kind" | "table">;

/** One top-level object in memory. `fields` undefined: known not to exist. */
export interface ObjectRecord {
  readonly owner: ClassState;
  readonly key: ObjectKey;
  fields: Fields | undefined;
  /** Whether the rows differ from this record. */
  dirty: boolean;
  /** Whether rows exist for this key. */
  stored: boolean;
  /** Estimated memory. */
  cost: number;
  /** Clock of the last use; the smallest is dropped first. */
  usedAt: number;
}

/** A class and those of its objects that are in memory. */
export interface ClassState {
  /** Never used again after the class is erased. */
  readonly id: number;
  readonly name: string;
  readonly identity: ClassIdentity;
  readonly columns: Map<string, Column>;
  readonly records: Map<string, ObjectRecord>;
  nextColumnId: number;
  /** Objects that exist now. */
  count: number;
  /** Objects that have rows. While it is 0 no row needs to be looked for. */
  storedCount: number;
  /** Whether the class's own row differs. */
  dirty: boolean;
  erased: boolean;
}

export const newClass = (id: number, name: string, identity: ClassIdentity): ClassState => ({
  id,
  name,
  identity,
  columns: new Map(),
  records: new Map(),
  nextColumnId: 0,
  count: 0,
  storedCount: 0,
  dirty: true,
  erased: false,
});

const formatVersion = 1;

interface StoredClass {
  readonly version: typeof formatVersion;
  readonly name: string;
  readonly identity: ClassIdentity;
  readonly columns: readonly Column[];
  readonly nextColumnId: number;
  readonly count: number;
}

/** A class as its row holds it, JSON in UTF-8. */
export const encodeClass = (state: ClassState): Uint8Array => {
  const stored: StoredClass = {
    version: formatVersion,
    name: state.name,
    identity: state.identity,
    columns: [...state.columns.values()],
    nextColumnId: state.nextColumnId,
    count: state.count,
  };
  return new TextEncoder().encode(JSON.stringify(stored));
};

export const decodeClass = (id: number, data: Uint8Array): ClassState => {
  const stored: StoredClass = JSON.parse(new TextDecoder().decode(data));
  if (stored.version !== formatVersion) throw new RangeError(`class row of unknown version ${String(stored.version)}`);
  return {
    ...newClass(id, stored.name, stored.identity),
    columns: new Map(stored.columns.map((column) => [column.name, column])),
    nextColumnId: stored.nextColumnId,
    count: stored.count,
    storedCount: stored.count,
    dirty: false,
  };
};

export const describeColumn = (column: Column): ColumnDescription => ({
  field: column.name,
  type: column.type,
  nullable: column.nullable,
  collection: column.collection,
  ...(column.linkTarget === undefined ? {} : { linkTarget: column.linkTarget }),
  ...(column.collection === "Dictionary" ? { dictionaryKeyType: "String" as const } : {}),
});

export const describeClass = (state: ClassState): ClassDescription => ({
  ...state.identity,
  name: state.name,
  columns: [...state.columns.values()].map(describeColumn),
});
