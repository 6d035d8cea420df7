import { encodeText, flag, frame } from "../frame-writer.ts";
import { decodeJsonObject, decodeText, type FrameReader } from "../frame-reader.ts";
import { parsePartition, type Partition } from "../partition.ts";
import { ProtocolError } from "../protocol-error.ts";
import { featuresOf } from "../version.ts";
import type { Wire } from "../wire.ts";

interface BindBase {
  readonly type: "bind";
  /** Chosen by the client, ≥ 1, unique among the connection's sessions. */
  readonly session: number;
  /** The file has no ident and no client reset is about to supply one: allocate one and answer IDENT. */
  readonly needIdent: boolean;
}

export interface PartitionBind extends BindBase {
  readonly mode: "partition";
  readonly partition: Partition;
}

export interface FlexibleBind extends BindBase {
  readonly mode: "flexible";
  /** From version 9, only for a file that was migrated from partition sync: its partition value's extended JSON. */
  readonly migratedPartition?: string;
  /** From version 11; 0 when the app does not version its schema. Absent below. */
  readonly schemaVersion?: number;
  /** From version 10: whether the session is part of a client reset. Absent below. */
  readonly sessionReason?: "sync" | "clientReset";
}

/**
 * BIND (§5.1), from the client: open a session for one file.
 *
 * `bind <session> <path size> <token size> <need ident> <is subserver>⏎<path><token>`. The path is the partition value as extended JSON,
 * or in flexible sync from version 8 a JSON object. A token, which only old cores put here, is read past and kept nowhere: users are
 * authenticated when the socket opens. May be sent whenever the session is not bound.
 */
export type Bind = PartitionBind | FlexibleBind;

/** @throws {ProtocolError} session-level 204 when the partition value is refused; connection-level otherwise. */
export const decodeBind = (reader: FrameReader, wire: Wire): Bind => {
  const session = reader.session();
  const pathSize = reader.integer();
  const tokenSize = reader.integer();
  const needIdent = reader.flag();
  reader.lastFlag();
  if (pathSize > wire.limits.text || tokenSize > wire.limits.text) {
    throw new ProtocolError("limitExceeded", `a path of ${pathSize} or token of ${tokenSize} bytes; ${wire.limits.text} are allowed`);
  }
  const path = reader.body(pathSize + tokenSize).subarray(0, pathSize);
  if (wire.mode === "partition") {
    return { type: "bind", mode: "partition", session, needIdent, partition: parsePartition(path, session) };
  }
  const base = { type: "bind", mode: "flexible", session, needIdent } as const;
  if (!featuresOf(wire.version).bindBody || pathSize === 0) return base;
  return { ...base, ...flexibleFields(decodeJsonObject(decodeText(path)), wire) };
};

const flexibleFields = (
  { migratedPartition, schemaVersion, sessionReason }: Readonly<Record<string, unknown>>,
  wire: Wire,
): Pick<FlexibleBind, "migratedPartition" | "schemaVersion" | "sessionReason"> => {
  const features = featuresOf(wire.version);
  return {
    ...(features.migratedPartition && migratedPartition !== undefined && { migratedPartition: asText(migratedPartition) }),
    ...(features.schemaVersion && schemaVersion !== undefined && { schemaVersion: asCount(schemaVersion) }),
    ...(features.sessionReason && sessionReason !== undefined && { sessionReason: asCount(sessionReason) === 1 ? "clientReset" : "sync" }),
  };
};

const asText = (value: unknown): string => {
  if (typeof value === "string") return value;
  throw new ProtocolError("badBody", "migratedPartition is not a text");
};

const asCount = (value: unknown): number => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ProtocolError("badBody", "schemaVersion and sessionReason are integers from 0");
};

export const encodeBind = (bind: Bind, wire: Wire): Uint8Array<ArrayBuffer> => {
  const path = encodeText(bind.mode === "partition" ? bind.partition.text : flexibleText(bind, wire));
  return frame(["bind", bind.session, path.length, 0, flag(bind.needIdent), 0], path);
};

/** Keys in alphabetical order, as SDKs write them. Below version 10 the object is left out when nothing is to be said. */
const flexibleText = (bind: FlexibleBind, wire: Wire): string => {
  const features = featuresOf(wire.version);
  if (!features.sessionReason && (!features.migratedPartition || bind.migratedPartition === undefined)) return "";
  return JSON.stringify({
    migratedPartition: bind.migratedPartition,
    schemaVersion: features.schemaVersion ? bind.schemaVersion : undefined,
    sessionReason: features.sessionReason ? reasonNumber(bind.sessionReason) : undefined,
  });
};

const reasonNumber = (reason: FlexibleBind["sessionReason"]): 0 | 1 | undefined => {
  if (reason === undefined) return undefined;
  return reason === "clientReset" ? 1 : 0;
};
