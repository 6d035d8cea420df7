import { FieldReader } from "./field-reader.ts";
import { ProtocolError } from "./protocol-error.ts";

const lineFeed = 0x0a;
/** The longest head has 13 fields; this leaves room for each to be padded with zeros. */
const longestHead = 512;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 to text; anything else is a `badBody`. */
export const decodeText = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ProtocolError("badBody", "a text is not UTF-8");
  }
};

/** JSON to a value of unknown shape. */
const decodeJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError("badBody", "a body is not JSON");
  }
};

/** JSON that must be an object. */
export const decodeJsonObject = (text: string): Readonly<Record<string, unknown>> => {
  const value = decodeJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError("badBody", "a body is not a JSON object");
  }
  return value as Readonly<Record<string, unknown>>;
};

/** One frame: its head, read field by field, and then its body, whose parts must use up the frame exactly (F2, F4). */
export class FrameReader extends FieldReader {
  constructor(frame: Uint8Array, limit: number) {
    if (frame.length > limit) throw new ProtocolError("limitExceeded", `a frame of ${frame.length} bytes; ${limit} are allowed`);
    super(frame, 0, headEnd(frame), "badHead");
  }

  /** The rest of the frame, which must have exactly this many bytes: a view, not a copy. */
  body(size: number): Uint8Array {
    const rest = this.bytes.length - this.end;
    if (rest !== size) throw new ProtocolError("sizeMismatch", `a body of ${size} bytes announced, ${rest} found`);
    return this.bytes.subarray(this.end);
  }

  noBody(): void {
    this.body(0);
  }

  /** A body that is one text of at most `limit` bytes. */
  text(size: number, limit: number): string {
    return decodeText(this.#limited(size, limit));
  }

  /** A body that is one JSON object of at most `limit` bytes. */
  jsonObject(size: number, limit: number): Readonly<Record<string, unknown>> {
    return decodeJsonObject(this.text(size, limit));
  }

  #limited(size: number, limit: number): Uint8Array {
    if (size > limit) throw new ProtocolError("limitExceeded", `a text of ${size} bytes; ${limit} are allowed`);
    return this.body(size);
  }
}

const headEnd = (frame: Uint8Array): number => {
  const limit = Math.min(frame.length, longestHead);
  for (let at = 0; at < limit; at++) {
    if (frame[at] === lineFeed) return at + 1;
  }
  if (frame.length > longestHead) throw new ProtocolError("limitExceeded", `no line feed within ${longestHead} bytes`);
  throw new ProtocolError("badHead", "no line feed");
};
