import { columnTypeOfKey } from "../../changeset/key.ts";
import type { ObjectKey, Payload, Scalar } from "../../changeset/model.ts";
import { Refusal } from "./bad-changeset.ts";
import type { ClassState, ValueType } from "./classes.ts";
import { maxNesting } from "./places.ts";
import { utf8Length } from "./utf8.ts";
import type { Workspace } from "./workspace.ts";

type Link = Extract<Scalar, { readonly type: "Link" }>;

/** Longest string key in UTF-8: the key and a part of the values share a row of the platform. */
export const maxKeyBytes = 512_000;

/** What a payload asks for at a place that admits it. */
export type Admitted =
  | { readonly kind: "scalar"; readonly value: Scalar }
  | { readonly kind: "embedded" }
  | { readonly kind: "collection"; readonly collection: "List" | "Dictionary" };

/** Checks a payload against the type of the place it is meant for (merge-rules §7, type rules of Update and the inserts). */
export const admit = (workspace: Workspace, payload: Payload, type: ValueType, level: number): Admitted => {
  switch (payload.type) {
    case "ObjectValue":
      if (!type.embedded) throw new Refusal("ObjectNotAllowed", `the type here is ${type.type}`);
      return { kind: "embedded" };
    case "List":
    case "Dictionary":
      if (type.type !== "Mixed") throw new Refusal("CollectionNotAllowed", `the type here is ${type.type}`);
      if (level > maxNesting) throw new Refusal("PathTooDeep", `a collection at level ${level}`);
      return { kind: "collection", collection: payload.type };
    case "Set":
      throw new Refusal("CollectionNotAllowed", "sets do not nest");
    case "Erased":
      throw new Refusal("ErasedOutsideDictionary", "this is no dictionary entry");
  }
  return { kind: "scalar", value: admitScalar(workspace, payload, type) };
};

/** The same for values that hold nothing: also the rule for members of sets. */
export const admitScalar = (workspace: Workspace, value: Scalar, type: ValueType): Scalar => {
  switch (value.type) {
    case "Null":
      if (!type.nullable && type.type !== "Mixed") throw new Refusal("NullNotAllowed", `the type here is ${type.type}, not nullable`);
      return value;
    case "Link":
      admitLink(workspace, value, type);
      return value;
  }
  requireType(value, type);
  return value;
};

const requireType = (value: Scalar, type: ValueType): void => {
  if (type.type === value.type || type.type === "Mixed") return;
  throw new Refusal("TypeMismatch", `the type here is ${type.type}, the value's ${value.type}`);
};

/** A link needs a class that exists and is not embedded, and a key of its type; the object itself may be missing (merge-rules §8). */
const admitLink = (workspace: Workspace, link: Link, type: ValueType): void => {
  if (type.embedded) throw new Refusal("LinkTargetEmbedded", "embedded objects are owned, not linked");
  requireType(link, type);
  if (type.type === "Link" && type.linkTarget !== "" && type.linkTarget !== link.table) {
    throw new Refusal("LinkTargetMismatch", `links here go to ${type.linkTarget}, this one to ${link.table}`);
  }
  const problem = linkProblem(workspace, link);
  if (problem !== undefined) throw problem;
};

const linkProblem = (workspace: Workspace, link: Link): Refusal | undefined => {
  const target = workspace.classes.get(link.table);
  if (target === undefined) return new Refusal("NoSuchClass", `a link to the unknown class ${link.table}`);
  if (target.identity.tableType === "Embedded") return new Refusal("LinkTargetEmbedded", `${link.table} is embedded`);
  return keyProblem(target, link.key);
};

/** Whether the classes that exist now still admit a link that was stored; erasing a class leaves links in mixed values behind (merge-rules §10, Q8). */
export const isLinkApplicable = (workspace: Workspace, link: Link): boolean => linkProblem(workspace, link) === undefined;

/** Checks that objects of this class can have this key. */
export const admitKey = (owner: ClassState, key: ObjectKey): void => {
  const problem = keyProblem(owner, key);
  if (problem !== undefined) throw problem;
};

const keyProblem = (owner: ClassState, key: ObjectKey): Refusal | undefined => {
  const { identity } = owner;
  if (identity.tableType === "Embedded") return new Refusal("ClassWithoutKeys", `${owner.name} is embedded`);
  if (key.kind === "null") {
    if (identity.keyType === "GlobalKey") return new Refusal("KeyTypeMismatch", `${owner.name} has no primary key`);
    return identity.keyNullable ? undefined : new Refusal("KeyNotNullable", `keys of ${owner.name} are not nullable`);
  }
  if (columnTypeOfKey[key.kind] !== identity.keyType) {
    return new Refusal("KeyTypeMismatch", `keys of ${owner.name} are of type ${identity.keyType}, this one is of kind ${key.kind}`);
  }
  if (key.kind === "string" && key.value.length > maxKeyBytes / 3 && utf8Length(key.value) > maxKeyBytes)
    return new Refusal("KeyTooLong", `a key of ${key.value.length} characters`);
  return undefined;
};
