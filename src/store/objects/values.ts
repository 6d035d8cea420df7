import { sameBytes } from "../../changeset/equality.ts";
import type { CollectionKind, ColumnType, Scalar } from "../../changeset/model.ts";

/**
 * Values of an object by column id. A hole stands for the column's default, so that a new column costs existing objects nothing.
 * Ids of erased columns may still hold a value here; nobody reads it, and encoding drops it.
 */
export type Fields = (Stored | undefined)[];

export interface StoredList {
  readonly type: "List";
  readonly items: Stored[];
}
export interface StoredDictionary {
  readonly type: "Dictionary";
  readonly entries: Map<string, Stored>;
}
/** Members by their identity (`memberIdentity`): what makes two values the same member. */
export interface StoredSet {
  readonly type: "Set";
  readonly members: Map<string, Scalar>;
}
/** An embedded object; its class is the link target of the column that owns it. */
export interface StoredEmbedded {
  readonly type: "Embedded";
  readonly fields: Fields;
}
export type Container = StoredList | StoredDictionary | StoredSet | StoredEmbedded;
/** What a field, list element or dictionary entry holds. */
export type Stored = Scalar | Container;

export const nullValue = { type: "Null" } as const satisfies Scalar;
export const emptyList = (): StoredList => ({ type: "List", items: [] });
export const emptyDictionary = (): StoredDictionary => ({ type: "Dictionary", entries: new Map() });
export const emptySet = (): StoredSet => ({ type: "Set", members: new Map() });
export const emptyEmbedded = (): StoredEmbedded => ({ type: "Embedded", fields: [] });

const zeroByType: { readonly [Type in ColumnType]: Scalar } = {
  Mixed: nullValue,
  Link: nullValue,
  Int: { type: "Int", value: 0n },
  Bool: { type: "Bool", value: false },
  String: { type: "String", value: "" },
  Binary: { type: "Binary", value: new Uint8Array(0) },
  Timestamp: { type: "Timestamp", seconds: 0n, nanoseconds: 0 },
  Float: { type: "Float", bits: 0 },
  Double: { type: "Double", bits: 0n },
  Decimal: { type: "Decimal", coefficient: 0n, exponent: 0, negative: false },
  ObjectId: { type: "ObjectId", value: "0".repeat(24) },
  Uuid: { type: "Uuid", value: "00000000-0000-0000-0000-000000000000" },
};

const emptyByKind: { readonly [Kind in CollectionKind]: (type: ColumnType, nullable: boolean) => Stored } = {
  Single: (type, nullable) => (nullable ? nullValue : zeroByType[type]),
  List: emptyList,
  Dictionary: emptyDictionary,
  Set: emptySet,
};

/** The value a new object has in a column of this shape (merge-rules §7, CreateObject and AddColumn). Containers are new each time. */
export const defaultValue = (column: {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly collection: CollectionKind;
}): Stored => emptyByKind[column.collection](column.type, column.nullable);

/** Whether two scalars have the same type and the very same bits: what tells a default from a value set to something that merely equals it. */
const sameBits = (a: Scalar, b: Scalar): boolean => {
  switch (a.type) {
    case "Null":
      return b.type === "Null";
    case "Int":
    case "Bool":
    case "String":
    case "ObjectId":
    case "Uuid":
      return b.type === a.type && a.value === b.value;
    case "Binary":
      return b.type === "Binary" && sameBytes(a.value, b.value);
    case "Timestamp":
      return b.type === "Timestamp" && a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
    case "Float":
      return b.type === "Float" && a.bits === b.bits;
    case "Double":
      return b.type === "Double" && a.bits === b.bits;
    case "Decimal":
      return b.type === "Decimal" && a.coefficient === b.coefficient && a.exponent === b.exponent && a.negative === b.negative;
    case "Link":
      return b.type === "Link" && a.table === b.table && a.key.text === b.key.text;
  }
};

/** Whether `value` is what creation gives a column of this shape anyway. */
export const isDefault = (
  value: Stored | undefined,
  column: { readonly type: ColumnType; readonly nullable: boolean; readonly collection: CollectionKind },
): boolean => {
  if (value === undefined) return true;
  switch (value.type) {
    case "List":
      return column.collection === "List" && value.items.length === 0;
    case "Dictionary":
      return column.collection === "Dictionary" && value.entries.size === 0;
    case "Set":
      return value.members.size === 0;
    case "Embedded":
      return false;
  }
  return column.collection === "Single" && sameBits(value, column.nullable ? nullValue : zeroByType[column.type]);
};

// Measured on V8 with values as a decoder makes them.
const slotCost = 56;
const numberCost = 24;
const mapCost = 200;

/** About how many bytes of memory a value takes: for the cache's budget only. */
export const costOf = (value: Stored | undefined): number => {
  if (value === undefined) return 0;
  switch (value.type) {
    case "String":
      return slotCost + value.value.length * 2;
    case "Binary":
      return slotCost + 120 + value.value.byteLength;
    case "Link":
      return slotCost + 80 + value.key.text.length * 2;
    case "List": {
      let cost = slotCost;
      for (const item of value.items) cost += costOf(item);
      return cost;
    }
    case "Dictionary": {
      let cost = slotCost + mapCost;
      for (const [key, entry] of value.entries) cost += entryCost(key) + costOf(entry);
      return cost;
    }
    case "Set": {
      let cost = slotCost + mapCost;
      for (const [identity, member] of value.members) cost += entryCost(identity) + costOf(member);
      return cost;
    }
    case "Embedded": {
      let cost = slotCost + 40;
      for (const field of value.fields) cost += costOf(field);
      return cost;
    }
    case "Null":
    case "Int":
    case "Bool":
    case "Timestamp":
    case "Float":
    case "Double":
    case "Decimal":
    case "ObjectId":
    case "Uuid":
      return slotCost + numberCost;
  }
};

/** What an entry of a dictionary or set costs beside its value. */
export const entryCost = (key: string): number => 48 + key.length * 2;
