import { ByteWriter } from "./byte-writer.ts";
import { defaultDecodeLimits } from "./decode.ts";
import { ChangesetError } from "./error.ts";
import type { AddColumn, AddTable, Instruction, ObjectKey, Path, Payload, Place } from "./model.ts";
import {
  collectionKinds,
  columnTypes,
  decimalCoefficientBits,
  decimalExponentBias,
  internOpcode,
  keyColumnTypes,
  keyTypes,
  maxDecimalExponent,
  maxStringBytes,
  opcodes,
  payloadTypes,
  tableTypes,
} from "./wire.ts";

/**
 * The bytes of a changeset: all interned strings first, in order of use, then the instructions (the re-encoding form of
 * changeset-format §3). No instruction gives zero bytes.
 *
 * Refuses what the decoder with its default limits would refuse, sizes aside, so that what was written can always be read again; `offset` is then the index of the instruction.
 *
 * @throws ChangesetError `Unencodable`, `StringTooLong`, `MissingIndex`, `PathTooDeep`, `TimestampOutOfRange`, `DecimalOutOfRange` or `UnsupportedColumnType`.
 */
export function encodeChangeset(instructions: readonly Instruction[]): Uint8Array {
  if (instructions.length === 0) return new Uint8Array(0);
  const encoder = new ChangesetEncoder();
  for (const instruction of instructions) encoder.instruction(instruction);
  return encoder.finish();
}

/** The buffer all changesets are put together in: encoding is synchronous, so there is never more than one at a time. */
let scratch = new ByteWriter(16 * 1024);
/** A buffer that grew beyond this for one large changeset is not kept. */
const maxKeptBytes = 1024 * 1024;

const nameMarkerByte = 0x40;
/** Up to this many names a search is cheaper than a map. */
const fewNames = 12;
/** Most bytes that one UTF-16 code unit of well-formed text takes in UTF-8. */
const maxBytesPerUnit = 3;
const utf8Length = (value: string): number => new TextEncoder().encode(value).length;

class ChangesetEncoder {
  private readonly writer: ByteWriter;
  private readonly names: string[] = [];
  /** Index of each name, made once there are many. */
  private indexOf: Map<string, number> | undefined;
  // Runs of instructions mostly repeat the class and the field.
  private lastTable: string | undefined;
  private lastTableIndex = 0;
  private index = 0;

  constructor() {
    if (scratch.bytes.length > maxKeptBytes) scratch = new ByteWriter(16 * 1024);
    this.writer = scratch;
    this.writer.position = 0;
  }

  finish(): Uint8Array {
    const { writer } = this;
    // The definitions are known last: they are written behind the instructions, and these once more behind them.
    const bodyEnd = writer.position;
    let index = 0;
    for (const name of this.names) {
      writer.byte(internOpcode);
      writer.unsigned(index++);
      writer.text(name);
    }
    writer.appendOwn(0, bodyEnd);
    return writer.bytes.slice(bodyEnd, writer.position);
  }

  instruction(instruction: Instruction): void {
    const { writer } = this;
    writer.byte(opcodes[instruction.kind]);
    this.table(instruction.table);
    switch (instruction.kind) {
      case "AddTable":
        this.addTable(instruction);
        break;
      case "EraseTable":
        break;
      case "CreateObject":
      case "EraseObject":
        this.key(instruction.key);
        break;
      case "AddColumn":
        this.addColumn(instruction);
        break;
      case "EraseColumn":
        this.name(instruction.field);
        break;
      case "Update":
        this.place(instruction);
        this.payload(instruction.value);
        if (typeof instruction.path.at(-1) === "number") this.uint32(instruction.priorSize ?? this.fail("list update without prior size"));
        else writer.byte((instruction.isDefault ?? this.fail("field update without default flag")) ? 1 : 0);
        break;
      case "AddInteger":
        this.place(instruction);
        this.int64(instruction.value);
        break;
      case "ArrayInsert":
        this.listPlace(instruction);
        this.payload(instruction.value);
        this.uint32(instruction.priorSize);
        break;
      case "ArrayMove":
        this.listPlace(instruction);
        this.uint32(instruction.destination);
        this.uint32(instruction.priorSize);
        break;
      case "ArrayErase":
        this.listPlace(instruction);
        this.uint32(instruction.priorSize);
        break;
      case "Clear":
        this.place(instruction);
        writer.byte(collectionKinds[instruction.collection]);
        break;
      case "SetInsert":
      case "SetErase":
        this.place(instruction);
        this.payload(instruction.value);
        break;
    }
    this.index++;
  }

  private addTable(instruction: AddTable): void {
    const { writer } = this;
    writer.byte(tableTypes[instruction.tableType]);
    if (instruction.tableType === "Embedded") return;
    this.name(instruction.keyField);
    writer.signed(keyColumnTypes[instruction.keyType]);
    writer.byte(instruction.keyNullable ? 1 : 0);
  }

  private addColumn(instruction: AddColumn): void {
    const { writer } = this;
    const { type, nullable, collection, linkTarget, dictionaryKeyType } = instruction;
    if (type === "Mixed" && !nullable && collection !== "Dictionary") {
      throw new ChangesetError("UnsupportedColumnType", "Mixed column that is not nullable", this.index);
    }
    this.name(instruction.field);
    writer.byte(columnTypes[type]);
    writer.byte(nullable ? 1 : 0);
    writer.byte(collectionKinds[collection]);
    if (type === "Link") this.name(linkTarget ?? this.fail("link column without target"));
    if (collection === "Dictionary") writer.byte(columnTypes[dictionaryKeyType ?? this.fail("dictionary column without key type")]);
  }

