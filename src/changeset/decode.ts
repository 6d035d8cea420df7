import { ByteReader } from "./byte-reader.ts";
import { ChangesetError } from "./error.ts";
import { globalKey, intKey, nullKey, objectIdKey, stringKey, uuidKey } from "./key.ts";
import type {
  AddColumn,
  AddTable,
  CollectionKind,
  ColumnType,
  Instruction,
  ObjectKey,
  Path,
  PathElement,
  Payload,
  Update,
} from "./model.ts";
import {
  collectionKindOf,
  columnTypeOf,
  decimalExponentBias,
  globalKeyType,
  internOpcode,
  keyColumnTypeOf,
  maxDecimalExponent,
  nameMarker,
  nanosecondsPerSecond,
  opcodes,
  payloadTypes,
  tableTypes,
} from "./wire.ts";

/** What decoding may cost. A changeset that asks for more is refused before the memory is spent. */
export interface DecodeLimits {
  /** Size of the changeset in bytes. */
  readonly maxBytes: number;
  /** Number of instructions; one takes up to some 150 bytes of memory. */
  readonly maxInstructions: number;
  /** Steps below the field; Realm files nest collections at most 100 deep. */
  readonly maxPathDepth: number;
}

export const defaultDecodeLimits: DecodeLimits = { maxBytes: 32 * 1024 * 1024, maxInstructions: 1_000_000, maxPathDepth: 100 };

/**
 * The instructions of a changeset, in order (changeset-format §1–§8). Stricter than the reference: what §10 calls leniencies is
 * refused, and so is text that is not valid UTF-8. The result shares nothing with `bytes`.
 *
 * @throws ChangesetError with the offset of the first fault, and never anything else.
 */
export function decodeChangeset(bytes: Uint8Array, limits: DecodeLimits = defaultDecodeLimits): Instruction[] {
  if (bytes.length > limits.maxBytes)
    throw new ChangesetError("ChangesetTooLarge", `${bytes.length} bytes of at most ${limits.maxBytes}`, 0);
  return new ChangesetDecoder(bytes, limits).run();
}

// Values without content are the same object everywhere.
const nullPayload: Payload = Object.freeze({ type: "Null" });
const truePayload: Payload = Object.freeze({ type: "Bool", value: true });
const falsePayload: Payload = Object.freeze({ type: "Bool", value: false });
const objectValuePayload: Payload = Object.freeze({ type: "ObjectValue" });
const dictionaryPayload: Payload = Object.freeze({ type: "Dictionary" });
const erasedPayload: Payload = Object.freeze({ type: "Erased" });
const listPayload: Payload = Object.freeze({ type: "List" });
const setPayload: Payload = Object.freeze({ type: "Set" });
const emptyPath: Path = Object.freeze([]);
/** Up to this many names a search is cheaper than a set. */
const fewNames = 12;

class ChangesetDecoder {
  private readonly reader: ByteReader;
  private readonly limits: DecodeLimits;
  private readonly names: string[] = [];
  /** The same names to search in, made once there are many. */
  private knownNames: Set<string> | undefined;
  // Runs of instructions mostly work on one object: its key is recognised by its bytes and shared instead of built anew.
  private lastKey: ObjectKey = nullKey;
  private lastKeyStart = 0;
  private lastKeyLength = 0;

  constructor(bytes: Uint8Array, limits: DecodeLimits) {
    this.reader = new ByteReader(bytes);
    this.limits = limits;
  }

  run(): Instruction[] {
    const { reader } = this;
    const instructions: Instruction[] = [];
    while (reader.position < reader.end) {
      const start = reader.position;
      const opcode = reader.size();
      if (opcode === internOpcode) {
        this.intern(start);
        continue;
      }
      if (instructions.length === this.limits.maxInstructions) {
        throw new ChangesetError("ChangesetTooLarge", `more than ${this.limits.maxInstructions} instructions`, start);
      }
      instructions.push(this.instruction(opcode, start));
    }
    return instructions;
  }

  private intern(start: number): void {
    const index = this.reader.uint32();
    if (index !== this.names.length) throw new ChangesetError("UnexpectedInternIndex", `${index} instead of ${this.names.length}`, start);
    const text = this.reader.text();
    if (this.isKnownName(text)) throw new ChangesetError("RepeatedInternString", `string ${index} was defined before`, start);
    this.names.push(text);
    this.knownNames?.add(text);
  }

  private isKnownName(text: string): boolean {
    if (this.names.length < fewNames) return this.names.includes(text);
    return (this.knownNames ??= new Set(this.names)).has(text);
  }

  private name(): string {
    const start = this.reader.position;
    const index = this.reader.uint32();
    if (index >= this.names.length) throw new ChangesetError("UnknownInternString", `string ${index} of ${this.names.length}`, start);
    return this.names[index]!;
  }

