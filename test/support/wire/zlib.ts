import { deflateSync, inflateSync } from "node:zlib";
import type { Zlib } from "../../../src/protocol/wire.ts";

/** Node's zlib behind the protocol's port. */
export const nodeZlib: Zlib = {
  deflate: (bytes, level) => deflateSync(bytes, { level }),
  inflate(bytes, expectedSize) {
    // At least 1: Node takes no bound of 0. A byte too many is caught by whoever asked for the size.
    const { buffer, engine } = inflateSync(bytes, { maxOutputLength: Math.max(expectedSize, 1), info: true });
    if (engine.bytesWritten !== bytes.length) throw new Error("bytes follow the end of the stream");
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  },
};
