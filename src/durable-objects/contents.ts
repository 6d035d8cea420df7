import { base64UrlToBytes, bytesToBase64Url } from "../accounts/bytes.ts";
import { objectToJson } from "../store/objects/index.ts";
import { decodeRowKey, encodeRowKey } from "../store/objects/row-key.ts";
import type { PartitionStore } from "../store/partition-store.ts";

/** A device's copy of the partition, as operators see it. */
export interface ClientFileReport {
  readonly ident: number;
  readonly ownerId: string;
  /** Milliseconds since 1970, to the day. */
  readonly lastSeenAt: number;
  readonly expired: boolean;
}

export interface ColumnReport {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly collection: string;
  readonly linkTarget?: string;
}

export interface ClassReport {
  readonly name: string;
  readonly kind: "TopLevel" | "Asymmetric" | "Embedded";
  readonly keyField: string | null;
  readonly objects: number;
  readonly columns: readonly ColumnReport[];
}

export interface ObjectsReport {
  /** Each object as JSON text: `{"pk":…,"fields":{…}}`. */
  readonly objects: readonly string[];
  /** Pass as `after` for what follows; null at the end. */
  readonly next: string | null;
}

/** Bytes of stored values in one page of objects. */
const pageBytes = 1_000_000;

/** Client files with an ident above `after`, in the order of idents, which are given out one by one. */
export const listClientFiles = ({ files }: PartitionStore, after: number, limit: number): readonly ClientFileReport[] => {
  const found: ClientFileReport[] = [];
  const newest = files.allocated + 1;
  for (let ident = Math.max(after, 1) + 1; ident <= newest && found.length < limit; ident += 1) {
    const file = files.get(ident);
    if (file !== undefined) found.push({ ident, ownerId: file.owner, lastSeenAt: file.lastSeen, expired: file.expired });
  }
  return found;
};

export const listClasses = ({ objects }: PartitionStore): readonly ClassReport[] =>
  objects.classes().map((description) => ({
    name: description.name,
    kind: description.tableType,
    keyField: description.tableType === "Embedded" || description.keyType === "GlobalKey" ? null : description.keyField,
    objects: objects.count(description.name),
    columns: description.columns.map(({ field, type, nullable, collection, linkTarget }) => ({
      name: field,
      type,
      nullable,
      collection,
      ...(linkTarget === undefined ? {} : { linkTarget }),
    })),
  }));

/** A page of a class's objects; undefined when there is no such class, or it has no objects of its own. */
export const listObjects = (
  { objects }: PartitionStore,
  className: string,
  after: string | undefined,
  limit: number,
): ObjectsReport | undefined => {
  const description = objects.classNamed(className);
  if (description === undefined || description.tableType === "Embedded") return undefined;
  const bytes = after === undefined ? undefined : base64UrlToBytes(after);
  const page = objects.page(className, { limit, maxBytes: pageBytes, ...(bytes === undefined ? {} : { after: decodeRowKey(bytes) }) });
  return {
    objects: page.objects.map((object) => JSON.stringify(objectToJson(objects, object))),
    next: page.next === undefined ? null : bytesToBase64Url(encodeRowKey(page.next)),
  };
};