  private place(place: Place): void {
    this.key(place.key);
    this.name(place.field);
    this.path(place.path);
  }

  private listPlace(place: Place): void {
    if (typeof place.path.at(-1) !== "number") throw new ChangesetError("MissingIndex", "list instruction without an index", this.index);
    this.place(place);
  }

  private path(path: Path): void {
    const { writer } = this;
    if (path.length > defaultDecodeLimits.maxPathDepth) throw new ChangesetError("PathTooDeep", `${path.length} steps`, this.index);
    writer.unsigned(path.length);
    for (const element of path) {
      if (typeof element === "number") this.uint32(element);
      else {
        writer.byte(nameMarkerByte);
        this.name(element);
      }
    }
  }

  private table(name: string): void {
    if (name !== this.lastTable) {
      this.lastTable = name;
      this.lastTableIndex = this.intern(name);
    }
    this.writer.unsigned(this.lastTableIndex);
  }

  private name(name: string): void {
    this.writer.unsigned(this.intern(name));
  }

  private intern(name: string): number {
    const { names, indexOf } = this;
    const known = indexOf === undefined ? names.indexOf(name) : (indexOf.get(name) ?? -1);
    if (known >= 0) return known;
    this.checkText(name);
    const index = names.length;
    names.push(name);
    if (indexOf !== undefined) indexOf.set(name, index);
    else if (names.length === fewNames) this.indexOf = new Map(names.map((text, at) => [text, at]));
    return index;
  }

  private key(key: ObjectKey): void {
    this.writer.signed(keyTypes[key.kind]);
    switch (key.kind) {
      case "null":
        break;
      case "int":
        this.int64(key.value);
        break;
      case "string":
        this.name(key.value);
        break;
      case "objectId":
        this.hex(key.value, 12);
        break;
      case "uuid":
        this.hex(key.value, 16);
        break;
      case "global":
        this.uint64(key.hi);
        this.uint64(key.lo);
        break;
    }
  }

  private payload(value: Payload): void {
    const { writer } = this;
    writer.signed(payloadTypes[value.type]);
    switch (value.type) {
      case "Null":
      case "ObjectValue":
      case "Dictionary":
      case "Erased":
      case "List":
      case "Set":
        break;
      case "Int":
        this.int64(value.value);
        break;
      case "Bool":
        writer.byte(value.value ? 1 : 0);
        break;
      case "String":
        this.text(value.value);
        break;
      case "Binary":
        writer.binary(value.value);
        break;
      case "Timestamp":
        this.timestamp(value.seconds, value.nanoseconds);
        break;
      case "Float":
        writer.float32Bits(value.bits);
        break;
      case "Double":
        writer.float64Bits(value.bits);
        break;
      case "Decimal":
        this.decimal(value.coefficient, value.exponent, value.negative);
        break;
      case "Link":
        this.name(value.table);
        this.key(value.key);
        break;
      case "ObjectId":
        this.hex(value.value, 12);
        break;
      case "Uuid":
        this.hex(value.value, 16);
        break;
    }
  }

  private timestamp(seconds: bigint, nanoseconds: number): void {
    const fits = Number.isInteger(nanoseconds) && Math.abs(nanoseconds) < 1e9;
    if (!fits || (nanoseconds > 0 && seconds < 0n) || (nanoseconds < 0 && seconds > 0n)) {
      throw new ChangesetError("TimestampOutOfRange", `${seconds} s, ${nanoseconds} ns`, this.index);
    }
    this.int64(seconds);
    this.writer.signed(nanoseconds);
  }

  private decimal(coefficient: bigint, exponent: number, negative: boolean): void {
    const fits = coefficient >= 0n && coefficient >> decimalCoefficientBits === 0n;
    if (!fits || !Number.isInteger(exponent) || exponent < -decimalExponentBias || exponent > maxDecimalExponent) {
      throw new ChangesetError("DecimalOutOfRange", `${coefficient}E${exponent}`, this.index);
    }
    this.writer.groups(coefficient);
    this.writer.signed(exponent);
    this.writer.byte(negative ? 1 : 0);
  }

  private text(value: string): void {
    this.checkText(value);
    this.writer.text(value);
  }

  private checkText(value: string): void {
    if (!value.isWellFormed()) this.fail("text with a lone surrogate");
    if (value.length <= maxStringBytes / maxBytesPerUnit) return;
    const length = utf8Length(value);
    if (length > maxStringBytes) throw new ChangesetError("StringTooLong", `string of ${length} bytes`, this.index);
  }

  private hex(value: string, bytes: number): void {
    if (!this.writer.hexText(value, bytes)) this.fail(`not ${bytes} bytes of hex`);
  }

  private int64(value: bigint): void {
    if (value !== BigInt.asIntN(64, value)) this.fail("integer beyond 64 bits");
    this.writer.integer64(value);
  }

  private uint64(value: bigint): void {
    if (value !== BigInt.asUintN(64, value)) this.fail("integer beyond 64 bits");
    this.writer.integer64(value);
  }

  private uint32(value: number): void {
    if (value !== value >>> 0) this.fail(`${value} is no unsigned 32-bit integer`);
    this.writer.unsigned(value);
  }

  private fail(what: string): never {
    throw new ChangesetError("Unencodable", what, this.index);
  }
}
