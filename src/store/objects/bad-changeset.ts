import type { Instruction, InstructionKind, Path } from "../../changeset/model.ts";
import { objectErrors, type ObjectErrorCode } from "../../errors/objects.ts";

/** Thrown where a rule is broken; `ObjectState.apply` adds which instruction it was. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ObjectErrorCode;

  constructor(code: ObjectErrorCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** A changeset that cannot be applied to the state (merge-rules §7). The state is as it was before the changeset. */
export class BadChangesetError extends Error {
  override readonly name = "BadChangesetError";
  /** Which rule was broken; key of the catalogue's family `objectErrors`. */
  readonly code: ObjectErrorCode;
  /** Position of the instruction in the changeset, from 0. */
  readonly instructionIndex: number;
  readonly instruction: InstructionKind;
  readonly table: string;
  /** Canonical text of the object's key, where the instruction has one. */
  readonly key: string | undefined;
  readonly field: string | undefined;
  readonly path: Path;
  /** For the operator. */
  readonly explanation: string;

  constructor(refusal: Refusal, instructionIndex: number, instruction: Instruction) {
    super(`${instruction.kind} (instruction ${instructionIndex}) on ${placeOf(instruction)}: ${refusal.message}`, { cause: refusal });
    this.code = refusal.code;
    this.instructionIndex = instructionIndex;
    this.instruction = instruction.kind;
    this.table = instruction.table;
    this.key = "key" in instruction ? instruction.key.text : undefined;
    this.field = "field" in instruction ? instruction.field : undefined;
    this.path = "path" in instruction ? instruction.path : [];
    this.explanation = objectErrors[refusal.code].explanation;
  }

  /** The sync protocol's error number. */
  get status(): number {
    return objectErrors[this.code].status;
  }
}

/** `Class[key].field[0].name`, for messages: long keys are cut. */
const placeOf = (instruction: Instruction): string => {
  const key = "key" in instruction ? `[${shortened(instruction.key.text)}]` : "";
  const field = "field" in instruction ? `.${shortened(instruction.field)}` : "";
  const path =
    "path" in instruction
      ? instruction.path.map((element) => (typeof element === "number" ? `[${element}]` : `.${shortened(element)}`))
      : [];
  return `${shortened(instruction.table)}${key}${field}${path.slice(0, 12).join("")}`;
};

const shortened = (text: string): string => (text.length <= 64 ? text : `${text.slice(0, 61)}...`);
