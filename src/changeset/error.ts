import { changesetErrors, type ChangesetErrorCode } from "../errors/changeset.ts";

/** Codes that the codec itself raises, each with a place in the bytes. */
export type CodecErrorCode = Exclude<ChangesetErrorCode, "InvalidReadableChangeset" | "InvalidChange" | "InvalidKeyText">;

/** The one error that decoding and encoding raise (changeset-format §10). The message may quote names from the input; do not send it to clients. */
export class ChangesetError extends Error {
  override readonly name = "ChangesetError";
  /** Stable; a key of `changesetErrors`. */
  readonly code: CodecErrorCode;
  /** What is wrong, in a few words. */
  readonly what: string;
  /** Decoding: offset of the faulty item in the changeset's bytes. Encoding: index of the instruction. */
  readonly offset: number;

  constructor(code: CodecErrorCode, what: string, offset: number) {
    super(`${code} at ${offset}: ${what}`);
    this.code = code;
    this.what = what;
    this.offset = offset;
  }

  /** The sync protocol's error number. */
  get status(): number {
    return changesetErrors[this.code].status;
  }
}
