import { z } from "zod";
import { decodeChangeset } from "../../src/changeset/decode.ts";
import { encodeChangeset } from "../../src/changeset/encode.ts";
import { ChangesetError, type CodecErrorCode } from "../../src/changeset/error.ts";
import type { Instruction } from "../../src/changeset/model.ts";
import { parseReadable } from "../../src/changeset/readable/parse.ts";
import { readableChangeset } from "../../src/changeset/readable/write.ts";
import { bytesOf, canonicalJson, decodeHex, differences } from "./compare.ts";
import { failed, type Outcome, passed, passedAs } from "./outcome.ts";

/** Well-formed bytes: what they mean, and what the reference writes for it. */
export const codecLine = z.object({ kind: z.literal("codec"), hex: z.string(), instructions: z.unknown(), reencoded: z.string() });
/** Bytes of doubtful form: the reference's error, or what it made of them. */
export const decodeErrorLine = z.object({
  kind: z.literal("decode_error"),
  hex: z.string(),
  error: z.unknown(),
  instructions: z.unknown().optional(),
  reencoded: z.string().optional(),
});
/** The smaller hand-picked cases. */
export const rulesCodecLine = z.union([
  z.object({ note: z.string(), hex: z.string(), ok: z.literal(true), canonical: z.string(), instructions: z.number() }),
  z.object({ note: z.string(), hex: z.string(), ok: z.literal(false), error: z.string() }),
]);

/** The leniencies of the reference that the decoder refuses (changeset-format §10), by the error it refuses them with. */
const leniencies: ReadonlySet<CodecErrorCode> = new Set<CodecErrorCode>([
  "UnknownInstruction",
  "UnsupportedPayloadType",
  "UnsupportedColumnType",
  "IntegerOutOfRange",
  "InvalidPathElement",
  "TimestampOutOfRange",
  "DecimalOutOfRange",
  "InvalidText",
]);

type Decoded = { readonly instructions: Instruction[] } | { readonly refusal: ChangesetError };

function decode(hex: string): Decoded {
  try {
    return { instructions: decodeChangeset(bytesOf(hex)) };
  } catch (error) {
    if (error instanceof ChangesetError) return { refusal: error };
    throw error;
  }
}

function roundTrip(instructions: readonly Instruction[], reencoded: string): string[] {
  return [
    ...differences("reference's re-encoding", decodeHex(reencoded), instructions),
    ...differences("own re-encoding", instructions, decodeChangeset(encodeChangeset(instructions))),
  ];
}

function readableBothWays(instructions: readonly Instruction[], json: unknown): string[] {
  const written = canonicalJson(readableChangeset(instructions));
  const given = canonicalJson(json);
  return [
    ...(written === given ? [] : [`readable form expected ${given}`, `readable form found    ${written}`]),
    ...differences("readable form read back", instructions, parseReadable(json)),
  ];
}

const verdict = (what: readonly string[]): Outcome => (what.length === 0 ? passed : failed(...what));

export function checkCodec(line: z.infer<typeof codecLine>): Outcome {
  const decoded = decode(line.hex);
  if ("refusal" in decoded) return failed(`refused: ${decoded.refusal.message}`);
  return verdict([...roundTrip(decoded.instructions, line.reencoded), ...readableBothWays(decoded.instructions, line.instructions)]);
}

function accepted(decoded: Decoded, check: (instructions: readonly Instruction[]) => readonly string[]): Outcome {
  if ("instructions" in decoded) return verdict(check(decoded.instructions));
  const { refusal } = decoded;
  return leniencies.has(refusal.code)
    ? passedAs(`refused where the reference is lenient: ${refusal.code}`)
    : failed(`refused: ${refusal.message}`);
}

export function checkDecodeError(line: z.infer<typeof decodeErrorLine>): Outcome {
  const decoded = decode(line.hex);
  if (line.error !== null) {
    return "refusal" in decoded
      ? passed
      : failed("accepted, where the reference refuses", ...differences("decoded", [], decoded.instructions));
  }
  return accepted(decoded, (instructions) => [
    ...roundTrip(instructions, line.reencoded ?? ""),
    ...readableBothWays(instructions, line.instructions),
  ]);
}

export function checkRulesCodec(line: z.infer<typeof rulesCodecLine>): Outcome {
  const decoded = decode(line.hex);
  if (!line.ok) return "refusal" in decoded ? passed : failed(`accepted, where the reference says: ${line.error}`);
  return accepted(decoded, (instructions) => [
    ...roundTrip(instructions, line.canonical),
    ...(instructions.length === line.instructions ? [] : [`${line.instructions} instructions expected, ${instructions.length} found`]),
  ]);
}