  private instruction(opcode: number, start: number): Instruction {
    const { reader } = this;
    if (opcode > opcodes.SetErase) throw new ChangesetError("UnknownInstruction", `opcode ${opcode}`, start);
    const table = this.name();
    switch (opcode) {
      case opcodes.AddTable:
        return this.addTable(table);
      case opcodes.EraseTable:
        return { kind: "EraseTable", table };
      case opcodes.CreateObject:
        return { kind: "CreateObject", table, key: this.key() };
      case opcodes.EraseObject:
        return { kind: "EraseObject", table, key: this.key() };
      case opcodes.AddColumn:
        return this.addColumn(table, start);
      case opcodes.EraseColumn:
        return { kind: "EraseColumn", table, field: this.name() };
    }
    const key = this.key();
    const field = this.name();
    const path = this.path();
    switch (opcode) {
      case opcodes.Update:
        return this.update(table, key, field, path);
      case opcodes.AddInteger:
        return { kind: "AddInteger", table, key, field, path, value: reader.int64() };
      case opcodes.ArrayInsert:
        this.requireIndex(path, start, "ArrayInsert");
        return { kind: "ArrayInsert", table, key, field, path, value: this.payload(), priorSize: reader.uint32() };
      case opcodes.ArrayMove:
        this.requireIndex(path, start, "ArrayMove");
        return { kind: "ArrayMove", table, key, field, path, destination: reader.uint32(), priorSize: reader.uint32() };
      case opcodes.ArrayErase:
        this.requireIndex(path, start, "ArrayErase");
        return { kind: "ArrayErase", table, key, field, path, priorSize: reader.uint32() };
      case opcodes.Clear:
        return { kind: "Clear", table, key, field, path, collection: this.collection() };
      case opcodes.SetInsert:
        return { kind: "SetInsert", table, key, field, path, value: this.payload() };
    }
    return { kind: "SetErase", table, key, field, path, value: this.payload() };
  }

  private addTable(table: string): AddTable {
    const { reader } = this;
    const start = reader.position;
    const number = reader.uint8();
    if (number === tableTypes.Embedded) return { kind: "AddTable", table, tableType: "Embedded" };
    if (number > tableTypes.Asymmetric) throw new ChangesetError("UnsupportedTableType", `table type ${number}`, start);
    const tableType = number === tableTypes.TopLevel ? "TopLevel" : "Asymmetric";
    const keyField = this.name();
    const typeStart = reader.position;
    const typeNumber = reader.smallInt64();
    const keyType = keyColumnTypeOf.get(typeNumber);
    if (keyType === undefined) throw new ChangesetError("UnsupportedKeyType", `key column of type ${typeNumber}`, typeStart);
    return { kind: "AddTable", table, tableType, keyField, keyType, keyNullable: reader.uint8() !== 0 };
  }

  private addColumn(table: string, start: number): AddColumn {
    const field = this.name();
    const type = this.columnType();
    const nullable = this.reader.uint8() !== 0;
    const collection = this.collection();
    if (type === "Mixed" && !nullable && collection !== "Dictionary") {
      throw new ChangesetError("UnsupportedColumnType", "Mixed column that is not nullable", start);
    }
    const column: AddColumn = { kind: "AddColumn", table, field, type, nullable, collection };
    const linked: AddColumn = type === "Link" ? { ...column, linkTarget: this.name() } : column;
    return collection === "Dictionary" ? { ...linked, dictionaryKeyType: this.columnType() } : linked;
  }

  private columnType(): ColumnType {
    const start = this.reader.position;
    const number = this.reader.smallInt64();
    const type = columnTypeOf.get(number);
    if (type === undefined) throw new ChangesetError("UnsupportedColumnType", `column type ${number}`, start);
    return type;
  }

  private collection(): CollectionKind {
    const start = this.reader.position;
    const number = this.reader.uint8();
    const kind = collectionKindOf.get(number);
    if (kind === undefined) throw new ChangesetError("UnsupportedCollection", `collection kind ${number}`, start);
    return kind;
  }

  private update(table: string, key: ObjectKey, field: string, path: Path): Update {
    const value = this.payload();
    return typeof path[path.length - 1] === "number"
      ? { kind: "Update", table, key, field, path, value, priorSize: this.reader.uint32() }
      : { kind: "Update", table, key, field, path, value, isDefault: this.reader.uint8() !== 0 };
  }

  private requireIndex(path: Path, start: number, kind: string): void {
    if (typeof path[path.length - 1] !== "number") throw new ChangesetError("MissingIndex", `${kind} without an index`, start);
  }

