import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { ChangesetError } from "./error.ts";
import { intKey, nullKey, objectIdKey, stringKey, uuidKey } from "./key.ts";
import type { ObjectKey } from "./model.ts";
import { keyTypes } from "./wire.ts";

/** A key that has a text form: all but the global keys of classes without primary key. */
export type TextualKey = Exclude<ObjectKey, { kind: "global" }>;

/** Why a key could not be read from its text. */
export class KeyTextError extends Error {
  override readonly name = "KeyTextError";
  readonly code = "InvalidKeyText";
}

/**
 * The base64 form of a key in `rejectedUpdates` (changeset-format §10.1, sync-protocol §12.5): type and value as in a payload, a
 * string inline. Clients abort on anything else, so there is no such form of a global key.
 */
export function keyToBase64(key: TextualKey): string {
  const writer = new ByteWriter(32);
  writer.byte(keyTypes[key.kind]);
  switch (key.kind) {
    case "null":
      break;
    case "int":
      writer.integer64(key.value);
      break;
    case "string":
      writer.text(key.value);
      break;
    case "objectId":
      writer.hexText(key.value, 12);
      break;
    case "uuid":
      writer.hexText(key.value, 16);
      break;
  }
  let binary = "";
  for (let index = 0; index < writer.position; index++) binary += String.fromCharCode(writer.bytes[index]!);
  return btoa(binary);
}

/**
 * Reads what `keyToBase64` wrote.
 *
 * @throws KeyTextError when it is not base64, not a key, or has bytes left over.
 */
export function keyOfBase64(text: string): TextualKey {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new KeyTextError("not base64");
  }
  const reader = new ByteReader(bytes);
  try {
    const key = readKey(reader);
    if (reader.position === reader.end) return key;
  } catch (error) {
    if (error instanceof ChangesetError) throw new KeyTextError(error.what);
    throw error;
  }
  throw new KeyTextError("bytes left over");
}

function readKey(reader: ByteReader): TextualKey {
  const type = reader.smallInt64();
  switch (type) {
    case keyTypes.null:
      return nullKey;
    case keyTypes.int:
      return intKey(reader.int64());
    case keyTypes.string:
      return stringKey(reader.text());
    case keyTypes.objectId:
      return objectIdKey(reader.objectId());
    case keyTypes.uuid:
      return uuidKey(reader.uuid());
  }
  throw new KeyTextError(`key of type ${type}`);
}
