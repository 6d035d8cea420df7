import { ByteReader } from "../changeset/byte-reader.ts";
import { sameValue } from "../changeset/equality.ts";
import type { Instruction, ObjectKey, Payload } from "../changeset/model.ts";
import { internOpcode } from "../changeset/wire.ts";

/**
 * Where the reference would keep the texts of a changeset: in one buffer that gathers, in the order of the bytes, every interned string
 * and every String or Binary payload. Its comparison of two erased set elements looks at these places (merge-rules §10, Q3).
 */
export interface PayloadLayout {
  /** Index of each interned string. */
  readonly names: ReadonlyMap<string, number>;
  /** For each instruction where its String or Binary payload stands in the buffer, −1 if it has none. */
  readonly offsets: readonly number[];
}

/** The layout of a changeset, from its bytes and what they were decoded to. */
export function payloadLayout(bytes: Uint8Array, instructions: readonly Instruction[]): PayloadLayout {
  return new LayoutWalk(bytes).run(instructions);
}

/** Whether the reference takes the two payloads for the same element, each in the layout of its own changeset. */
export function sameStoredPayload(
  a: Payload,
  aLayout: PayloadLayout,
  aIndex: number,
  b: Payload,
  bLayout: PayloadLayout,
  bIndex: number,
): boolean {
  if ((a.type === "String" && b.type === "String") || (a.type === "Binary" && b.type === "Binary")) {
    return aLayout.offsets[aIndex] === bLayout.offsets[bIndex] && byteLength(a.value) === byteLength(b.value);
  }
  if (a.type === "Link" && b.type === "Link") {
    if (aLayout.names.get(a.table) !== bLayout.names.get(b.table)) return false;
    if (a.key.kind === "string" && b.key.kind === "string") return aLayout.names.get(a.key.value) === bLayout.names.get(b.key.value);
    return a.key.text === b.key.text;
  }
  return sameValue(a, b);
}

const utf8 = new TextEncoder();
const byteLength = (value: string | Uint8Array): number => (typeof value === "string" ? utf8.encode(value).length : value.length);

/** Steps over the records of bytes that are known to be well formed; the decoded instructions tell how long each one is. */
class LayoutWalk {
  private readonly reader: ByteReader;
  private readonly names = new Map<string, number>();
  private readonly offsets: number[] = [];
  private bufferLength = 0;

  constructor(bytes: Uint8Array) {
    this.reader = new ByteReader(bytes);
  }

  run(instructions: readonly Instruction[]): PayloadLayout {
    for (const instruction of instructions) {
      while (this.skipInteger() === internOpcode) this.definition();
      this.skipIntegers(1);
      this.offsets.push(this.instruction(instruction));
    }
    // Definitions behind the last instruction move nothing that is compared.
    return { names: this.names, offsets: this.offsets };
  }

  private definition(): void {
    const index = this.reader.uint32();
    const start = this.reader.position;
    const length = this.reader.size();
    this.reader.position = start;
    this.names.set(this.reader.text(), index);
    this.bufferLength += length;
  }

  /** Steps over everything behind opcode and class; returns the place of the payload. */
  private instruction(instruction: Instruction): number {
    switch (instruction.kind) {
      case "AddTable":
        this.skipIntegers(instruction.tableType === "Embedded" ? 1 : 4);
        return -1;
      case "EraseTable":
        return -1;
      case "CreateObject":
      case "EraseObject":
        this.key(instruction.key);
        return -1;
      case "AddColumn":
        this.skipIntegers(4 + (instruction.type === "Link" ? 1 : 0) + (instruction.collection === "Dictionary" ? 1 : 0));
        return -1;
      case "EraseColumn":
        this.skipIntegers(1);
        return -1;
      case "Update":
      case "AddInteger":
      case "ArrayInsert":
      case "ArrayMove":
      case "ArrayErase":
      case "Clear":
      case "SetInsert":
      case "SetErase":
        break;
    }
    this.key(instruction.key);
    this.skipIntegers(2);
    for (const element of instruction.path) this.skipIntegers(typeof element === "string" ? 2 : 1);
    switch (instruction.kind) {
      case "Update":
      case "ArrayInsert": {
        const offset = this.payload(instruction.value);
        this.skipIntegers(1);
        return offset;
      }
      case "SetInsert":
      case "SetErase":
        return this.payload(instruction.value);
      case "AddInteger":
      case "ArrayErase":
      case "Clear":
        this.skipIntegers(1);
        return -1;
      case "ArrayMove":
        this.skipIntegers(2);
        return -1;
    }
  }

  private key(key: ObjectKey): void {
    this.skipIntegers(1);
    switch (key.kind) {
      case "null":
        return;
      case "int":
      case "string":
        return this.skipIntegers(1);
      case "objectId":
        return this.skipBytes(12);
      case "uuid":
        return this.skipBytes(16);
      case "global":
        return this.skipIntegers(2);
    }
  }

  private payload(payload: Payload): number {
    this.skipIntegers(1);
    switch (payload.type) {
      case "Null":
      case "ObjectValue":
      case "Dictionary":
      case "Erased":
      case "List":
      case "Set":
        return -1;
      case "Int":
      case "Bool":
        this.skipIntegers(1);
        return -1;
      case "Timestamp":
        this.skipIntegers(2);
        return -1;
      case "Decimal":
        this.skipIntegers(3);
        return -1;
      case "Float":
        this.skipBytes(4);
        return -1;
      case "Double":
        this.skipBytes(8);
        return -1;
      case "ObjectId":
        this.skipBytes(12);
        return -1;
      case "Uuid":
        this.skipBytes(16);
        return -1;
      case "Link":
        this.skipIntegers(1);
        this.key(payload.key);
        return -1;
      case "String":
      case "Binary": {
        const offset = this.bufferLength;
        const length = this.reader.size();
        this.skipBytes(length);
        this.bufferLength += length;
        return offset;
      }
    }
  }

  private skipBytes(count: number): void {
    this.reader.position += count;
  }

  /** Steps over integers of any width: the last byte of each is below 0x80. */
  private skipIntegers(count: number): void {
    for (let skipped = 0; skipped < count; skipped++) this.skipInteger();
  }

  /** Steps over an integer and returns its last byte, which is all of it for opcodes. */
  private skipInteger(): number {
    const { reader } = this;
    while (reader.bytes[reader.position]! >= 0x80) reader.position++;
    return reader.bytes[reader.position++]!;
  }
}