  private path(): Path {
    const { reader } = this;
    const start = reader.position;
    const depth = reader.uint32();
    if (depth === 0) return emptyPath;
    if (depth > this.limits.maxPathDepth)
      throw new ChangesetError("PathTooDeep", `${depth} steps of at most ${this.limits.maxPathDepth}`, start);
    const path: PathElement[] = [];
    for (let step = 0; step < depth; step++) {
      const elementStart = reader.position;
      const element = reader.smallInt64();
      if (element === nameMarker) path.push(this.name());
      else if (element >= 0 && element <= 0xffff_ffff) path.push(element);
      else throw new ChangesetError("InvalidPathElement", `path element ${element}`, elementStart);
    }
    return path;
  }

  private key(): ObjectKey {
    const { reader } = this;
    const start = reader.position;
    if (this.startsWithLastKey(start)) {
      reader.position = start + this.lastKeyLength;
      return this.lastKey;
    }
    this.lastKey = this.freshKey(start);
    this.lastKeyStart = start;
    this.lastKeyLength = reader.position - start;
    return this.lastKey;
  }

  /** No key's encoding is the beginning of another's, so equal bytes are the same key. */
  private startsWithLastKey(start: number): boolean {
    const length = this.lastKeyLength;
    const { bytes, end } = this.reader;
    if (length === 0 || length > end - start) return false;
    const offset = this.lastKeyStart;
    // From the end: keys of one class mostly differ there.
    for (let index = length - 1; index >= 0; index--) {
      if (bytes[start + index] !== bytes[offset + index]) return false;
    }
    return true;
  }

  private freshKey(start: number): ObjectKey {
    const { reader } = this;
    const type = reader.smallInt64();
    switch (type) {
      case payloadTypes.Null:
        return nullKey;
      case payloadTypes.Int:
        return intKey(reader.int64());
      case payloadTypes.String:
        return stringKey(this.name());
      case payloadTypes.ObjectId:
        return objectIdKey(reader.objectId());
      case payloadTypes.Uuid:
        return uuidKey(reader.uuid());
      case globalKeyType:
        return globalKey(reader.uint64(), reader.uint64());
    }
    throw new ChangesetError("UnsupportedKeyType", `key of type ${type}`, start);
  }

  private payload(): Payload {
    const { reader } = this;
    const start = reader.position;
    const type = reader.smallInt64();
    switch (type) {
      case payloadTypes.Null:
        return nullPayload;
      case payloadTypes.Int:
        return { type: "Int", value: reader.int64() };
      case payloadTypes.Bool:
        return reader.uint8() === 0 ? falsePayload : truePayload;
      case payloadTypes.String:
        return { type: "String", value: reader.text() };
      case payloadTypes.Binary:
        return { type: "Binary", value: reader.binary() };
      case payloadTypes.Timestamp:
        return this.timestamp(start);
      case payloadTypes.Float:
        return { type: "Float", bits: reader.float32Bits() };
      case payloadTypes.Double:
        return { type: "Double", bits: reader.float64Bits() };
      case payloadTypes.Decimal:
        return this.decimal(start);
      case payloadTypes.Link:
        return { type: "Link", table: this.name(), key: this.key() };
      case payloadTypes.ObjectId:
        return { type: "ObjectId", value: reader.objectId() };
      case payloadTypes.Uuid:
        return { type: "Uuid", value: reader.uuid() };
      case payloadTypes.ObjectValue:
        return objectValuePayload;
      case payloadTypes.Dictionary:
        return dictionaryPayload;
      case payloadTypes.Erased:
        return erasedPayload;
      case payloadTypes.List:
        return listPayload;
      case payloadTypes.Set:
        return setPayload;
    }
    throw new ChangesetError("UnsupportedPayloadType", `value of type ${type}`, start);
  }

  private timestamp(start: number): Payload {
    const seconds = this.reader.int64();
    const nanoseconds = this.reader.smallInt64();
    const inRange = nanoseconds > -nanosecondsPerSecond && nanoseconds < nanosecondsPerSecond;
    const signsAgree = nanoseconds === 0 || (nanoseconds > 0 ? seconds >= 0n : seconds <= 0n);
    if (!inRange || !signsAgree) throw new ChangesetError("TimestampOutOfRange", `${seconds} s, ${nanoseconds} ns`, start);
    return { type: "Timestamp", seconds, nanoseconds };
  }

  private decimal(start: number): Payload {
    const coefficient = this.reader.decimalCoefficient();
    const exponent = this.reader.int32();
    const sign = this.reader.int32();
    if (exponent < -decimalExponentBias || exponent > maxDecimalExponent) {
      throw new ChangesetError("DecimalOutOfRange", `exponent ${exponent}`, start);
    }
    if (sign !== 0 && sign !== 1) throw new ChangesetError("DecimalOutOfRange", `sign ${sign}`, start);
    return { type: "Decimal", coefficient, exponent, negative: sign === 1 };
  }
}
