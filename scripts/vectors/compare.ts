import { decodeChangeset } from "../../src/changeset/decode.ts";
import { bytesOfHex } from "../../src/changeset/hex.ts";
import type { Instruction } from "../../src/changeset/model.ts";
import { readableInstruction } from "../../src/changeset/readable/write.ts";

/** Bytes of a line's hex; throws when a file holds none. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = bytesOfHex(hex);
  if (bytes === undefined) throw new Error(`not hex: ${hex.slice(0, 40)}`);
  return bytes;
}

export const decodeHex = (hex: string): Instruction[] => decodeChangeset(bytesOf(hex));

/** Each instruction as one line of JSON: exact, since the readable form keeps every bit. */
export const linesOfInstructions = (instructions: readonly Instruction[]): string[] =>
  instructions.map((instruction) => JSON.stringify(readableInstruction(instruction)));

/** Empty when both hold the same instructions, else what differs, instruction by instruction. */
export function differences(title: string, expected: readonly Instruction[], actual: readonly Instruction[]): string[] {
  const left = linesOfInstructions(expected);
  const right = linesOfInstructions(actual);
  if (left.length === right.length && left.every((line, index) => line === right[index])) return [];
  const report = [`${title}: ${left.length} instructions expected, ${right.length} found`];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    if (left[index] === right[index]) continue;
    report.push(`  [${index}] expected ${left[index] ?? "nothing"}`, `  [${index}] found    ${right[index] ?? "nothing"}`);
  }
  return report;
}

/** JSON text with the members of every object in one order. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
