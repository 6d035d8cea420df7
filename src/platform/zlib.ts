import { deflateSync, inflateSync } from "node:zlib";
import type { Zlib } from "../protocol/wire.ts";

/** What `info: true` makes of the result; the platform's types leave it out. */
interface Inflated {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: how much of the input the stream used. */
  readonly engine: { readonly bytesWritten: number };
}

/** The platform's own zlib, which is native and synchronous. */
export const zlib: Zlib = {
  deflate: (bytes, level) => deflateSync(bytes, { level }),
  inflate: (bytes, expectedSize) => {
    const result: unknown = inflateSync(bytes, { maxOutputLength: Math.max(expectedSize, 1), info: true });
    const { buffer, engine } = result as Inflated;
    if (engine.bytesWritten !== bytes.length) throw new RangeError("bytes follow the zlib stream");
    return buffer;
  },
};
